// Plain JavaScript: bootstrap.mjs runs this on the host's own Node, before anything is installed.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_AGAIN_MS = 200;

/**
 * Runs `work` while this process alone holds the lock file. Whoever else holds it is waited for;
 * `onWait` hears once of whom. A lock whose process is gone is taken over.
 */
export async function withLock(file, onWait, work) {
  let told = false;
  while (!create(file)) {
    const owner = ownerOf(file);
    if (owner !== undefined && !isAlive(owner)) takeAway(file, owner);
    else if (owner !== undefined && !told) {
      told = true;
      onWait(owner);
    }
    await pause(LOOK_AGAIN_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function create(file) {
  try {
    writeFileSync(file, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (thrown) {
    if (thrown.code === 'EEXIST') return false;
    throw thrown;
  }
}

/** The holder's process id; undefined while the file is gone or not yet written. */
function ownerOf(file) {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10) || undefined;
  } catch {
    return undefined;
  }
}

export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return thrown.code === 'EPERM';
  }
}

/** By rename, which only one of several waiters can win, so that none removes the lock that another has just made. */
function takeAway(file, owner) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (ownerOf(aside) === owner) rmSync(aside, { force: true });
  else renameSync(aside, file);
}
