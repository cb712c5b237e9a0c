import { describe, expect, it } from 'vitest';
import { installedSchedule } from '../../lib/cli/doctor/installed-schedule.ts';
import type { InstalledSchedule, Operations } from '../../lib/cli/place/operations.ts';
import { StatusOutput } from '../../lib/cli/status/status-output.ts';
import { runRecordKey } from '../../lib/domain/backup/keys.ts';
import type { Plan } from '../../lib/domain/run/plan.ts';
import { buildRunRecord } from '../../lib/domain/run/run-record.ts';
import type { ConfiguredSource, Source } from '../../lib/domain/source/source.ts';
import { slotOf } from '../../lib/domain/time/slot.ts';
import { backendOver, cli, transcript } from '../support/cli-rig.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import {
  begun,
  execution,
  failedOutcome,
  minutesAfter,
  planOf,
  SUNDAY,
  slotBefore,
  sourceOf,
  verifiedOutcome,
} from '../support/night.ts';
import { datedFolderOf, datedFoldersOf, filesOf, serverOf } from '../support/sources.ts';
import { backedUp, foundIn } from './kinds.ts';

const APP = sourceOf('app');
const CRM = sourceOf('crm');
const UPLOADS = filesOf('uploads');

const schedule = (plan: string, cron: string, facts: { state?: string; since?: Date } = {}): InstalledSchedule =>
  installedSchedule({
    name: `nightproof-${plan}`,
    expression: `cron(${cron} *)`,
    timeZone: 'UTC',
    state: facts.state ?? 'ENABLED',
    input: JSON.stringify({ scheduledTime: '<aws.scheduler.scheduled-time>', plan }),
    since: facts.since,
  });

const NIGHTLY = schedule('nightly', '0 2 * * ?');
const MEDIA = schedule('media', '0 3 ? * SUN');

function operations(facts: Partial<Operations> = {}): Operations & { readonly closed: () => boolean } {
  let closed = false;
  return {
    schedules: async () => [NIGHTLY, MEDIA],
    running: async () => [],
    alarms: async () => [],
    checks: async () => [],
    close: () => {
      closed = true;
    },
    closed: () => closed,
    ...facts,
  };
}

function night(vault: MemoryVault, plan: Plan, verified: readonly Source[], failed: readonly ConfiguredSource[] = []): void {
  begun(vault, plan);
  for (const source of verified) backedUp(vault, source, plan.slot);
  const outcomes = [
    ...verified.map(({ id }) => verifiedOutcome(id, plan.slot)),
    ...failed.map(({ id }) => failedOutcome(id, plan.slot, 'unreachable')),
  ];
  const retention = { result: 'done' as const, kept: 3, removed: 0, warnings: [] };
  vault.put(runRecordKey(plan), buildRunRecord({ plan, outcomes, retention, finishedAt: minutesAfter(plan.slot, 9) }));
}

/** Media's Sunday is an hour after the nightly slot. */
const MEDIA_SLOT = slotOf(minutesAfter(SUNDAY, 60));

/** Some good nights and the Sunday of media; everything is there. */
function goodVault(): MemoryVault {
  const vault = new MemoryVault();
  for (const days of [0, 1, 2]) night(vault, planOf([APP, CRM], { slot: slotBefore(SUNDAY, days) }), [APP, CRM]);
  night(vault, planOf([UPLOADS], { plan: 'media', slot: MEDIA_SLOT }), [UPLOADS]);
  return vault;
}

async function ask(vault: MemoryVault, now: Date, facts: Partial<Operations> = {}) {
  const backend = backendOver(vault, { operations: async () => operations(facts) });
  const { code, stdout } = await cli(['status', '--json'], { backend, now });
  const output = StatusOutput.parse(JSON.parse(stdout));
  const states = Object.fromEntries(output.sources.map(({ sourceId, freshness }) => [sourceId, freshness]));
  return { code, output, states, plans: Object.fromEntries(output.plans.map(({ plan, freshness }) => [plan, freshness])) };
}

