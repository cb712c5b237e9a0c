import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { stoodStill } from '../../../lib/domain/backup/tree-changes.ts';
import type { GnuTar } from '../../../lib/runtime/tree/gnu-tar.ts';
import type { TreeStream } from '../../../lib/runtime/tree/stream-tree.ts';
import { idle } from '../../support/processes.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';
import { stubProgram } from '../../support/stub-program.ts';
import { onDisk } from '../../support/tree-oracle.ts';
import { type Archived, archive, plant, restore, systemTar } from '../../support/tree-rig.ts';
import { archiveUnprivileged } from '../../support/unprivileged-archive.ts';

/** More than all buffers between tar and a sink that takes nothing, and nothing that a compressor could make small. */
const BIG_BYTES = 24 * 1024 ** 2;
const BIG = randomBytes(BIG_BYTES);

/** A folder whose file `big` tar has begun to read and cannot finish. */
function folderWithBig(files: Readonly<Record<string, string>> = {}): string {
  const folder = scratchFolder();
  plant(folder, { ...files, 'folder/big': BIG, 'folder/later': 'later' });
  return folder;
}

/** A program that is called instead of tar, and can call it. */
async function stub(shell: string): Promise<GnuTar> {
  const { program, version } = await systemTar();
  const folder = scratchFolder();
  stubProgram(folder, 'tar', `PATH=/usr/bin:/bin\n${shell.replaceAll('TAR', `${program} "$@"`)}`);
  return { program: join(folder, 'tar'), version };
}

/** As `archiveWhile`, but does it only when tar was given the name of this file too. */
async function archiveWhileGiven(folder: string, last: string, act: () => void, options: Partial<TreeStream> = {}) {
  const names = join(scratchFolder(), 'names');
  const tar = await stub(`tee '${names}' | TAR`);
  const given = async () => {
    await vi.waitFor(() => expect(readFileSync(names, 'utf8').split('\0')).toContain(last), { timeout: 30_000 });
    act();
  };
  return archiveWhile(folder, given, { ...options, tar });
}

/** Archives the folder and does something to it while tar is in the middle of `big`. */
async function archiveWhile(folder: string, act: (tar: number) => void | Promise<void>, options: Partial<TreeStream> = {}) {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let tar = 0;
  const archived = archive(folder, {
    compression: 'zstd:1',
    ...options,
    streamed: (_, pid) => {
      tar = pid ?? 0;
    },
    sink: async () => {
      reached.resolve();
      await released.promise;
    },
  });
  archived.catch(() => reached.resolve());
  await reached.promise;
  try {
    await act(tar);
  } finally {
    released.resolve();
  }
  return archived;
}

const failure = (reason: string, message: string) =>
  expect.objectContaining({ reason, message: expect.stringContaining(message) });
const named = (...paths: string[]) => ({ count: paths.length, paths });
/** Short of the archive itself, which would take minutes to be printed in a failed assertion. */
const ended = (archived: Promise<Archived>): Promise<number> => archived.then(({ exitCode }) => exitCode);
const pathsOf = ({ list }: Archived): readonly string[] => list.map(({ path }) => path);

