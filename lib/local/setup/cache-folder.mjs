// Plain JavaScript: bootstrap.mjs runs this on the host's own Node, before anything is installed.
import { chmodSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** Where everything that set-up brings is kept: outside the tree, so that a fresh clone finds it again. */
export function cacheFolder(env = process.env, uid = process.getuid?.()) {
  if (env.NIGHTPROOF_CACHE) return resolve(env.NIGHTPROOF_CACHE);
  if (uid === 0) return '/var/cache/nightproof';
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'nightproof');
}

/** Makes a folder that every user can read, also under umask 077: root's servers run as another user. */
export function makeReadable(folder) {
  const first = mkdirSync(folder, { recursive: true });
  if (first === undefined) return folder;
  for (let made = folder; made.length >= first.length; made = dirname(made)) chmodSync(made, 0o755);
  return folder;
}
