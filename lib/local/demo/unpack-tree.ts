import { join } from 'node:path';
import { processGroup } from '../servers/process-group.ts';
import { digestsBelow, SAMPLE_TREE, SAMPLE_VOLUME } from './sample-files.ts';

export interface ComparedTree {
  readonly files: number;
  readonly same: boolean;
}

/** Unpacks an archive with plain tar into a new folder, and compares each file with the one that it was made of. */
export async function unpackAndCompare(archive: string, dir: string): Promise<ComparedTree> {
  const into = processGroup.folder('demo-unpacked').path;
  const { closed } = processGroup.spawn('tar', ['-xzf', archive, '-C', into], { stdio: 'ignore' });
  const { code } = await closed;
  if (code !== 0) throw new Error(`tar ended with exit code ${code}`);

  const made = digestsBelow(join(dir, SAMPLE_VOLUME, SAMPLE_TREE.folder));
  const wanted = [...made].filter(([path]) => !path.startsWith(`${SAMPLE_TREE.leftOut}/`));
  const restored = digestsBelow(into);
  const same = wanted.length === restored.size && wanted.every(([path, digest]) => restored.get(path) === digest);
  return { files: restored.size, same };
}
