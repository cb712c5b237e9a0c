import { expect, it } from 'vitest';
import { DatabaseRig } from '../../support/database-rig.ts';
import { drillCases } from '../../support/drill-cases.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';

// The short slice of a proof: 1,000 of each are run by `npm run prove`.
it('never calls a damaged backup good, nor a good one bad: 20 of each', async () => {
  const tally = await drillCases({ seed: 20_260_419, each: 20, majors: await DatabaseRig.majors(), folder: scratchFolder() });
  expect(tally).toMatchObject({ intact: 20, damaged: 20, falsePasses: [], falseFailures: [] });
  expect(tally.resealed).toBeGreaterThanOrEqual(10);
  expect(Object.keys(tally.found).filter((found) => found.endsWith('difference')).length).toBeGreaterThanOrEqual(4);
}, 300_000);