describe('a file that is written to while it is read', () => {
  it('is named when it grew, and holds what was there before', async () => {
    const folder = folderWithBig();
    const archived = await archiveWhile(folder, () => appendFileSync(join(folder, 'folder/big'), 'more'));
    expect(archived.changes).toEqual({ changed: named('folder/big'), vanished: named(), folders: named() });
    expect(archived.warnings).toEqual(['1 file changed while read: "folder/big"']);
    expect(archived.exitCode).toBe(1);
    expect(archived.list).toContainEqual(expect.objectContaining({ path: 'folder/big', bytes: BIG_BYTES }));
  });

  it('is named when it shrank; its end is zeros, and the archive stays readable', async () => {
    const folder = folderWithBig();
    const archived = await archiveWhile(folder, () => truncateSync(join(folder, 'folder/big'), 1000), {
      compression: 'gzip:1',
    });
    expect(archived).toMatchObject({ exitCode: 1, changes: { changed: named('folder/big'), vanished: named() } });
    const restored = await restore(archived.stored, join(scratchFolder(), 'restored'));
    const sizes = (await onDisk(restored))
      .filter(({ type }) => type === 'file')
      .map((member) => 'bytes' in member && member.bytes);
    expect(sizes).toEqual([BIG_BYTES, 5]);
    expect((await onDisk(restored)).map(({ path }) => path)).toEqual(pathsOf(archived));
  });

  it('is named when it was overwritten, though its size and time are what they were', async () => {
    const folder = folderWithBig();
    const big = join(folder, 'folder/big');
    const { atime, mtime } = statSync(big);
    const archived = await archiveWhile(folder, () => {
      const file = openSync(big, 'r+');
      writeSync(file, 'other', BIG_BYTES - 5);
      closeSync(file);
      utimesSync(big, atime, mtime);
    });
    expect(archived.changes).toEqual({ changed: named('folder/big'), vanished: named(), folders: named() });
  });

  it('is named when another took its place', async () => {
    const folder = folderWithBig({ 'new-big': 'new' });
    const archived = await archiveWhile(folder, () => renameSync(join(folder, 'new-big'), join(folder, 'folder/big')));
    expect(archived.changes).toEqual({ changed: named('folder/big'), vanished: named('new-big'), folders: named('folder', '.') });
  });

  it('is not named when tar came to it only afterwards', async () => {
    const folder = folderWithBig();
    const archived = await archiveWhile(folder, () => writeFileSync(join(folder, 'folder/later'), 'written since'));
    expect(archived).toMatchObject({ exitCode: 0, warnings: [] });
    expect(archived.list).toContainEqual(expect.objectContaining({ path: 'folder/later', bytes: 13 }));
    expect(stoodStill(archived.changes)).toBe(true);
  });
});

describe('a file that vanishes', () => {
  it('while it is read is named, and is in the archive', async () => {
    const folder = folderWithBig();
    const archived = await archiveWhile(folder, () => rmSync(join(folder, 'folder/big')));
    expect(archived.changes).toEqual({ changed: named(), vanished: named('folder/big'), folders: named('folder') });
    expect(archived.list).toContainEqual(expect.objectContaining({ path: 'folder/big', bytes: BIG_BYTES }));
  });

  it('before it is read is named, and is not in the archive', async () => {
    const folder = folderWithBig();
    const archived = await archiveWhile(folder, () => rmSync(join(folder, 'folder/later')), { compression: 'gzip:1' });
    expect(archived).toMatchObject({
      exitCode: 2,
      changes: { changed: named(), vanished: named('folder/later'), folders: named('folder') },
      warnings: ['1 file vanished before or while read: "folder/later"'],
    });
    expect(pathsOf(archived)).toEqual(['.', 'folder', 'folder/big']);
    await restore(archived.stored, join(scratchFolder(), 'restored'));
  });

  it('with its folder and all that is in it is named', async () => {
    const folder = folderWithBig({ 'z/a': 'a', 'z/b/c': 'c' });
    const archived = await archiveWhileGiven(folder, 'z/b/c', () => rmSync(join(folder, 'z'), { recursive: true }));
    expect(archived.changes).toEqual({ changed: named(), vanished: named('z', 'z/a', 'z/b', 'z/b/c'), folders: named('.') });
  });

  it('with thousands of others is counted, and the warning is one line that names a few', async () => {
    const many = Array.from({ length: 2_500 }, (_, n) => `${String(n).padStart(4, '0')}\nsecond line`);
    const folder = folderWithBig(Object.fromEntries(many.map((name) => [`z/${name}`, ''])));
    const archived = await archiveWhileGiven(folder, `z/${many.at(-1)}`, () => {
      for (const name of readdirSync(join(folder, 'z'))) rmSync(join(folder, 'z', name));
    });
    expect(archived.changes.vanished.count).toBe(2_500);
    expect(archived.changes.vanished.paths).toHaveLength(1_000);
    const [warning = '', ...more] = archived.warnings;
    expect(more).toEqual([]);
    expect(warning).toMatch(/^2,500 files vanished before or while read: "z\/0000\\x0asecond line", .* and 2490 more$/);
  });

  it('and is a root by itself is a failure', async () => {
    const folder = folderWithBig({ named: 'a' });
    const archived = archiveWhileGiven(folder, 'named', () => rmSync(join(folder, 'named')), { roots: ['folder', 'named'] });
    await expect(ended(archived)).rejects.toThrow(failure('no-folder', '"named" vanished'));
  });
});

