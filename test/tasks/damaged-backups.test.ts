import { beforeAll, expect, it } from 'vitest';
import { makeCorpus } from '../support/corpus-backups.ts';
import { DAMAGE_KINDS } from '../support/damage-case.ts';
import { receive } from '../support/refusals.ts';
import { scratchFolderUntilEnd } from '../support/scratch-folder.ts';

const CASES = 3000;
/** pg_restore takes a core of its own. */
const AT_A_TIME = 4;
const volume = scratchFolderUntilEnd();
const tally: Record<string, number> = {};
const taken: string[] = [];

const count = (what: string): void => {
  tally[what] = (tally[what] ?? 0) + 1;
};

beforeAll(async () => {
  const corpus = await makeCorpus(volume, 2);
  let next = 1;
  const worker = async (): Promise<void> => {
    while (next <= CASES) {
      const seed = next++;
      const { name, restore, drill } = await receive(corpus, seed);
      count(`restore: ${restore}`);
      if (drill) count(`drill: ${drill}`);
      if (restore === 'taken' || drill === 'taken') taken.push(`seed ${seed}: ${name}`);
      const [kind = ''] = name.split(' | ');
      count(kind);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}, 240_000);

it('are refused by every restore and every drill, unless what comes of them is what was backed up', () => {
  expect(taken).toEqual([]);
  expect(tally['restore: refused']).toBeGreaterThan(CASES / 2);
  expect(tally['drill: refused']).toBeGreaterThan(CASES / 3);
  // without a server nobody can tell, and a drill has one
  expect(tally['restore: server']).toBeLessThan(CASES / 20);
  expect(DAMAGE_KINDS.filter((kind) => !tally[kind])).toEqual([]);
});
