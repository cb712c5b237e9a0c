import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { planKey } from '../../domain/backup/keys.ts';
import type { Slot } from '../../domain/time/slot.ts';
import { LocalCloud } from '../cloud/local-cloud.ts';
import { StatesError } from '../cloud/states-error.ts';
import { processGroup } from '../servers/process-group.ts';
import type { Toolchain } from '../setup/toolchain.ts';

/** The vault's bucket in the folder of a local cloud, as a folder of plain files. */
export function vaultFolder(dir: string): string {
  const { vaultBucket } = JSON.parse(readFileSync(join(dir, 'cloud.json'), 'utf8')) as { vaultBucket: string };
  return join(dir, 'vault', vaultBucket);
}

/** The newest daily artifact of a source: a vault that is kept has those of earlier demos too. */
export function dailyArtifact(dir: string, sourceId: string, ending: string): string {
  const folder = join(vaultFolder(dir), 'daily');
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const name = files
    .filter((file) => file.startsWith(`${sourceId}_`) && file.endsWith(ending))
    .sort()
    .at(-1);
  if (name === undefined) throw new Error(`the vault in ${dir} has no ${ending} of ${sourceId}`);
  return join(folder, name);
}

/** Copies the folder of a local cloud, with the attributes in which the S3 server keeps checksums. */
export async function copyCloud(dir: string, to: string): Promise<void> {
  const { closed } = processGroup.spawn('cp', ['-a', '--', `${dir}/.`, to], { stdio: 'ignore' });
  const { code } = await closed;
  if (code !== 0) throw new Error(`the copy of ${dir} failed (cp ended with ${code})`);
}

/** Turns one bit over in the middle of a file, and returns where. */
export function flipOneBit(file: string): number {
  const at = Math.floor(statSync(file).size / 2);
  const handle = openSync(file, 'r+');
  try {
    const byte = Buffer.alloc(1);
    readSync(handle, byte, 0, 1, at);
    byte[0] = (byte[0] ?? 0) ^ 0x01;
    writeSync(handle, byte, 0, 1, at);
  } finally {
    closeSync(handle);
  }
  return at;
}

/** Lets the deployed verify step look at a source's backup again, in the local cloud of a folder; returns what it refuses, if it does. */
export async function verifyAgain(toolchain: Toolchain, dir: string, slot: Slot, sourceId: string): Promise<string | undefined> {
  const path = [process.env.PATH ?? '', ...toolchain.postgres.map(({ binDir }) => binDir)].join(':');
  const cloud = await LocalCloud.start({ assembly: join(dir, 'cdk.out'), dir, toolchain, path });
  try {
    const verify = cloud.deployment.report.created.find(({ logicalId }) => logicalId.startsWith('StepsVerifyFunction'));
    if (!verify) throw new Error('the stack has no verify function');
    await cloud.invoke(verify.logicalId, { planKey: planKey({ slot, attempt: 1 }), id: sourceId });
    return undefined;
  } catch (error) {
    if (error instanceof StatesError) return `${error.name}: ${messageIn(error.message)}`;
    throw error;
  } finally {
    await cloud.stop();
  }
}

const messageIn = (cause: string): string => (JSON.parse(cause) as { errorMessage?: string }).errorMessage ?? cause;
