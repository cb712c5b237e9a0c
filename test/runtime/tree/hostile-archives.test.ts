import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { pathBytes, pathText } from '../../../lib/domain/backup/path-text.ts';
import { Failure } from '../../../lib/domain/outcomes.ts';
import { limitOf } from '../../../lib/domain/restore/archive-limit.ts';
import { OUTSIDE_LINKS, type OutsideLinks } from '../../../lib/domain/restore/outside-link.ts';
import { type ExtractedTree, extractTree } from '../../../lib/runtime/tree/extract-tree.ts';
import { TreeReader } from '../../../lib/runtime/tree/tree-reader.ts';
import { type HostileArchive, hostileArchives } from '../../support/hostile-archives.ts';
import { extracted, inPieces } from '../../support/restored-tree.ts';
import { scratchFolderUntilEnd } from '../../support/scratch-folder.ts';
import { octal, TAR_END, tarData, tarHeader } from '../../support/tar-bytes.ts';
import { plant } from '../../support/tree-rig.ts';

const guard = scratchFolderUntilEnd();
const place = join(guard, 'place');
const restored = join(place, 'restored');
const corpus = hostileArchives(guard);
const families = [...new Set(corpus.map(({ family }) => family))];

plant(guard, { 'outside/secret': 'secret', 'outside/d/secret': 'secret', 'place/': '' });
symlinkSync('outside', join(guard, 'link'));

/** Every fact of what lies below a folder, hard links, times and rights included; names as bytes. */
function factsOf(folder: string): ReadonlyMap<string, string> {
  const facts = new Map<string, string>();
  const look = (path: Buffer) => {
    const s = lstatSync(path, { bigint: true });
    const holds = s.isFile()
      ? createHash('sha256').update(readFileSync(path)).digest('hex')
      : s.isSymbolicLink()
        ? readlinkSync(path)
        : '';
    facts.set(pathText(path), `${s.ino} ${s.mode.toString(8)} ${s.nlink} ${s.size} ${s.mtimeNs} ${s.ctimeNs} ${holds}`);
    if (s.isDirectory()) for (const name of readdirSync(path, 'buffer')) look(Buffer.concat([path, Buffer.from('/'), name]));
  };
  look(Buffer.from(folder));
  return facts;
}

/** What came of a hostile archive. */
interface Tried {
  readonly result?: ExtractedTree;
  readonly reason?: string;
  /** Bytes that were written to files, or those of the files that were made to end with a hole. */
  readonly written: number;
}

async function attempt({ stored, method, limit }: HostileArchive, outsideLinks: OutsideLinks): Promise<Tried> {
  spied.clear();
  const signal = new AbortController().signal;
  const options = { source: inPieces(stored), method, limit, signal, destination: restored, name: 'test', outsideLinks };
  try {
    return { result: await extractTree(options), written: spied.most() };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { reason: error.reason, written: spied.most() };
  }
}

/** Everything restored that must not be there: devices, pipes, rights that lend rights, and links that lead out where they are not kept. */
function foundIn(folder: string, outsideLinks: OutsideLinks): readonly string[] {
  const wrong: string[] = [];
  for (const path of factsOf(folder).keys()) {
    const s = lstatSync(pathBytes(path));
    if (!s.isFile() && !s.isDirectory() && !s.isSymbolicLink()) wrong.push(`${path} is no file, folder or link`);
    if ((s.mode & 0o7000) !== 0) wrong.push(`${path} has more than plain rights`);
    if (s.isSymbolicLink() && outsideLinks !== 'keep' && leadsOut(path)) wrong.push(`${path} leads outside`);
  }
  return wrong;
}

function leadsOut(link: string): boolean {
  if (readlinkSync(link).startsWith('/')) return true;
  try {
    return !`${realpathSync(link)}/`.startsWith(`${realpathSync(restored)}/`);
  } catch {
    return false;
  }
}

/** Every write to a file, and every file that was made to end with a hole. */
let spied: { readonly clear: () => void; readonly most: () => number };
beforeAll(async () => {
  const handle = await open(join(guard, 'link', 'secret'));
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const [write, truncate] = [vi.spyOn(prototype, 'write'), vi.spyOn(prototype, 'truncate')];
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  spied = {
    clear: () => {
      write.mockClear();
      truncate.mockClear();
    },
    most: () => {
      const written = write.mock.settledResults.map(
        ({ value }) => (value as { readonly bytesWritten?: number }).bytesWritten ?? 0,
      );
      return Math.max(sum(written), sum(truncate.mock.calls.map(([length = 0]) => length)));
    },
  };
  return () => vi.restoreAllMocks();
});

it('are hundreds, of every family', () => {
  expect(corpus.length).toBeGreaterThanOrEqual(700);
  expect(new Set(corpus.map(({ family, name }) => `${family}: ${name}`)).size).toBe(corpus.length);
});

afterEach(() => rmSync(restored, { recursive: true, force: true }));