describe('status', () => {
  it('shows a good morning, as in golden/status.txt', async () => {
    const around = operations();
    const backend = backendOver(goodVault(), { operations: async () => around });
    const args = ['status'];

    const result = await cli(args, { backend, now: minutesAfter(SUNDAY, 7 * 60) });

    await expect(transcript(args, result)).toMatchFileSnapshot('golden/status.txt');
    expect({ operations: around.closed(), backend: backend.closed() }).toEqual({ operations: true, backend: true });
  });

  it('shows a bad one, as in golden/status-overdue.txt', async () => {
    const vault = goodVault();
    night(vault, planOf([APP, CRM], { slot: slotBefore(SUNDAY, -1) }), [APP], [CRM]);
    backedUp(vault, sourceOf('legacy'), slotBefore(SUNDAY, 40));
    const backend = backendOver(vault, {
      operations: async () =>
        operations({
          schedules: async () => [NIGHTLY, schedule('media', '0 3 ? * SUN', { state: 'DISABLED' })],
          running: async () => [{ executionArn: execution('by-hand'), startedAt: minutesAfter(SUNDAY, 1470) }],
          alarms: async () => [
            {
              name: 'nightproof-StartsLost',
              since: minutesAfter(SUNDAY, 1400),
              description: 'Impact: a nightly run was never started.',
            },
          ],
        }),
    });
    const args = ['status'];

    await expect(transcript(args, await cli(args, { backend, now: minutesAfter(SUNDAY, 1500 + 10) }))).toMatchFileSnapshot(
      'golden/status-overdue.txt',
    );
  });

  it.each([
    [24 * 60 + 59, 'ok', 0],
    [25 * 60, 'overdue', 1],
  ] as const)(
    'calls the backup of a nightly plan overdue from 25 hours on: after %i minutes it is %s',
    async (minutes, state, code) => {
      const { states, plans, code: ended } = await ask(goodVault(), minutesAfter(SUNDAY, minutes));

      expect({ state: states.app, plan: plans.nightly, code: ended }).toEqual({ state, plan: state, code });
    },
  );

  it('waits a week for a weekly plan', async () => {
    const at = async (minutes: number) => (await ask(goodVault(), minutesAfter(MEDIA_SLOT, minutes))).states.uploads;

    expect([await at(7 * 1440 + 59), await at(7 * 1440 + 60)]).toEqual(['ok', 'overdue']);
  });

  it('does not call overdue what a run is about to make', async () => {
    const vault = goodVault();
    const tonight = slotBefore(SUNDAY, -1);
    begun(vault, planOf([APP, CRM], { slot: tonight }));
    backedUp(vault, APP, tonight);

    const { code, states } = await ask(vault, minutesAfter(tonight, 90));
    const lost = await ask(vault, minutesAfter(tonight, 14 * 60));

    expect({ code, states }).toMatchObject({ code: 0, states: { app: 'ok', crm: 'running' } });
    expect(lost).toMatchObject({ code: 1, states: { app: 'ok', crm: 'overdue' } });
    expect(lost.output.plans[0]).toMatchObject({ lastState: 'lost', lastStatus: null });
  });

  it('is overdue where a plan has never run though it should have, but not for times before it was installed', async () => {
    const now = minutesAfter(SUNDAY, 300);
    const never = (since: Date) =>
      ask(new MemoryVault(), now, { schedules: async () => [schedule('nightly', '0 2 * * ?', { since })] });

    expect(await never(minutesAfter(SUNDAY, -60))).toMatchObject({ code: 1, plans: { nightly: 'overdue' } });
    expect(await never(minutesAfter(SUNDAY, 60))).toMatchObject({ code: 0, plans: { nightly: 'ok' } });
  });

  it('asks nothing of a plan whose schedule is disabled, and says so', async () => {
    const { code, output, states } = await ask(goodVault(), minutesAfter(SUNDAY, 9999), {
      schedules: async () => [schedule('nightly', '0 2 * * ?', { state: 'DISABLED' })],
    });

    expect({ code, states }).toEqual({ code: 0, states: { app: 'unscheduled', crm: 'unscheduled', uploads: 'unscheduled' } });
    expect(output.plans[0]).toMatchObject({ enabled: false, nextAt: null, freshness: 'unscheduled' });
  });

  it('goes by the last run of the whole plan, not by one of some sources by hand', async () => {
    const vault = goodVault();
    night(vault, planOf([APP], { slot: slotBefore(SUNDAY, -1), trigger: 'manual', named: true }), [APP]);

    const { states } = await ask(vault, minutesAfter(SUNDAY, 25 * 60 + 1));

    expect(states).toMatchObject({ app: 'ok', crm: 'overdue' });
  });

  it('counts only a backup whose object is there', async () => {
    const vault = goodVault();
    await vault.remove([`daily/app_${SUNDAY}.dump`]);

    const { output } = await ask(vault, minutesAfter(SUNDAY, 61));

    expect(output.sources.find(({ sourceId }) => sourceId === 'app')).toMatchObject({
      newest: slotBefore(SUNDAY, 1),
      freshness: 'overdue',
      overdueSince: '2026-04-19T02:00:00.000Z',
    });
  });

  it('holds a server that could not be looked into to all that it ever found', async () => {
    const vault = new MemoryVault();
    const main = serverOf('main');
    const found = (id: string) => ({ ...sourceOf(id), foundBy: 'main' });
    const before = planOf([main], { slot: slotBefore(SUNDAY, 1) });
    night(vault, before, [found('main-app')]);
    foundIn(vault, before, { sources: [found('main-app')] });
    const tonight = planOf([main, serverOf('new')]);
    night(vault, tonight, [], [main]);
    foundIn(vault, tonight, { failedGroups: ['main', 'new'] });

    const { code, states } = await ask(vault, minutesAfter(SUNDAY, 61));

    expect({ code, states }).toEqual({ code: 1, states: { 'main-app': 'overdue', new: 'overdue' } });
  });

  it('shows dated folders by the newest date, and never calls them overdue', async () => {
    const vault = new MemoryVault();
    const rpps = datedFoldersOf('rpps');
    const plan = planOf([APP, rpps]);
    night(vault, plan, [APP]);
    foundIn(vault, plan, { sources: [datedFolderOf('rpps', '2026-04-15')] });
    for (const date of ['2026-04-15', '2026-04-08']) backedUp(vault, datedFolderOf('rpps', date), SUNDAY);

    const { code, output } = await ask(vault, minutesAfter(SUNDAY, 61), { schedules: async () => [NIGHTLY] });

    expect(code).toBe(0);
    expect(output.sources).toEqual([
      expect.objectContaining({ sourceId: 'app', freshness: 'ok' }),
      expect.objectContaining({ sourceId: 'rpps', newest: '20260415_000000', freshness: 'unscheduled' }),
    ]);
  });

  it('names the next run in the zone of the schedule, over a night that the clocks leave out', async () => {
    const paris = { ...NIGHTLY, timeZone: 'Europe/Paris' };

    const { output } = await ask(new MemoryVault(), new Date('2026-03-28T12:00:00Z'), {
      schedules: async () => [{ ...paris, since: new Date('2026-03-28T11:00:00Z') }],
    });

    expect(output.plans[0]?.nextAt).toBe('2026-03-30T00:00:00.000Z');
  });
});
