import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cacheFolder } from '../../../lib/local/setup/cache-folder.mjs';
import { scratchFolder } from '../../support/scratch-folder.ts';

it.each([
  ['where NIGHTPROOF_CACHE says', { NIGHTPROOF_CACHE: '/data/cache', HOME: '/home/ada' }, 0, '/data/cache'],
  ['in /var/cache for root', { HOME: '/root', XDG_CACHE_HOME: '/root/x' }, 0, '/var/cache/nightproof'],
  ['in the XDG cache of an ordinary user', { HOME: '/home/ada', XDG_CACHE_HOME: '/scratch' }, 1000, '/scratch/nightproof'],
  ['in ~/.cache of an ordinary user', { HOME: '/home/ada' }, 1000, '/home/ada/.cache/nightproof'],
])('keeps what it brings %s', (_where, env, uid, expected) => {
  expect(cacheFolder(env, uid)).toBe(expected);
});

it('makes a folder that every user can read, under umask 077 too', () => {
  const folder = join(scratchFolder(), 'a', 'b');
  const module = new URL('../../../lib/local/setup/cache-folder.mjs', import.meta.url).href;
  const program = `import('${module}').then((m) => m.makeReadable('${folder}'))`;

  execFileSync('/bin/sh', ['-c', 'umask 077; exec "$@"', 'sh', process.execPath, '-e', program]);

  expect([folder, join(folder, '..')].map((path) => statSync(path).mode & 0o777)).toEqual([0o755, 0o755]);
});
