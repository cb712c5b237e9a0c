import { describe, expect, it } from 'vitest';
import { DrillOutput, DrillStartedOutput } from '../../lib/cli/drill/drill-output.ts';
import type { ExecutionState } from '../../lib/cli/place/backend.ts';
import { slotOf } from '../../lib/domain/time/slot.ts';
import { backendOver, cli, opened, transcript } from '../support/cli-rig.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import { SUNDAY } from '../support/night.ts';
import { DRILL, differs, drillEnded, drilled, drillPlan, secondsAfter } from './operations.ts';

const APP = `daily/app_${SUNDAY}.dump`;
const CRM = `daily/crm_${SUNDAY}.dump`;
const UPLOADS = `daily/uploads_${SUNDAY}.tar.gz`;
const AT = slotOf(secondsAfter(0));

const running: ExecutionState = { status: 'running' };
const succeeded: ExecutionState = { status: 'succeeded', output: {} };
const failed: ExecutionState = { status: 'failed', error: 'Nightproof.DrillFailed', cause: '1 of 3 failed' };

const next = (left: (() => unknown)[]): void => {
  left.shift()?.();
};

describe('drill', () => {
  it('follows the drills, and names what failed first: the table and the difference', async () => {
    const vault = new MemoryVault();
    const plan = drillPlan(vault, [APP, CRM, UPLOADS], {
      reason: 'after the upgrade',
      passedOver: [{ sourceId: 'legacy', why: 'it has no verified backup' }],
    });
    const app = () =>
      drilled(vault, APP, AT, {
        skipped: ['EVENT TRIGGER - audit'],
        probes: [{ sql: 'SELECT count(*) > 0 FROM orders', passed: true, answer: 't' }],
      });
    const crm = () => drilled(vault, CRM, AT, differs('public.orders', '41 rows, backed up were 42'));
    const left = [() => undefined, app, crm, () => drillEnded(vault, plan, [app(), crm()])];
    const states = [...left.map(() => running), failed];
    const backend = backendOver(vault, { states });

    const args = ['drill', '--source', 'app', '--source', 'crm', '--pick', '7d', '--reason', 'after the upgrade'];
    const result = await cli(args, { backend, pause: async () => next(left) });

    await expect(transcript(args, result)).toMatchFileSnapshot('golden/drill-failed.txt');
    expect(backend.machines).toEqual(['drill']);
    expect(backend.inputs).toEqual([{ sources: ['app', 'crm'], pick: { age: '7d' }, reason: 'after the upgrade' }]);
    expect(opened.map(({ purpose }) => purpose)).toEqual([{ does: 'drill', config: 'nightproof.yaml' }]);
  });

  it('does not call damaged what is written between two looks', async () => {
    const vault = new MemoryVault();
    const head = vault.head.bind(vault);
    vault.head = async (key) => {
      if (key.startsWith('drills/plans/') && vault.keys('drills/plans/').length === 0)
        drillEnded(vault, drillPlan(vault, [APP]), [drilled(vault, APP, AT)]);
      return head(key);
    };

    const { code, stdout } = await cli(['drill'], { backend: backendOver(vault, { states: [succeeded] }) });

    expect({ code, findings: stdout.includes('FINDINGS') }).toEqual({ code: 0, findings: false });
  });

  it('ends with 0 where all passed, and shows it again', async () => {
    const vault = new MemoryVault();
    const plan = drillPlan(vault, [APP]);
    drillEnded(vault, plan, [drilled(vault, APP, AT)]);

    const result = await cli(['drill', APP], { backend: backendOver(vault, { states: [succeeded] }) });
    const shown = await cli(['show', DRILL], { backend: backendOver(vault) });

    expect(result).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`Drill ${DRILL}: PASSED, 1 of 1 backup restored and compared\n`),
    });
    expect(shown).toMatchObject({ code: 0, stdout: result.stdout });
  });

  it('counts a drill that left no word as failed, and one run without any as no proof', async () => {
    const vault = new MemoryVault();
    drillEnded(vault, drillPlan(vault, [APP, CRM]), [drilled(vault, APP, AT)]);
    const silent = await cli(['drill'], { backend: backendOver(vault, { states: [failed] }) });
    const empty = new MemoryVault();
    drillEnded(empty, drillPlan(empty, [], { passedOver: [{ sourceId: 'app', why: 'it has no verified backup' }] }), []);
    const nothing = await cli(['drill'], { backend: backendOver(empty, { states: [succeeded] }) });

    expect(silent).toMatchObject({ code: 1, stdout: expect.stringContaining(`FAILED  ${CRM}\n  Reason      interrupted: `) });
    expect(nothing).toMatchObject({ code: 1, stdout: expect.stringContaining('app: it has no verified backup') });
  });

  it('redraws the drills on a terminal', async () => {
    const vault = new MemoryVault();
    const plan = drillPlan(vault, [APP, CRM]);
    const left = [
      () => drilled(vault, APP, AT),
      () => drillEnded(vault, plan, [drilled(vault, APP, AT), drilled(vault, CRM, AT, differs('public.orders', 'is missing'))]),
    ];
    const states = [running, running, failed];

    const { stderr } = await cli(['drill'], {
      backend: backendOver(vault, { states }),
      pause: async () => next(left),
      columns: 80,
      now: secondsAfter(60),
    });

    expect(stderr).toContain('app  under way\n');
    expect(stderr).toContain('✔ app  passed (restored in 34 s; 12 tables, 1,204,331 rows as they were backed');
    expect(stderr).toContain('✖ crm  FAILED in compare (difference: 1 table differs: public.orders)\n');
    expect(stderr).toContain('✔ 2 of 2 drilled\n');
    expect(stderr.split('\n').filter((line) => line.length > 80 + 10)).toEqual([]);
  });

  it('prints JSON of closed schemas', async () => {
    const vault = new MemoryVault();
    drillEnded(vault, drillPlan(vault, [APP]), [drilled(vault, APP, AT, differs('public.orders', 'is missing'))]);

    const waited = await cli(['drill', '--json'], { backend: backendOver(vault, { states: [failed] }) });
    const left = await cli(['drill', '--no-wait', '--json'], { backend: backendOver(new MemoryVault()) });

    expect(waited.code).toBe(1);
    expect(DrillOutput.parse(JSON.parse(waited.stdout))).toMatchObject({
      status: 'failed',
      drills: [{ key: APP, result: 'failed', evidence: { differences: [{ what: 'public.orders' }] } }],
    });
    expect(DrillStartedOutput.parse(JSON.parse(left.stdout))).toMatchObject({ name: DRILL });
  });

  it('ends with 1 and says where to look where it was aborted', async () => {
    const vault = new MemoryVault();
    drillPlan(vault, [APP]);

    expect(
      await cli(['drill'], { backend: backendOver(vault, { states: [{ status: 'stopped', how: 'aborted' }] }) }),
    ).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the drill was aborted before its report'),
    });
  });

  it('is not called running by show where its execution is over and left no record', async () => {
    const vault = new MemoryVault();
    drillPlan(vault, [APP]);
    const stateOf = async () => ({ status: 'stopped', how: 'aborted' }) as const;

    expect(await cli(['show', DRILL], { backend: backendOver(vault, { stateOf }) })).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('ABORTED, WITHOUT A RECORD, 0 of 1 backup'),
    });
  });

  it('ends with 130 on Ctrl-C, and goes on', async () => {
    const interrupt = new AbortController();

    expect(
      await cli(['drill'], {
        backend: backendOver(new MemoryVault(), { states: [running] }),
        interrupt: interrupt.signal,
        pause: async () => interrupt.abort(),
      }),
    ).toMatchObject({ code: 130, stderr: expect.stringContaining(`Look at it with: nightproof show ${DRILL}`) });
  });
});