describe.each(OUTSIDE_LINKS)('with links that lead outside: %s', (outsideLinks) => {
  it.each(families)('nothing but the destination is touched, and that is absent or right: %s', async (family) => {
    const before = factsOf(join(guard, 'outside'));
    const wrong: string[] = [];
    for (const archive of corpus.filter((one) => one.family === family)) {
      const tried = await attempt(archive, outsideLinks);
      const outcomeMatters = outsideLinks === 'refuse' || !family.startsWith('link');
      const found = [...touched(before), ...misplaced(tried), ...overLimit(archive, tried)];
      if (tried.result) found.push(...foundIn(restored, outsideLinks));
      if (outcomeMatters) found.push(...otherwise(archive, tried));
      wrong.push(...found.map((what) => `${archive.name}: ${what}`));
      rmSync(restored, { recursive: true, force: true });
    }
    expect(wrong).toEqual([]);
  });
});

const touched = (before: ReadonlyMap<string, string>): readonly string[] =>
  isDeepStrictEqual(factsOf(join(guard, 'outside')), before) && !existsSync('/pwned') ? [] : ['what lies outside was touched'];

function misplaced({ result }: Tried): readonly string[] {
  const expected = { guard: ['link', 'outside', 'place'], place: result ? ['restored'] : [] };
  const found = { guard: readdirSync(guard).toSorted(), place: readdirSync(place) };
  return isDeepStrictEqual(found, expected) ? [] : [`there are ${JSON.stringify(found)}`];
}

function overLimit({ limit }: HostileArchive, { result, written }: Tried): readonly string[] {
  const tarBytes = result?.contents.tar.bytes ?? 0;
  if (written <= limit.fileBytes && tarBytes <= limit.tarBytes) return [];
  return [`${written} bytes were written, of ${limit.fileBytes} that may be`];
}

/** Whether something else became of it than should. */
function otherwise({ outcome }: HostileArchive, { result, reason = 'nothing' }: Tried): readonly string[] {
  if ('refused' in outcome) return outcome.refused.some((one) => one === reason) ? [] : [`refused for ${reason}`];
  if (!result) return [`refused for ${reason}, and is harmless`];
  return Object.entries(outcome.holds).flatMap(([path, content]) => {
    const at = Buffer.concat([Buffer.from(`${restored}/`), pathBytes(path)]);
    const found = path.endsWith('/') ? lstatSync(at).isDirectory() && '' : readFileSync(at, 'utf8');
    return found === content ? [] : [`${path} holds ${JSON.stringify(found)}`];
  });
}

describe('an archive that is not the one that was sent', () => {
  const tar = Buffer.concat([
    tarHeader({ name: 'd/', type: '5' }),
    tarHeader({ name: 'd/x', size: octal(4) }),
    tarData('good'),
    tarHeader({ name: 'l', type: '2', link: 'd' }),
    TAR_END,
  ]);
  const reader = new TreeReader();
  void reader.take(tar);
  const sent = reader.finish();
  const hash = 'f'.repeat(64);
  const none = { count: 0, sha256: hash };

  it.each([
    ['members', { members: { ...sent.members, count: 2 } }],
    ['members', { members: { ...sent.members, count: 4 } }],
    ['list', { members: { ...sent.members, sha256: hash } }],
    ['files', { files: 2 }],
    ['directories', { directories: 0 }],
    ['links', { links: 0 }],
    ['others', { others: 1 }],
    ['bytes', { bytes: 3 }],
    ['bytes', { bytes: 5 }],
    ['tar', { tar: { ...sent.tar, bytes: sent.tar.bytes - 1 } }],
    ['tar', { tar: { ...sent.tar, bytes: sent.tar.bytes + 512 } }],
    ['tar', { tar: { ...sent.tar, sha256: hash } }],
    ['all', { members: none, files: 0, directories: 0, links: 0, bytes: 0, tar: { bytes: 0, sha256: hash } }],
  ])('in its %s is not put in place', async (_, difference) => {
    const contents = { ...sent, ...difference };
    const attempted = extracted({ stored: gzipSync(tar), contents }, restored, { limit: limitOf(contents) });
    await expect(attempted).rejects.toEqual(expect.objectContaining({ reason: expect.toBeOneOf(['damaged', 'unsafe-archive']) }));
    expect(readdirSync(place)).toEqual([]);
  });
});

describe('an archive that meets what another one left', () => {
  const file = Buffer.concat([tarHeader({ name: 'd/x', size: octal(4) }), tarData('evil'), TAR_END]);
  const limit = { tarBytes: 10_000, fileBytes: 100, members: 10 };

  it('does not write through its links: two archives, one after the other (CVE-2025-45582)', async () => {
    const before = factsOf(join(guard, 'outside'));
    mkdirSync(restored);
    symlinkSync('../../outside', join(restored, 'd'));
    const second = { stored: gzipSync(file), method: 'gzip', limit } as HostileArchive;
    expect((await attempt(second, 'keep')).reason).toBe('target');
    const options = { source: inPieces(gzipSync(file)), method: 'gzip', limit, destination: restored, name: 'test' } as const;
    await extractTree({ ...options, signal: new AbortController().signal, replace: true });
    expect(readFileSync(join(restored, 'd/x'), 'utf8')).toBe('evil');
    expect(factsOf(join(guard, 'outside'))).toEqual(before);
    rmSync(place, { recursive: true });
  });
});
