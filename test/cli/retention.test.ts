import { describe, expect, it } from 'vitest';
import { retain } from '../../functions/retain/retain.ts';
import { RetentionOutput } from '../../lib/cli/retention/retention-output.ts';
import { retentionKey } from '../../lib/domain/backup/keys.ts';
import { RetentionRecord } from '../../lib/domain/retention/retention-record.ts';
import type { Plan } from '../../lib/domain/run/plan.ts';
import type { Keep, Source } from '../../lib/domain/source/source.ts';
import { backendOver, cli, opened, transcript } from '../support/cli-rig.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { backup, begun, minutesAfter, planOf, SUNDAY, settled, slotBefore, sourceOf, verifiedOutcome } from '../support/night.ts';
import { datedFolderOf, datedFoldersOf, filesOf } from '../support/sources.ts';
import { backedUp, foundIn } from './kinds.ts';

const APP = sourceOf('app', { keep: { daily: '3d', weekly: 2 } });
const UPLOADS = filesOf('uploads', { keep: { daily: 2, weekly: 'forever' } });
const NOW = minutesAfter(SUNDAY, 10);

/** Verifies these sources in a night. */
function night(vault: MemoryVault, plan: Plan, sources: readonly Source[]): void {
  begun(vault, plan);
  for (const source of sources) {
    backedUp(vault, source, plan.slot);
    settled(vault, plan, verifiedOutcome(source.id, plan.slot));
  }
}

/** Some weeks of nights of two sources. */
function weeks(): MemoryVault {
  const vault = new MemoryVault();
  for (let days = 20; days >= 0; days--) night(vault, planOf([APP, UPLOADS], { slot: slotBefore(SUNDAY, days) }), [APP, UPLOADS]);
  for (const days of [0, 7, 14, 21]) backup(vault, 'app', slotBefore(SUNDAY, days), 'weekly');
  return vault;
}

const forecast = async (vault: MemoryVault, ...args: string[]) => {
  const { code, stdout } = await cli(['retention', '--dry-run', '--json', ...args], { backend: backendOver(vault), now: NOW });
  return { code, output: RetentionOutput.parse(JSON.parse(stdout)) };
};

const byKey = (vault: MemoryVault): string[] => vault.keys().sort();