it('tells that a folder got a new file, which no file in the archive suffers from', async () => {
  const folder = folderWithBig();
  const archived = await archiveWhile(folder, () => writeFileSync(join(folder, 'folder/new'), 'new'));
  expect(archived).toMatchObject({ exitCode: 0, warnings: [] });
  expect(archived.changes).toEqual({ changed: named(), vanished: named(), folders: named('folder') });
  expect(stoodStill(archived.changes)).toBe(false);
  expect(pathsOf(archived)).not.toContain('folder/new');
});

it('does not care for what happens in a folder once it is done with it', async () => {
  const folder = folderWithBig({ 'a/b/file': 'a' });
  const archived = await archiveWhile(folder, async (tar) => {
    await idle(tar);
    writeFileSync(join(folder, 'a/b/new'), 'new');
  });
  expect(stoodStill(archived.changes)).toBe(true);
});

describe('what may not be read', () => {
  it('fails the archive and names every such file and folder, on one line', async () => {
    const folder = scratchFolder();
    plant(folder, { open: 'a', 'closed\nfile': 'b', 'closed-folder/c': 'c', 'names-only/d': 'd', 'z/closed': 'e' });
    for (const path of ['closed\nfile', 'closed-folder', 'z/closed']) chmodSync(join(folder, path), 0o000);
    chmodSync(join(folder, 'names-only'), 0o744);
    const said = await archiveUnprivileged(folder);
    expect(said).toMatchObject({
      reason: 'unreadable',
      detail: 'no right to read "closed\\x0afile", "closed-folder", "names-only/d", "z/closed"',
    });
  });

  it('does not matter where it is left out, or is a link', async () => {
    const folder = scratchFolder();
    plant(folder, { open: 'a', closed: 'b', 'closed-folder/c': 'c' });
    for (const path of ['closed', 'closed-folder']) chmodSync(join(folder, path), 0o000);
    const said = await archiveUnprivileged(folder, ['closed', 'closed-folder/']);
    expect(said).toMatchObject({ exitCode: 0, warnings: [] });
    expect(said.list).toContain('"open"');
    expect(said.list).not.toContain('closed');
  });
});

