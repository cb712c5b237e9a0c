import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ArtifactFormat,
  type ArtifactName,
  artifactKey,
  artifactPrefix,
  damagedKey,
  foundKey,
  jobsKey,
  manifestKey,
  membersKey,
  membersPrefix,
  outcomeKey,
  parseArtifactKey,
  planKey,
  retentionKey,
  runFolder,
  runRecordKey,
  stemOf,
  tryKey,
} from '../../../lib/domain/backup/keys.ts';
import { TIERS } from '../../../lib/domain/backup/tiers.ts';
import { artifactKeyOf } from '../../../lib/domain/source/artifact-of.ts';
import { isSourceId } from '../../../lib/domain/source/source-id.ts';
import { parseSlot, type Slot, slotOf } from '../../../lib/domain/time/slot.ts';
import { SUNDAY, sourceOf } from '../../support/night.ts';
import { configFilesOf, datedFolderOf, filesOf, globalsOf, RECIPIENT } from '../../support/sources.ts';

const FORMATS = ['dump', 'sql', 'tar.gz', 'tar.zst', 'dump.age', 'sql.age', 'tar.gz.age', 'tar.zst.age'] as const;
const SHA256 = '0123456789abcdef'.repeat(4);

/** The key that nightproof writes for what was read; that of a list carries a hash, which only the key itself knows. */
function asWritten({ part, ...name }: NonNullable<ReturnType<typeof parseArtifactKey>>, key: string): string {
  if (part === 'artifact') return artifactKey(name);
  if (part === 'manifest') return manifestKey(artifactKey(name));
  if (part === 'damaged') return damagedKey(artifactKey(name));
  const [, hash = ''] = /\.members-([0-9a-f]{16})/.exec(key) ?? [];
  return membersKey(artifactKey(name), hash);
}

const midnight = (slot: Slot): Slot => parseSlot(`${slot.slice(0, 8)}_000000`) as Slot;

const names: fc.Arbitrary<ArtifactName> = fc
  .record({
    tier: fc.constantFrom(...TIERS),
    sourceId: fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,62}$/).filter(isSourceId),
    slot: fc.date({ min: new Date('1970-01-01Z'), max: new Date('9999-12-31Z'), noInvalidDate: true }).map(slotOf),
    format: fc.constantFrom<ArtifactFormat>(...FORMATS),
  })
  .map((name) => (name.tier === 'archive' ? { ...name, slot: midnight(name.slot) } : name));

