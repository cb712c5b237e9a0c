import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clientFolders, clientFor, findClients } from '../../../lib/runtime/postgres/clients.ts';
import { chooseCompression } from '../../../lib/runtime/postgres/compression.ts';
import { toolchain } from '../../support/toolchain.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nightproof-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('finds every client on the path, each with its version', async () => {
  const { postgres } = await toolchain();
  const found = await findClients(await clientFolders(postgres.map(({ binDir }) => binDir).join(':')));
  for (const { major, version, binDir } of postgres) {
    expect(found).toContainEqual({ major, version, pgDump: join(binDir, 'pg_dump'), pgRestore: join(binDir, 'pg_restore') });
    expect(clientFor(found, major)).toMatchObject({ major });
  }
});

it('refuses a server whose version no client has, and names those there are', () => {
  const client = { major: 15, version: '15.18', pgDump: '/x/pg_dump', pgRestore: '/x/pg_restore' };
  expect(() => clientFor([client], 19)).toThrow(
    expect.objectContaining({ reason: 'version', message: expect.stringContaining('15.18') }),
  );
  expect(() => clientFor([], 15)).toThrow(
    expect.objectContaining({ reason: 'version', message: expect.stringContaining('none') }),
  );
});

it('passes over scripts that pick a version by themselves, and folders with half a client', async () => {
  const { postgres } = await toolchain();
  const [real] = postgres;
  const wrapped = join(folder, 'wrapped');
  const half = join(folder, 'half');
  for (const path of [wrapped, half]) mkdirSync(path);
  for (const name of ['pg_dump', 'pg_restore']) {
    writeFileSync(join(wrapped, name), '#!/bin/sh\necho "pg_dump (PostgreSQL) 99.1"\n');
    chmodSync(join(wrapped, name), 0o755);
  }
  symlinkSync(join(real?.binDir ?? '', 'pg_dump'), join(half, 'pg_dump'));
  expect(await findClients([wrapped, half, join(folder, 'absent')])).toEqual([]);
});

it('takes zstd exactly where both programs have it, and gzip elsewhere', async () => {
  const { postgres } = await toolchain();
  for (const { binDir, compressions } of postgres) {
    const [client] = await findClients([binDir]);
    if (!client) throw new Error(`no client in ${binDir}`);
    const zstd = compressions.includes('zstd');
    expect(await chooseCompression('auto', client)).toEqual(
      zstd ? { name: 'zstd:1', option: '--compress=zstd:1' } : { name: 'gzip:1', option: '--compress=1' },
    );
    expect((await chooseCompression('zstd:3', client)).warning?.includes('zstd:3') ?? false).toBe(!zstd);
    expect(await chooseCompression('gzip:6', client)).toEqual({ name: 'gzip:6', option: '--compress=6' });
    expect(await chooseCompression('none', client)).toEqual({ name: 'none', option: '--compress=0' });
  }
});

it.each([
  ['both have it', 'touch', 0, '', 'zstd:1'],
  ['pg_dump refuses it', 'true', 0, '', 'gzip:1'],
  ['pg_restore complains', 'touch', 0, 'echo "cannot undo zstd" >&2', 'gzip:1'],
  ['pg_restore fails', 'touch', 1, '', 'gzip:1'],
])('asks the programs themselves for zstd: %s', async (what, act, exitCode, complaint, chosen) => {
  const path = join(folder, what.replaceAll(' ', '-'));
  mkdirSync(path);
  const program = (name: string, script: string): string => {
    writeFileSync(join(path, name), `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`);
    chmodSync(join(path, name), 0o755);
    return join(path, name);
  };
  const client = {
    major: 17,
    version: '17.6',
    pgDump: program('pg_dump', `for a in "$@"; do case "$a" in --file=*) ${act} "\${a#--file=}";; esac; done; exit 1`),
    pgRestore: program('pg_restore', `cat >/dev/null; ${complaint}\nexit ${exitCode}`),
  };
  expect(await chooseCompression('auto', client)).toMatchObject({ name: chosen });
});
