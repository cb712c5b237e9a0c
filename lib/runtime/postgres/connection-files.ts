import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trustedAuthorities } from './ca-bundle.ts';

/** What libpq must read from files: the password, which may stand neither in argv nor in the environment, and the authorities. */
export interface ConnectionFiles {
  readonly passwordFile: string;
  readonly authoritiesFile: string;
  remove(): Promise<void>;
}

/** Writes both into a fresh folder, in `parent`, that only this user can enter. Call `remove` as soon as the child has ended. */
export async function writeConnectionFiles(password: string, parent: string = tmpdir()): Promise<ConnectionFiles> {
  const folder = await mkdtemp(join(parent, 'nightproof-'));
  const passwordFile = join(folder, 'pgpass');
  const authoritiesFile = join(folder, 'authorities.pem');
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await writeFile(passwordFile, passwordLine(password), { mode: 0o600, flag: 'wx' });
    await writeFile(authoritiesFile, trustedAuthorities().join('\n'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    await remove();
    throw error;
  }
  return { passwordFile, authoritiesFile, remove };
}

/** Any host, port, database and user: the file serves one child, whose connection string names them. */
const passwordLine = (password: string): string => `*:*:*:*:${password.replace(/[\\:]/g, '\\$&')}\n`;
