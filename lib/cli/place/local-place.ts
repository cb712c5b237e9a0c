import { shellWord } from '../terminal/shell-word.ts';
import type { Backend } from './backend.ts';

/** On one machine a look costs nothing. */
const POLL = { first: 300, most: 300 } as const;

/** What is known of a local cloud before anything of it is started. Objects of its vault are plain files. */
export const localPlace = (
  dir: string,
  bucket: string,
): Pick<Backend, 'name' | 'flags' | 'runsWithoutUs' | 'pollMs' | 'locate' | 'stateOf'> => ({
  name: `local cloud in ${dir}`,
  flags: ` --local ${shellWord(dir)}`,
  runsWithoutUs: false,
  pollMs: POLL,
  // an execution is known to the process alone that runs it
  stateOf: async () => undefined,
  locate: (key) => ({ file: `${dir}/vault/${bucket}/${key}` }),
});