describe('the key of an artifact', () => {
  it.each<[ArtifactName, string]>([
    [{ tier: 'daily', sourceId: 'a_prod', slot: SUNDAY, format: 'dump' }, 'daily/a_prod_20260419_020000.dump'],
    [{ tier: 'weekly', sourceId: 'roles', slot: SUNDAY, format: 'sql' }, 'weekly/roles_20260419_020000.sql'],
    [{ tier: 'monthly', sourceId: 'env', slot: SUNDAY, format: 'tar.gz.age' }, 'monthly/env_20260419_020000.tar.gz.age'],
    [{ tier: 'archive', sourceId: 'rpps', slot: midnight(SUNDAY), format: 'tar.zst' }, 'archive/rpps_2026-04-19.tar.zst'],
  ])('is written as documented: %o', (name, key) => {
    expect(artifactKey(name)).toBe(key);
  });

  it('is read back into what it names, in every format and tier, and so are those of what belongs to it', () => {
    fc.assert(
      fc.property(names, (name) => {
        const key = artifactKey(name);
        expect(parseArtifactKey(key)).toEqual({ ...name, part: 'artifact' });
        expect(parseArtifactKey(manifestKey(key))).toEqual({ ...name, part: 'manifest' });
        expect(parseArtifactKey(membersKey(key, SHA256))).toEqual({ ...name, part: 'members' });
        expect(parseArtifactKey(damagedKey(key))).toEqual({ ...name, part: 'damaged' });
        expect(key).toBe(`${name.tier}/${stemOf(name)}.${name.format}`);
        expect(key.startsWith(artifactPrefix(name.tier, name.sourceId))).toBe(true);
        expect(membersKey(key, SHA256).startsWith(membersPrefix(key))).toBe(true);
      }),
    );
  });

  it('is read only where it is spelt as it would be written', () => {
    const change = fc.record({ at: fc.nat(), letter: fc.constantFrom(...Array.from('.-_/0129azA ')), drop: fc.boolean() });
    const part = fc.constantFrom(
      (key: string) => key,
      manifestKey,
      damagedKey,
      (key: string) => membersKey(key, SHA256),
    );
    fc.assert(
      fc.property(names, part, change, (name, of, { at, letter, drop }) => {
        const key = of(artifactKey(name));
        const place = at % key.length;
        const changed = key.slice(0, place) + (drop ? '' : letter) + key.slice(place + 1);
        const read = parseArtifactKey(changed);
        if (!read) return;
        expect(asWritten(read, changed)).toBe(changed);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    '',
    'daily/',
    'daily/app_20260419_020000',
    'daily/app_20260419_020000.zip',
    'daily/app_20260419_020000.age',
    'daily/app_20260419_020000.dump.age.age',
    'daily/app_20260419_020000.dump.gz',
    'daily/app_20260431_020000.dump',
    'daily/app_2026-04-19.dump',
    'archive/app_20260419_020000.tar.gz',
    'archive/app_2026-02-30.tar.gz',
    'hourly/app_20260419_020000.dump',
    'daily/App_20260419_020000.dump',
    'daily/plan_20260419_020000.dump',
    'daily/a/b_20260419_020000.dump',
    '/daily/app_20260419_020000.dump',
    'daily/app_20260419_020000.dump.manifest.json.manifest.json',
    'daily/app_20260419_020000.dump.members-0123.jsonl.gz',
    'daily/app_20260419_020000.tar.gz.members-0123456789abcdeg.jsonl.gz',
    'daily/app_20260419_020000.tar.gz.members-0123456789abcdef.jsonl.gz.age',
    'daily/app_20260419_020000.tar.gz.age.members-0123456789abcdef.jsonl.gz',
    'daily/app_20260419_020000.dump\n',
    'runs/2026/04/20260419_020000.json',
  ])('is not seen in %o', (key) => {
    expect(parseArtifactKey(key)).toBeUndefined();
  });

  it('does not meet that of a source whose id begins alike', () => {
    const key = artifactKey({ tier: 'daily', sourceId: 'app_two', slot: SUNDAY, format: 'dump' });
    expect(key.startsWith(artifactPrefix('daily', 'app'))).toBe(true);
    expect(parseArtifactKey(key)?.sourceId).toBe('app_two');
  });
});

describe('what a source makes', () => {
  it.each([
    ['a database', sourceOf('app'), 'daily/app_20260419_020000.dump'],
    ['globals', globalsOf('roles'), 'daily/roles_20260419_020000.sql'],
    ['files', filesOf('media'), 'daily/media_20260419_020000.tar.gz'],
    ['files by zstd', filesOf('media', { compression: 'zstd:3' }), 'daily/media_20260419_020000.tar.zst'],
    ['an encrypted database', { ...sourceOf('app'), recipients: [RECIPIENT] }, 'daily/app_20260419_020000.dump.age'],
    ['a configuration', configFilesOf('env'), 'daily/env_20260419_020000.tar.gz.age'],
    ['a dated folder', datedFolderOf('rpps', '2026-04-15'), 'archive/rpps_2026-04-15.tar.gz'],
  ])('lies under one key: %s', (_, source, key) => {
    expect(artifactKeyOf(source, SUNDAY)).toBe(key);
  });
});

describe('the records of a run', () => {
  const nightly = { slot: SUNDAY, attempt: 1 };
  const media = { slot: SUNDAY, attempt: 1, plan: 'media' };

  it('lie together, and those of a second attempt beside them', () => {
    expect([planKey(nightly), jobsKey({ ...nightly, attempt: 2 }), runRecordKey({ ...nightly, attempt: 2 })]).toEqual([
      'runs/2026/04/20260419_020000/plan.json',
      'runs/2026/04/20260419_020000/jobs.2.json',
      'runs/2026/04/20260419_020000.2.json',
    ]);
    expect([foundKey(nightly), foundKey(nightly, 'all'), foundKey({ ...nightly, attempt: 3 }, 'all')]).toEqual([
      'runs/2026/04/20260419_020000/found.json',
      'runs/2026/04/20260419_020000/all.found.json',
      'runs/2026/04/20260419_020000/all.found.3.json',
    ]);
  });

  it('of two plans that share an instant never meet', () => {
    const keysOf = (run: typeof nightly) => [
      runFolder(run),
      planKey(run),
      jobsKey(run),
      foundKey(run),
      outcomeKey(run, 'app'),
      retentionKey(run),
      runRecordKey(run),
    ];
    expect(planKey({ ...nightly, plan: 'nightly' })).toBe(planKey(nightly));
    expect(keysOf(media)).toContain('runs/2026/04/20260419_020000.media/plan.json');
    expect(keysOf(media).filter((key) => keysOf(nightly).includes(key))).toEqual([]);
    expect(keysOf(media).filter((key) => key.startsWith(runFolder(nightly)))).toEqual([]);
  });

  it('keep each source, whatever its id, apart from the rest', () => {
    const ids = ['a', 'app', 'app-2', 'found2', '2'];
    const keys = [
      planKey(nightly),
      jobsKey(nightly),
      foundKey(nightly),
      retentionKey(nightly),
      ...ids.flatMap((id) => [outcomeKey(nightly, id), foundKey(nightly, id), outcomeKey({ ...nightly, attempt: 2 }, id)]),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('of the tries of one source sort by their number', () => {
    const keys = [1, 2, 10, 100].map((n) => tryKey(SUNDAY, 'app', n));
    expect([...keys].sort()).toEqual(keys);
  });
});
