import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { CommandOutput } from '../../lib/cli/command/command-output.ts';
import { compileExcludes } from '../../lib/domain/backup/exclude-patterns.ts';
import type { ConfiguredSource } from '../../lib/domain/source/source.ts';
import { pgDumpCommand } from '../../lib/runtime/postgres/dump-commands.ts';
import { walkTree } from '../../lib/runtime/tree/walk-tree.ts';
import { backendOver, cli, opened, transcript } from '../support/cli-rig.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { begun, planOf, SUNDAY, sourceOf } from '../support/night.ts';
import { scratchFolder } from '../support/scratch-folder.ts';
import { configFilesOf, datedFolderOf, filesOf, globalsOf, serverOf } from '../support/sources.ts';
import { stubProgram } from '../support/stub-program.ts';
import { backedUp, foundIn } from './kinds.ts';

const APP = {
  ...sourceOf('app'),
  connection: {
    secret: 'secret/app',
    host: 'db.example.com',
    user: 'backup',
    auth: 'password' as const,
    sslMode: 'verify-full' as const,
  },
};

function ranWith(...sources: readonly ConfiguredSource[]): MemoryVault {
  const vault = new MemoryVault();
  begun(vault, planOf(sources));
  return vault;
}

async function printed(vault: MemoryVault, id: string): Promise<string> {
  const { code, stdout, stderr } = await cli(['command', id], { backend: backendOver(vault) });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/** Runs what was printed, in a folder where `programs` come first. */
async function shell(script: string, { cwd, programs }: { readonly cwd: string; readonly programs?: string }): Promise<void> {
  const PATH = `${programs === undefined ? '' : `${programs}:`}${process.env.PATH}`;
  await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], { cwd, env: { PATH } });
}

describe('the command of a database', () => {
  it('is that of the newest backup, as in golden/command-database.txt', async () => {
    const vault = ranWith(APP);
    backedUp(vault, APP, SUNDAY);
    const args = ['command', 'app'];

    await expect(transcript(args, await cli(args, { backend: backendOver(vault) }))).toMatchFileSnapshot(
      'golden/command-database.txt',
    );
  });

  it.each(['app', 'a=b', "it's", 'with space', 'quo"te', '$HOME `id` \\ !', "-it's postgresql://a\\b?host=x"])(
    'starts pg_dump with the very words that the task does, for the database %j',
    async (database) => {
      const source = { ...APP, database, exclude: ['audit.*', "o'neill.$x"], excludeData: ['"Mixed Case".logs'], portable: true };
      const vault = ranWith(source);
      backedUp(vault, source, SUNDAY);
      const cwd = scratchFolder();
      stubProgram(join(cwd, 'bin'), 'pg_dump', 'printf "%s\\0" "$PGPASSFILE" "$@"');

      await shell(await printed(vault, 'app'), { cwd, programs: join(cwd, 'bin') });

      const { args } = pgDumpCommand({
        client: { major: 15, version: '15.18', pgDump: 'pg_dump', pgRestore: 'pg_restore' },
        server: { host: 'db.example.com', port: 5432, user: 'backup' },
        database: { database, sslMode: 'verify-full' },
        files: { passwordFile: 'pgpass', authoritiesFile: 'authorities.pem', remove: async () => undefined },
        compression: { name: 'gzip:1', option: '--compress=1' },
        lockWaitSeconds: 300,
        choices: source,
      });
      expect(readFileSync(join(cwd, `app_20260419_090000.dump`), 'utf8').split('\0')).toEqual(['pgpass', ...args, '']);
    },
  );

  it('stands in capitals where only the secret knows, and names the secret', async () => {
    const out = await printed(ranWith(sourceOf('app')), 'app');

    expect(out).toContain("host='HOST' port='5432' user='USER'");
    expect(out).toContain('# HOST and USER: as in the secret secret/app, and its port if it names one.\n');
    expect(out).toContain('--compress=zstd:1');
  });

  it('goes through age where it is encrypted', async () => {
    const source = { ...APP, recipients: ['age1one', 'age1two'] };

    expect(await printed(ranWith(source), 'app')).toMatch(
      /\n {2}\| age -r age1one -r age1two \\\n {2}> app_20260419_090000\.dump\.age\n$/,
    );
  });

  it('is found by the id of a database that a server source found; the server itself is refused', async () => {
    const vault = new MemoryVault();
    const plan = planOf([serverOf('main')]);
    begun(vault, plan);
    foundIn(vault, plan, { sources: [{ ...APP, id: 'main-app', foundBy: 'main' }] });

    expect(await printed(vault, 'main-app')).toContain("dbname='app'");
    expect(await cli(['command', 'main'], { backend: backendOver(vault) })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('remedy: Name one of them: main-app\n'),
    });
  });
});

