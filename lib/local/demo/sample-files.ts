import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The volume of the demo, in the folder of its local cloud. */
export const SAMPLE_VOLUME = 'files';

/** The tree that is archived every night, and the folders that are archived once. */
export const SAMPLE_TREE = { id: 'uploads', folder: 'uploads', leftOut: 'cache' } as const;
export const SAMPLE_DATED = { id: 'exports', folder: 'exports', date: '2026-04-15' } as const;

const FILES = 40;
const FILE_BYTES = 128 * 1024;

/** Makes files of a kind that real trees hold: pictures that do not compress, texts that do, names with spaces. Returns how many. */
export function makeSampleFiles(dir: string): number {
  const put = (path: string, content: Buffer | string): void => {
    const file = join(dir, SAMPLE_VOLUME, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  for (let n = 0; n < FILES; n++) put(`${SAMPLE_TREE.folder}/2026/picture ${n}.jpg`, noise(n));
  put(`${SAMPLE_TREE.folder}/README.txt`, 'Uploads of our customers.\n'.repeat(200));
  put(`${SAMPLE_TREE.folder}/${SAMPLE_TREE.leftOut}/thumbnail.jpg`, noise(FILES));
  for (let n = 0; n < 5; n++)
    put(`${SAMPLE_DATED.folder}/${SAMPLE_DATED.date}/part-${n}.csv`, `id,name\n${n},row\n`.repeat(5000));
  return FILES + 7;
}

function noise(seed: number): Buffer {
  const blocks = Array.from({ length: FILE_BYTES / 64 }, (_, n) => createHash('sha512').update(`${seed} ${n}`).digest());
  return Buffer.concat(blocks);
}

/** SHA-256 of every file below a folder, by its path. */
export function digestsBelow(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(folder, path)).isFile(),
  );
  return new Map(
    files.sort().map(
      (path) =>
        [
          path,
          createHash('sha256')
            .update(readFileSync(join(folder, path)))
            .digest('hex'),
        ] as const,
    ),
  );
}
