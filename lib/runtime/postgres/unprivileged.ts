import { readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';

export interface UnixUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const CANDIDATES = ['postgres', 'nobody'];

/** As whom PostgreSQL runs, which refuses root: undefined (as ourselves), or, for root, the user `postgres` or else `nobody`. */
export function unprivilegedUser(uid: number | undefined = process.getuid?.()): UnixUser | undefined {
  if (uid !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8').split('\n').map(userOf);
  const found = CANDIDATES.map((name) => users.find((user) => user?.name === name)).find((user) => user !== undefined);
  if (found === undefined) throw new Error(`PostgreSQL does not run as root, and there is no user ${CANDIDATES.join(' or ')}.`);
  return found;
}

function userOf(line: string): UnixUser | undefined {
  const [name = '', , uid = '', gid = ''] = line.split(':');
  return /^[1-9]\d*$/.test(uid) ? { name, uid: Number(uid), gid: Number(gid) } : undefined;
}

/** A folder for temp files that every user can reach: root's own TMPDIR may be closed to the one it drops to. */
export const reachableTmpdir = (): string => [tmpdir(), '/tmp', '/var/tmp'].find(isReachable) ?? tmpdir();

/** Whether every user may pass through the folder and all above it. */
export function isReachable(folder: string): boolean {
  const passes = ((statSync(folder, { throwIfNoEntry: false })?.mode ?? 0) & 0o001) !== 0;
  const above = dirname(folder);
  return passes && (above === folder || isReachable(above));
}
