import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../domain/outcomes.ts';
import { askProgram } from '../postgres/program-answers.ts';

/** Homebrew puts GNU tar beside the one of macOS under a name of its own. */
const NAMES = ['tar', 'gtar'];

/** 1.29 (2016) brought `--verbatim-files-from`, without which a file's name could be read as an option. */
const OLDEST = [1, 29] as const;

export interface GnuTar {
  readonly program: string;
  /** As the program says it: `1.34`. */
  readonly version: string;
}

/** The first GNU tar of a PATH; throws where there is none, and says what there is. */
export async function findGnuTar(path: string): Promise<GnuTar> {
  const others: string[] = [];
  for (const folder of path.split(':').filter((entry) => entry.startsWith('/'))) {
    for (const name of NAMES) {
      const program = join(folder, name);
      if (!(await isExecutable(program))) continue;
      const { output } = await askProgram(program, ['--version']);
      const version = /^tar \(GNU tar\) (\d+\.\d+\S*)/.exec(output)?.[1];
      if (version && isNewEnough(version)) return { program, version };
      others.push(`${program} (${version ? `GNU tar ${version}` : 'not GNU tar'})`);
    }
  }
  throw new Failure('no-tar', others.length > 0 ? `only ${others.join(', ')}` : 'there is no tar on the PATH');
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

const isExecutable = (program: string): Promise<boolean> =>
  access(program, constants.X_OK).then(
    () => true,
    () => false,
  );
