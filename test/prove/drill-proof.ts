import { processGroup } from '../../lib/local/servers/process-group.ts';
import { drillCases } from '../support/drill-cases.ts';
import { CaseNotes } from '../support/faults/case-result.ts';
import type { Proof } from './proof.ts';

/** Drills of intact backups in one case, and as many of damaged ones: servers and databases are made anew for each case. */
const EACH = 50;

/** Cases of one seed lie beside those of the next. */
const SEED_STRIDE = 10_000;

export const DRILL_PROOF: Proof = {
  name: 'drills',
  claim: 'No drill of a damaged backup passes, unless it restores to the very same, and no drill of an intact backup fails.',
  cases: 1_000 / EACH,
  figures: (_, tally) => ({
    'drills of intact backups': tally.intact ?? 0,
    'drills of damaged backups': tally.damaged ?? 0,
    'of them with a manifest that was made to agree': tally.resealed ?? 0,
    'harmless: the archive restores to the same': tally.harmless ?? 0,
  }),
  never: ['false passes', 'false failures'],
  missing: () => [],
  open: async (toolchain) => {
    // the rigs of tests find it there
    process.env.NIGHTPROOF_TOOLCHAIN = JSON.stringify(toolchain);
    const majors = [...new Set(toolchain.postgres.filter(({ hasServer }) => hasServer).map(({ major }) => major))];
    return { parallel: 1, run: (seed, index) => drills(seed * SEED_STRIDE + index, majors), close: async () => undefined };
  },
};

async function drills(seed: number, majors: readonly number[]): Promise<CaseNotes> {
  const folder = processGroup.folder('drills');
  const notes = new CaseNotes();
  try {
    const tally = await drillCases({ seed, each: EACH, majors, folder: folder.path });
    for (const what of ['intact', 'damaged', 'resealed'] as const) notes.count(what, tally[what]);
    notes.count('harmless', tally.harmless.length);
    for (const [what, times] of Object.entries(tally.found)) notes.count(`found: ${what}`, times);
    for (const kind of tally.falsePasses) notes.violate(`a drill passed in spite of ${kind}`);
    for (const said of tally.falseFailures) notes.violate(`a drill of an intact backup failed: ${said}`);
    notes.measure('seconds of a restore', Math.ceil(tally.restoreSeconds.at(-1) ?? 0));
  } finally {
    folder.remove();
  }
  return notes;
}
