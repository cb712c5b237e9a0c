/**
 * Loaded before the discover program: tells of each look into a folder, and does something at the first one.
 *
 * - `LOOKS_FILE`: gets a line for each path that is listed or asked for
 * - `AS_USER`: from the first look on the process has this user's rights, since nothing is unreadable for root
 * - `ENDS_AT`: at the first look at a path that ends so, the process is told to stop
 */

import { openSync, writeSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const { LOOKS_FILE, AS_USER, ENDS_AT } = process.env;
const looks = LOOKS_FILE === undefined ? undefined : openSync(LOOKS_FILE, 'a');
let first = true;

function look(path: unknown): void {
  if (first && AS_USER !== undefined) {
    process.setgroups?.([]);
    process.setegid?.(Number(AS_USER));
    process.seteuid?.(Number(AS_USER));
  }
  first = false;
  if (looks !== undefined) writeSync(looks, `${String(path)}\n`);
  if (ENDS_AT !== undefined && String(path).endsWith(ENDS_AT)) process.kill(process.pid, 'SIGTERM');
}

for (const name of ['readdir', 'lstat', 'opendir', 'stat'] as const) {
  const real = fs[name] as (...args: unknown[]) => Promise<unknown>;
  Object.assign(fs, {
    [name]: (...args: unknown[]) => {
      look(args[0]);
      return real(...args);
    },
  });
}
syncBuiltinESMExports();
