import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import type { Machine } from './machine.ts';

/**
 * A folder of the cache that is made once: `make` fills a folder beside, which takes its name when it is whole, so
 * that what has the name is complete. Of two set-ups at once one makes it, and the other waits.
 */
export async function madeOnce(machine: Machine, name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const target = join(machine.cache, name);
  if (existsSync(target)) return target;
  const waiting = (owner: number): void => machine.report(`waiting for the set-up of process ${owner}, which brings ${name}`);
  await withLock(join(machine.cache, `${name}.lock`), waiting, async () => {
    if (existsSync(target)) return;
    removeLeftovers(machine.cache, name);
    await makeBeside(machine.cache, name, target, make);
  });
  return target;
}

async function makeBeside(cache: string, name: string, target: string, make: (folder: string) => Promise<void>): Promise<void> {
  const beside = mkdtempSync(join(cache, prefixOf(name)));
  const whole = join(beside, 'whole');
  try {
    mkdirSync(whole);
    await make(whole);
    await chmod(whole, 0o755);
    renameSync(whole, target);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}

/** Of set-ups that were killed: we hold the lock, so nobody else is making this one. */
function removeLeftovers(cache: string, name: string): void {
  for (const entry of readdirSync(cache)) {
    if (entry.startsWith(prefixOf(name))) rmSync(join(cache, entry), { recursive: true, force: true });
  }
}

const prefixOf = (name: string): string => `.${name}.`;
