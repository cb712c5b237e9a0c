import { beforeAll, expect, it } from 'vitest';
import { verify } from '../../../functions/verify/verify.ts';
import { manifestKey, planKey } from '../../../lib/domain/backup/keys.ts';
import { Failure } from '../../../lib/domain/outcomes.ts';
import { listArchive } from '../../../lib/runtime/pg-restore-list.ts';
import { lookOnce } from '../../../lib/runtime/verify/deep-verify.ts';
import { type Corpus, makeCorpus } from '../../support/corpus-backups.ts';
import { DAMAGE_KINDS } from '../../support/damage-case.ts';
import { type Look, runDamage, runIntact } from '../../support/damage-corpus.ts';
import { scratchFolderUntilEnd } from '../../support/scratch-folder.ts';

const LIMIT = { timeout: 240_000 };
const FORMATS = [
  'dump gzip',
  'dump zstd',
  'dump lz4',
  'dump none',
  'dump zstd, encrypted',
  'globals',
  'globals, encrypted',
  'tree gzip',
  'tree zstd',
  'tree gzip, encrypted',
  'dated folder gzip',
];

const folder = scratchFolderUntilEnd();
let corpus: Corpus;

beforeAll(async () => {
  corpus = await makeCorpus(folder, 2);
}, LIMIT.timeout);

it('refuses none of 300 intact backups, in whatever pieces their bytes come', LIMIT, async () => {
  expect(await runIntact(corpus, 300)).toEqual([]);
});

it('finds each of 3,000 damaged backups, also where size and hashes were made to agree', LIMIT, async () => {
  const { missed, found, harmless, definitionsOnly, by } = await runDamage(corpus, { firstSeed: 1, cases: 3000 });
  expect(missed).toEqual([]);
  expect(found + harmless + definitionsOnly).toBe(3000);
  // those are bits that no reader looks at: padding, comments, names of a machine
  expect(harmless + definitionsOnly).toBeLessThan(60);
  const seen = (part: 0 | 1 | 2) => new Set(Object.keys(by).map((name) => name.split(' | ')[part]));
  expect(seen(0)).toEqual(new Set(DAMAGE_KINDS));
  expect(seen(1)).toEqual(new Set(FORMATS));
  expect(seen(2)).toEqual(new Set(['nothing', 'store', 'records']));
});

/** Without a client nobody can decode a dump. */
const hashesOnly: Look = async ({ backup, vault }) =>
  (await lookOnce(backup.key, { vault, clients: [], signal: new AbortController().signal })).result;

it('would miss them by hashes alone where those were made to agree: it is the contents that tell', LIMIT, async () => {
  const { missed } = await runDamage(corpus, {
    firstSeed: 1,
    cases: 20,
    look: hashesOnly,
    only: ({ concealed, backup }) => concealed === 'records' && backup.format.startsWith('dump'),
  });
  expect(missed.length).toBeGreaterThan(10);
});

/** The step of the night, before there is a manifest. */
const verifyStep: Look = async ({ backup, vault }, { client }) => {
  await vault.remove([manifestKey(backup.key)]);
  vault.put(planKey(backup.plan), backup.plan);
  const step = verify({
    vault,
    now: () => new Date('2026-04-19T02:20:00Z'),
    lister: () => listArchive(client.pgRestore),
    readBackLimitBytes: Number.POSITIVE_INFINITY,
  });
  try {
    await step({ planKey: planKey(backup.plan), id: backup.source.id });
    return 'intact';
  } catch (error) {
    return error instanceof Failure && error.reason === 'damaged' ? 'damaged' : 'unread';
  }
};

it('lets the verify step of the night find 300 of 300, where nobody made the receipts agree', LIMIT, async () => {
  const { missed, found } = await runDamage(corpus, {
    firstSeed: 50_000,
    cases: 300,
    look: verifyStep,
    only: ({ kind, concealed, backup: { manifest } }) =>
      concealed !== 'records' && !kind.startsWith('manifest') && kind !== 'object gone' && manifest.copiedFrom === undefined,
  });
  expect(missed).toEqual([]);
  expect(found).toBe(300);
});
