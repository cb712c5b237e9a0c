import { beforeEach, expect, it } from 'vitest';
import { planKey, runRecordKey } from '../../lib/domain/backup/keys.ts';
import type { Slot } from '../../lib/domain/time/slot.ts';
import { pastRuns } from '../../lib/runtime/past-runs.ts';
import { MemoryVault } from '../support/memory-vault.ts';

const slot = (text: string): Slot => text as Slot;
let vault: MemoryVault;

beforeEach(() => {
  vault = new MemoryVault();
  for (const at of ['20260228_020000', '20260301_020000', '20260302_020000', '20260302_111500'])
    vault.put(planKey({ slot: slot(at), attempt: 1 }), {});
  vault.put(planKey({ slot: slot('20260301_030000'), plan: 'media', attempt: 1 }), {});
  vault.put(planKey({ slot: slot('20260301_020000'), attempt: 2 }), {});
  // a record without a plan: its run never began
  vault.put(runRecordKey({ slot: slot('20260227_020000'), attempt: 1 }), {});
});

async function slots(plan: string, upTo: string): Promise<string[]> {
  const found: string[] = [];
  for await (const run of pastRuns(vault, plan, slot(upTo))) found.push(`${run.slot} ${run.keys.length}`);
  return found;
}

it('tells the runs of a plan, newest first, over months, with all attempts', async () => {
  expect(await slots('nightly', '20260302_111500')).toEqual([
    '20260302_111500 1',
    '20260302_020000 1',
    '20260301_020000 2',
    '20260228_020000 1',
  ]);
});

it('leaves out what is newer, and other plans', async () => {
  expect(await slots('nightly', '20260302_020000')).toHaveLength(3);
  expect(await slots('media', '20260302_020000')).toEqual(['20260301_030000 1']);
  expect(await slots('other', '20260302_020000')).toEqual([]);
});
