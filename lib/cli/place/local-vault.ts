import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';

/** What a local cloud notes in its folder for the next one; more than this stands there. */
const CloudFile = z.looseObject({ vaultBucket: z.string().min(1) });

/** The name of the vault's bucket in the folder of a local cloud: as the cloud noted it, else the only bucket there. */
export function localBucket(dir: string): string {
  const noted = notedBucket(join(dir, 'cloud.json'));
  if (noted !== undefined) return noted;
  const buckets = bucketsIn(join(dir, 'vault'));
  const [only] = buckets;
  if (only !== undefined && buckets.length === 1) return only;
  const what =
    only === undefined ? 'holds no vault' : `holds ${buckets.length} buckets, and no cloud.json that says which is the vault`;
  const remedy = `Name the folder that a run was made in. A first run makes one: nightproof run --local ${dir} --config nightproof.yaml`;
  throw new CliError(EXIT.unverified, `${dir} ${what}`, remedy);
}

/** Folders that begin with a dot are the S3 server's own. */
const bucketsIn = (vault: string): readonly string[] =>
  existsSync(vault)
    ? readdirSync(vault, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() && !entry.name.startsWith('.') ? [entry.name] : [],
      )
    : [];

function notedBucket(file: string): string | undefined {
  try {
    return CloudFile.parse(JSON.parse(readFileSync(file, 'utf8'))).vaultBucket;
  } catch {
    return undefined;
  }
}