it('gives pg_dumpall of a server, without passwords where the last backup had none', async () => {
  const source = globalsOf('roles');
  const vault = ranWith(source);
  const first = await printed(vault, 'roles');
  const key = backedUp(vault, source, SUNDAY);
  const manifest = vault.json(`${key}.manifest.json`) as { receipt: { contents: { passwords: boolean } } };
  manifest.receipt.contents.passwords = false;
  vault.put(`${key}.manifest.json`, manifest);

  expect(first).toContain('pg_dumpall --globals-only --no-password');
  expect(first).toContain('the task adds --no-role-passwords');
  expect(await printed(vault, 'roles')).toContain('pg_dumpall --globals-only --no-role-passwords');
});

describe('the command of a tree', () => {
  const TREE = [
    'uploads/2026/a b.jpg',
    'uploads/2026/cache/x',
    'uploads/cache',
    'uploads/.hidden',
    'uploads/-dash',
    'uploads/new\nline',
    'uploads/x.tmp',
    'uploads/deep/er/still.tmp/kept',
    'uploads/deep/er/cache/y',
    'annuaire/2026-04-15/rpps.csv',
    'media/annuaire/x',
    'media/a.b',
    'media/a+b',
    'media/aXb',
    'media/thumb1.png',
    'media/thumb12.png',
  ];

  function tree(): string {
    const folder = scratchFolder();
    for (const path of TREE) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), path);
    }
    return folder;
  }

  it.each([
    [['.'], []],
    [['.'], ['*.tmp']],
    [['.'], ['cache/']],
    [['.'], ['cache']],
    [['.'], ['/annuaire/']],
    [['.'], ['annuaire']],
    [['.'], ['media/annuaire', 'uploads/*/cache']],
    [['.'], ['**/er/**']],
    [['.'], ['uploads/**/x*']],
    [['.'], ['media/thumb?.png', '.hidden', 'a+b', 'a.b']],
    [
      ['uploads', 'media/annuaire', './uploads/2026'],
      ['-dash', '?*.tmp/'],
    ],
  ])('archives of %j without %j what the task archives', async (roots, exclude) => {
    const folder = tree();
    const source = filesOf('media', { folder: 'site', roots, exclude });
    const cwd = scratchFolder();
    const script = (await printed(ranWith(source), 'media')).replaceAll('/mnt/media/site', folder);

    await shell(script, { cwd });

    const { stdout } = await promisify(execFile)('tar', [
      '--null',
      '--quoting-style=literal',
      '--show-transformed',
      '-tzf',
      join(cwd, 'media_20260419_090000.tar.gz'),
    ]);
    const { distinctRoots } = await import('../../lib/domain/backup/tree-roots.ts');
    const expected: string[] = [];
    for await (const { path, type } of walkTree(folder, distinctRoots(roots), compileExcludes(exclude)))
      expected.push(`${path.toString()}${type === 'directory' ? '/' : ''}`);
    expect(stdout.split('\n').sort()).toEqual(`${expected.join('\n')}\n`.split('\n').sort());
  });

  it('says where the task has the volume, and how it packs', async () => {
    const source = configFilesOf('secrets', { compression: 'zstd:3', roots: ['.env', 'nginx.conf'] });
    const vault = ranWith(source, datedFolderOf('rpps', '2026-04-15'));

    const out = await printed(vault, 'secrets');

    expect(out).toContain('(cd /mnt/media && find ./.env ./nginx.conf \\! -type s -print0 | sed -z ');
    expect(out).toMatch(/\n {2}\| zstd -3 \\\n {2}\| age -r age1\w+ \\\n {2}> secrets_20260419_090000\.tar\.zst\.age\n$/);
    expect(await printed(vault, 'rpps_2026-04-15')).toMatch(/find \.\/2026-04-15 .+\n {2}> rpps_2026-04-15\.tar\.gz\n$/s);
  });
});

describe('where the source comes from', () => {
  it('is the configuration with --config, and then no vault is opened', async () => {
    const file = join(scratchFolder(), 'nightproof.yaml');
    writeFileSync(
      file,
      'connections:\n  main: { secret: nightproof/main }\nsources:\n  - { id: shop, database: shop, connection: main, compression: gzip:9 }\n',
    );

    const { code, stdout } = await cli(['command', 'shop', '--config', file, '--json']);

    expect({ code, opened }).toEqual({ code: 0, opened: [] });
    expect(CommandOutput.parse(JSON.parse(stdout))).toMatchObject({
      program: 'pg_dump',
      args: expect.arrayContaining(['--compress=9']),
      input: null,
    });
    expect(await cli(['command', 'nope', '--config', file])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('remedy: It has: shop\n'),
    });
  });

  it('is said where no run has had it', async () => {
    expect(await cli(['command', 'nope'], { backend: backendOver(new MemoryVault()) })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nightproof command nope --config nightproof.yaml'),
    });
  });
});
