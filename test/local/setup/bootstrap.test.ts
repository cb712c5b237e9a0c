import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, it } from 'vitest';
import { scratchFolder } from '../../support/scratch-folder.ts';

const SETUP = fileURLToPath(new URL('../../../lib/local/setup', import.meta.url));
const NO_NETWORK = 'http://127.0.0.1:9';

interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly said: string;
  readonly printed: string;
}

let tree: string;

/** A tree with the real bootstrap, whose only package is a stand-in for `node` in a tarball on disk: npm needs no network for it. */
beforeEach(() => {
  tree = join(scratchFolder(), 'tree');
  const stand = join(tree, '..', 'stand', 'package');
  mkdirSync(join(stand, 'bin'), { recursive: true });
  writeFileSync(join(stand, 'package.json'), JSON.stringify({ name: 'node', version: '24.0.0', bin: { node: 'bin/node' } }));
  writeFileSync(join(stand, 'bin/node'), `#!/bin/sh\nexec ${process.execPath} "$@"\n`);
  chmodSync(join(stand, 'bin/node'), 0o755);
  execFileSync('tar', ['-czf', tarball(), '-C', dirname(stand), 'package']);
  cpSync(SETUP, join(tree, 'lib/local/setup'), { recursive: true, filter: (path) => !path.endsWith('.ts') });
  writePackages({ node: tarball() });
});

const tarball = (): string => join(tree, '..', 'node.tgz');

function writePackages(tarballs: Record<string, string>): void {
  const dependencies = Object.fromEntries(Object.entries(tarballs).map(([name, file]) => [name, `file:${file}`]));
  const root = { name: 'tree', version: '1.0.0', type: 'module', dependencies };
  const locked = Object.entries(dependencies).map(([name, resolved]) => [
    `node_modules/${name}`,
    { version: '24.0.0', resolved, bin: { [name]: `bin/${name}` } },
  ]);
  const lock = {
    name: 'tree',
    version: '1.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: { '': root, ...Object.fromEntries(locked) },
  };
  writeFileSync(join(tree, 'package.json'), JSON.stringify(root));
  writeFileSync(join(tree, 'package-lock.json'), JSON.stringify(lock));
}

const script = (program: string): void => writeFileSync(join(tree, 'lib/local/setup/ready.ts'), program);

const env = (): NodeJS.ProcessEnv => ({
  HOME: join(tree, '..'),
  PATH: process.env.PATH,
  NIGHTPROOF_CACHE: join(tree, '..', 'cache'),
  npm_config_registry: NO_NETWORK,
});

function bootstrap(...args: string[]): Ran {
  const command = [join(tree, 'lib/local/setup/bootstrap.mjs'), ...args];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, command, { cwd: tree, env: env(), encoding: 'utf8' });
  return { code: status, signal, said: stderr, printed: stdout };
}

it('brings the packages, then runs the script with all further arguments and their node first in PATH', () => {
  script('console.log(process.argv.slice(2).join("|"), process.env.PATH?.split(":")[0])');

  const ran = bootstrap('ready', '--vault', 'my backups');

  expect(ran.printed).toBe(`--vault|my backups ${join(tree, 'node_modules/.bin')}\n`);
  expect(ran.said).toMatch(/^nightproof: installing npm packages, .*there are none yet.*\n$/);
});

it('says and installs nothing the second time', () => {
  script('');
  bootstrap('ready');
  writeFileSync(join(tree, 'node_modules/still-here'), '');

  expect(bootstrap('ready').said).toBe('');
  expect(existsSync(join(tree, 'node_modules/still-here'))).toBe(true);
});

it('installs anew when the lock file has changed, and leaves nothing beside', () => {
  script('');
  bootstrap('ready');
  writeFileSync(join(tree, 'node_modules/of-before'), '');
  writeFileSync(join(tree, 'package-lock.json'), `${readFileSync(join(tree, 'package-lock.json'), 'utf8')}\n`);

  expect(bootstrap('ready').said).toContain('package-lock.json has changed');
  expect(existsSync(join(tree, 'node_modules/of-before'))).toBe(false);
  expect(readdirSync(join(tree, '.nightproof'))).toEqual(['install']);
  expect(readdirSync(join(tree, '.nightproof/install'))).toEqual([]);
});

it('keeps the packages there are when npm fails, and tells what npm said', () => {
  script('');
  bootstrap('ready');
  writePackages({ node: tarball(), absent: join(tree, 'absent.tgz') });

  const ran = bootstrap('ready');

  expect(ran.code).toBe(1);
  expect(ran.said).toContain('npm ci failed');
  expect(existsSync(join(tree, 'node_modules/.bin/node'))).toBe(true);
});

it('ends with the exit code of the script', () => {
  script('process.exit(7)');

  expect(bootstrap('ready').code).toBe(7);
});

it('forwards a signal, and ends by the one that ended the script', async () => {
  script('process.on("SIGTERM", () => process.kill(process.pid, "SIGKILL")); console.log("up"); setInterval(() => {}, 1000)');
  const child = spawn(process.execPath, [join(tree, 'lib/local/setup/bootstrap.mjs'), 'ready'], { cwd: tree, env: env() });
  await once(child.stdout, 'data');

  child.kill('SIGTERM');

  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
});

it('refuses a verb that it does not know, before it installs anything', () => {
  const ran = bootstrap('tset');

  expect(ran).toMatchObject({ code: 1, said: 'nightproof: "tset" is none of the verbs: test, demo, bench, prove, ready\n' });
  expect(existsSync(join(tree, 'node_modules'))).toBe(false);
});

it('serves two at once in one tree', async () => {
  script('console.log("ran")');
  const start = async (): Promise<unknown> => {
    const child = spawn(process.execPath, [join(tree, 'lib/local/setup/bootstrap.mjs'), 'ready'], { cwd: tree, env: env() });
    return (await once(child, 'exit'))[0];
  };

  expect(await Promise.all([start(), start()])).toEqual([0, 0]);
  expect(existsSync(join(tree, 'node_modules/.bin/node'))).toBe(true);
});
