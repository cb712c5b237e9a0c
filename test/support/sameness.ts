import { execFile } from 'node:child_process';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { Receipt } from '../../lib/domain/backup/receipt.ts';
import type { PostgresClient } from '../../lib/runtime/postgres/clients.ts';

/** Whether two artifacts restore the same: all of it, or the rows at least. */
export type Sameness = 'same' | 'same rows' | 'other';

const ZSTD_MAGIC = 0xfd2fb528;

/** Says so by plain programs, and by nothing of the product. What they cannot read restores nothing, and so something else. */
export async function sameness(kind: Receipt['kind'], a: Buffer, b: Buffer, client: PostgresClient): Promise<Sameness> {
  try {
    return await compared(kind, a, b, client);
  } catch {
    return 'other';
  }
}

async function compared(kind: Receipt['kind'], a: Buffer, b: Buffer, client: PostgresClient): Promise<Sameness> {
  if (kind !== 'database') return unpacked(a).equals(unpacked(b)) ? 'same' : 'other';
  const [whole, other] = await Promise.all([script(a, client, []), script(b, client, [])]);
  if (whole === other) return 'same';
  const [rows, otherRows] = await Promise.all([script(a, client, ['--data-only']), script(b, client, ['--data-only'])]);
  return rowsOf(rows) === rowsOf(otherRows) ? 'same rows' : 'other';
}

/** Settings and the values of sequences lie in the table of contents, as definitions do, and not among the rows. */
const rowsOf = (script: string): string => script.replaceAll(/^(SET|SELECT pg_catalog\.(setval|set_config)\b).*$/gim, '');

const unpacked = (bytes: Buffer): Buffer =>
  bytes.readUInt32LE(0) === ZSTD_MAGIC ? zstdDecompressSync(bytes) : gunzipSync(bytes);

/** The restore as a script, without a key that is new each time and without comments, in which the table of contents speaks of itself. */
async function script(archive: Buffer, { pgRestore }: PostgresClient, more: readonly string[]): Promise<string> {
  const text = await new Promise<string>((resolve, reject) => {
    const options = { encoding: 'latin1', maxBuffer: 1 << 30, env: { LC_ALL: 'C' } } as const;
    const child = execFile(pgRestore, ['--file=-', ...more], options, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(archive);
  });
  return text.replaceAll(/^(\\(un)?restrict|--) .*$/gm, '');
}