describe('retention', () => {
  it('shows what would go and why the rest stays, as in golden/retention.txt', async () => {
    const vault = new MemoryVault();
    for (const days of [0, 1, 2, 5]) night(vault, planOf([APP], { slot: slotBefore(SUNDAY, days) }), [APP]);
    for (const days of [0, 7, 14]) backup(vault, 'app', slotBefore(SUNDAY, days), 'weekly');
    backedUp(vault, datedFolderOf('rpps', '2026-04-15'), SUNDAY);
    const args = ['retention', '--dry-run'];

    await expect(transcript(args, await cli(args, { backend: backendOver(vault), now: NOW }))).toMatchFileSnapshot(
      'golden/retention.txt',
    );
  });

  it.each([
    ['', []],
    [
      ', also of backups whose object is gone',
      [`daily/app_${slotBefore(SUNDAY, 1)}.dump`, `daily/app_${slotBefore(SUNDAY, 9)}.dump`],
    ],
  ])('decides as the run itself does%s', async (_, gone) => {
    const vault = weeks();
    await vault.remove(gone);
    const { output } = await forecast(vault);

    const plan = planOf([APP, UPLOADS]);
    const { removed, kept } = await retain({ vault, now: () => NOW })({ planKey: `runs/2026/04/${SUNDAY}/plan.json` });

    const record = RetentionRecord.parse(vault.json(retentionKey(plan)));
    expect(removed).toBeGreaterThan(20);
    expect({ removed: output.removed, kept: output.kept }).toEqual({ removed, kept });
    for (const source of record.sources) {
      const told = output.sources.find(({ sourceId }) => sourceId === source.sourceId);
      expect(told?.decisions).toEqual(source.result === 'decided' ? source.decisions : []);
    }
  });

  it('goes by what the last run decided: what has vanished since stops every removal', async () => {
    const vault = weeks();
    const plan = planOf([APP, UPLOADS]);
    await retain({ vault, now: () => NOW })({ planKey: `runs/2026/04/${SUNDAY}/plan.json` });
    const record = RetentionRecord.parse(vault.json(retentionKey(plan)));
    // as if the last run had kept twenty more
    const kept = Array.from({ length: 20 }, (_, n) => slotBefore(SUNDAY, 30 + n));
    vault.put(retentionKey(plan), {
      ...record,
      sources: record.sources.map((source) =>
        source.result === 'decided'
          ? {
              ...source,
              decisions: [
                ...source.decisions,
                ...kept.map((slot) => ({
                  key: `daily/${source.sourceId}_${slot}.dump`,
                  tier: 'daily',
                  slot,
                  action: 'keep',
                  reasons: [{ code: 'forever', text: 'x' }],
                })),
              ],
            }
          : source,
      ),
    });

    const { output } = await forecast(vault, 'app');

    expect(output.removed).toBe(0);
    expect(output.sources[0]?.decisions[0]?.reasons[0]?.code).toBe('listing-in-doubt');
  });

  it('keeps the newest complete set, whatever the rules say of its age', async () => {
    const vault = new MemoryVault();
    const short: Keep = { daily: '1d' };
    const app = { ...APP, keep: short };
    const uploads = { ...UPLOADS, keep: short };
    night(vault, planOf([app, uploads], { slot: slotBefore(SUNDAY, 5) }), [app, uploads]);
    for (const days of [3, 2, 1, 0]) night(vault, planOf([app, uploads], { slot: slotBefore(SUNDAY, days) }), [app]);

    const { output } = await forecast(vault, 'app');

    const kept = output.sources[0]?.decisions
      .filter(({ action }) => action === 'keep')
      .map(({ slot, reasons }) => [slot, reasons.at(-1)?.code]);
    expect(kept).toContainEqual([slotBefore(SUNDAY, 5), 'floor-newest-set']);
    expect(output.removed).toBe(2);
  });

  it('keeps the set that the last run protected, though records of it are gone', async () => {
    const vault = new MemoryVault();
    const app = { ...APP, keep: { daily: '1d' } };
    for (const days of [5, 3, 2, 1]) backup(vault, 'app', slotBefore(SUNDAY, days));
    const plan = planOf([app, UPLOADS]);
    night(vault, plan, [app]);
    vault.put(retentionKey(plan), {
      version: 1,
      slot: SUNDAY,
      attempt: 1,
      at: NOW.toISOString(),
      sources: [{ result: 'decided', sourceId: 'app', decisions: [], sets: [slotBefore(SUNDAY, 5)] }],
    } satisfies RetentionRecord);

    const { output } = await forecast(vault, 'app');

    expect(output.sources[0]?.decisions.at(-1)).toMatchObject({ slot: slotBefore(SUNDAY, 5), action: 'keep' });
    expect(output.removed).toBe(2);
  });

  it('takes the rules of the newest run of each source, also of those that a group found', async () => {
    const vault = new MemoryVault();
    const found = { ...sourceOf('main-app', { keep: { daily: '2d' } }), foundBy: 'main' };
    for (const days of [9, 4, 1, 0]) {
      const plan = planOf([datedFoldersOf('rpps')], { slot: slotBefore(SUNDAY, days) });
      night(vault, plan, [days === 0 ? found : { ...found, keep: { daily: 'forever' } }]);
      foundIn(vault, plan, { sources: [days === 0 ? found : { ...found, keep: { daily: 'forever' } }] });
    }

    const { output } = await forecast(vault, 'main-app');

    expect(output.sources).toMatchObject([{ sourceId: 'main-app', keep: { daily: '2d' } }]);
    expect(output.removed).toBe(2);
  });

  it('decides nothing on a source of which no run is left, and says so', async () => {
    const vault = new MemoryVault();
    for (const days of [0, 100, 200]) backup(vault, 'legacy', slotBefore(SUNDAY, days));

    const { output } = await forecast(vault);

    expect(output).toMatchObject({
      kept: 0,
      removed: 0,
      sources: [{ sourceId: 'legacy', decisions: [], undecided: expect.stringContaining('no run removes anything') }],
    });
  });

  it('changes nothing in the vault, with --dry-run or without', async () => {
    const vault = weeks();
    const before = byKey(vault);

    const [said, unsaid] = [await forecast(vault), await cli(['retention', '--json'], { backend: backendOver(vault), now: NOW })];

    expect(RetentionOutput.parse(JSON.parse(unsaid.stdout))).toEqual(said.output);
    expect(byKey(vault)).toEqual(before);
    expect(vault.removals).toEqual([]);
    expect(opened[0]?.purpose).toEqual({ does: 'read' });
  });

  it('reads no backup and no manifest but the newest of each source', async () => {
    const vault = weeks().failing('readJson', slotBefore(SUNDAY, 1));

    expect((await forecast(vault)).code).toBe(0);
    expect(vault.unmetFaults).toBe(1);
  });

  it('ends with 1 where there is nothing to decide on, and with 2 for what is no id', async () => {
    const backend = backendOver(new MemoryVault());

    expect(await cli(['retention', 'app'], { backend })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no backup of app'),
    });
    expect(await cli(['retention', 'a b'], { backend })).toMatchObject({ code: 2 });
  });
});