describe('a tar that does not do as it should', () => {
  it.each([
    [
      'could not read the disk',
      'TAR; echo "tar: a: Read error" >&2; echo "tar: Exiting" >&2; exit 2',
      'unreadable',
      'exit code 2',
    ],
    ['fails without a word', 'TAR; exit 2', 'unreadable', 'exit code 2'],
    ['fails as a shell does', 'TAR; exit 127', 'truncated', 'exit code 127'],
    ['kills itself at the end', 'TAR; kill -9 $$', 'truncated', 'signal SIGKILL'],
    ['writes nothing', 'cat >/dev/null', 'unreadable', 'did not archive "."'],
    ['writes something else', 'cat >/dev/null; yes', 'decode', 'a number that is none'],
    ['leaves out a file', 'tr -d b | TAR', 'unreadable', 'did not archive "b"'],
    ['leaves out the end', 'TAR | head -c 2048', 'unreadable', 'did not archive'],
    ['leaves out the end mark', 'TAR | head -c 7680', 'decode', 'before its end mark'],
    ['archives what was not asked for', 'tr b c | TAR', 'decode', 'a name that it was not given'],
  ])('%s: no archive', async (_, shell, reason, message) => {
    const folder = scratchFolder();
    plant(folder, { a: 'a', b: 'b', c: 'c' });
    await expect(archive(folder, { tar: await stub(shell) })).rejects.toThrow(failure(reason, message));
  });

  it('reads nothing: no archive, whether it is gone before or after it was given its names', async () => {
    const archived = archive(scratchFolder(), { tar: await stub('exit 0') });
    await expect(ended(archived)).rejects.toThrow(
      expect.objectContaining({ reason: expect.stringMatching(/^(truncated|unreadable)$/) }),
    );
  });

  it('cannot be started: no archive', async () => {
    const tar = { program: '/no/such/tar', version: '1.34' };
    await expect(archive(scratchFolder(), { tar })).rejects.toThrow(failure('truncated', 'could not be started (ENOENT)'));
  });

  it('does not hide an error of the disk behind a file that vanished', async () => {
    const folder = folderWithBig();
    const tar = await stub('TAR; echo "tar: folder/big: Read error" >&2; exit 2');
    const archived = archiveWhile(folder, () => rmSync(join(folder, 'folder/later')), { tar });
    await expect(ended(archived)).rejects.toThrow(failure('unreadable', 'exit code 2 with 3 lines'));
  });

  it('says that something changed which nobody can see any more: a warning', async () => {
    const folder = scratchFolder();
    const { warnings, exitCode } = await archive(folder, { tar: await stub('TAR; exit 1') });
    expect([exitCode, ...warnings]).toEqual([1, 'tar says that a file changed while it read it; none shows it any more']);
  });
});

describe('work that is stopped', () => {
  it('stands still while the sink takes nothing', async () => {
    const folder = folderWithBig();
    let seen = 0;
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<number>();
    const archived = archive(folder, {
      compression: 'zstd:1',
      streamed: (bytes, pid) => {
        seen = bytes;
        reached.resolve(pid ?? 0);
      },
      sink: () => gate.promise,
    });
    await idle(await reached.promise);
    // a ring of 1 MiB, one piece, and what the compressor holds
    expect(seen).toBeLessThan(4 * 1024 ** 2);
    gate.resolve();
    expect((await archived).contents.bytes).toBe(BIG_BYTES + 5);
  });

  it.each([
    ['by its signal', (stop: AbortController) => stop.abort(new Error('told to stop')), 'told to stop'],
    ['by the death of tar', (_: AbortController, tar: number) => process.kill(tar, 'SIGKILL'), 'tar: signal SIGKILL after'],
  ])('%s leaves no tar behind', async (_, act, message) => {
    const folder = folderWithBig();
    const stop = new AbortController();
    let pid = 0;
    const archived = archiveWhile(
      folder,
      (tar) => {
        pid = tar;
        act(stop, tar);
      },
      { signal: stop.signal },
    );
    await expect(ended(archived)).rejects.toThrow(message);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it.each(['sink', 'members'] as const)('by a failure of its %s leaves no tar behind', async (which) => {
    const folder = folderWithBig();
    let pid: number | undefined;
    const archived = archive(folder, {
      streamed: (_, tar) => {
        pid = tar;
      },
      [which]: () => Promise.reject(new Error('no room')),
    });
    await expect(ended(archived)).rejects.toThrow('no room');
    expect(pid === undefined || !readdirSync('/proc').includes(String(pid))).toBe(true);
  });

  it('before it began starts nothing that stays', async () => {
    const signal = AbortSignal.abort(new Error('never mind'));
    await expect(archive(folderWithBig(), { signal })).rejects.toThrow('never mind');
  });
});
