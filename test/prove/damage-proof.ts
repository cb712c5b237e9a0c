import { processGroup } from '../../lib/local/servers/process-group.ts';
import { type Corpus, makeCorpus } from '../support/corpus-backups.ts';
import { DAMAGE_KINDS } from '../support/damage-case.ts';
import { damageOne, lookAtIntact } from '../support/damage-corpus.ts';
import { CaseNotes, type CaseResult } from '../support/faults/case-result.ts';
import { receive } from '../support/refusals.ts';
import type { Proof } from './proof.ts';

/** pg_restore takes a core of its own. */
const AT_A_TIME = 4;

/** How many backups of each kind and packing there are, with other contents each. */
const ROUNDS = 3;

/** Cases of one seed lie beside those of the next. */
const SEED_STRIDE = 1_000_000;

type OneCase = (corpus: Corpus, number: number, notes: CaseNotes) => Promise<void>;

const overCorpus =
  (one: OneCase): Proof['open'] =>
  async (toolchain) => {
    // the rigs of tests find it there
    process.env.NIGHTPROOF_TOOLCHAIN = JSON.stringify(toolchain);
    const folder = processGroup.folder('damage');
    const corpus = await makeCorpus(folder.path, ROUNDS);
    return {
      parallel: AT_A_TIME,
      async run(seed, index) {
        const notes = new CaseNotes();
        await one(corpus, (seed - 1) * SEED_STRIDE + index + 1, notes);
        return notes;
      },
      close: async () => folder.remove(),
    };
  };

const count = (tally: CaseResult['tally'], what: string): number => tally[what] ?? 0;

export const DAMAGE_PROOF: Proof = {
  name: 'damage',
  claim:
    'Every backup whose stored bytes were damaged is found by reading them again; where size, hashes and records were made to agree with the damage, unless a restore would give the very same rows.',
  cases: 100_000,
  figures: (damaged, tally) => ({
    'damaged backups': damaged,
    found: count(tally, 'found'),
    'not found, since what they restore to is the same': count(tally, 'harmless'),
    'not found, since all rows are the same (definitions differ)': count(tally, 'definitionsOnly'),
  }),
  never: ['called intact though rows differ'],
  missing: (tally) => DAMAGE_KINDS.filter((kind) => !tally[`damage: ${kind}`]).map((kind) => `no ${kind}`),
  open: overCorpus(async (corpus, number, notes) => {
    const { verdict, name } = await damageOne(corpus, number);
    if (verdict === 'missed' || verdict === 'unread') notes.violate(`seed ${number}: ${verdict}: ${name}`);
    const [kind, format, concealed] = name.split(' | ');
    for (const what of [verdict, `damage: ${kind}`, `format: ${format}`, `concealed by: ${concealed}`]) notes.count(what);
  }),
};

/** Receptions of each of the two, as `restore: refused`. */
const receptions = (who: 'restore' | 'drill', tally: CaseResult['tally']): Readonly<Record<string, number>> => ({
  [`refused by ${who}`]: count(tally, `${who}: refused`),
  [`${who}: what comes of it is what was backed up`]: count(tally, `${who}: same`),
  [`${who}: only a server can tell`]: count(tally, `${who}: server`),
});

export const REFUSAL_PROOF: Proof = {
  name: 'refusals',
  claim:
    'No restore and no drill takes a damaged backup for the one that was made: the same cases as those of damage, up to where a server is asked. What only a server can tell is the matter of drills.',
  cases: 100_000,
  figures: (damaged, tally) => ({
    'damaged backups': damaged,
    ...receptions('restore', tally),
    ...receptions('drill', tally),
  }),
  never: ['taken'],
  missing: (tally) => DAMAGE_KINDS.filter((kind) => !tally[`damage: ${kind}`]).map((kind) => `no ${kind}`),
  open: overCorpus(async (corpus, number, notes) => {
    const { name, restore, drill } = await receive(corpus, number);
    if (restore === 'taken' || drill === 'taken') notes.violate(`seed ${number}: restore ${restore}, drill ${drill}: ${name}`);
    const [kind, format] = name.split(' | ');
    for (const what of [`restore: ${restore}`, `drill: ${drill ?? 'not asked'}`, `damage: ${kind}`, `format: ${format}`])
      notes.count(what);
  }),
};

export const INTACT_PROOF: Proof = {
  name: 'intact',
  claim: 'No backup that is intact is refused when its bytes are read again, in whatever pieces they come.',
  cases: 10_000,
  figures: (looks) => ({ 'intact backups read': looks }),
  never: ['refused'],
  missing: () => [],
  open: overCorpus(async (corpus, number, notes) => {
    const said = await lookAtIntact(corpus, number);
    if (said !== undefined) notes.violate(said);
  }),
};
