import { describe, expect, it } from 'vitest';
import type { Backend, ExecutionState } from '../../lib/cli/place/backend.ts';
import { NothingToDoOutput, RunOutput, StartedOutput } from '../../lib/cli/run/run-output.ts';
import { artifactKey, manifestKey, retentionKey, runRecordKey, tryKey } from '../../lib/domain/backup/keys.ts';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { RetentionSummary } from '../../lib/domain/retention/retention-record.ts';
import type { Plan } from '../../lib/domain/run/plan.ts';
import { buildRunRecord } from '../../lib/domain/run/run-record.ts';
import type { SourceOutcome } from '../../lib/domain/run/source-outcome.ts';
import { backendOver, type CliOptions, cli, opened, transcript } from '../support/cli-rig.ts';
import { MemoryVault } from '../support/memory-vault.ts';
import {
  begun,
  execution,
  failedOutcome,
  failedTry,
  manifestOf,
  minutesAfter,
  planOf,
  SUNDAY,
  settled,
  sourceOf,
  verifiedOutcome,
} from '../support/night.ts';

const PLAN = planOf(
  ['app', 'crm'].map((id) => sourceOf(id)),
  { trigger: 'manual' },
);
const RETENTION: RetentionSummary = { result: 'done', kept: 34, removed: 2, warnings: [] };

/** Begins a movement of the cursor. */
const ESCAPE = '\u001b';

const running: ExecutionState = { status: 'running' };
const succeeded: ExecutionState = { status: 'succeeded', output: { status: 'ok', summary: 'all well' } };
const nightFailed: ExecutionState = { status: 'failed', error: 'Nightproof.NightFailed', cause: '1 of 2 failed' };

function record(vault: MemoryVault, plan: Plan, outcomes: readonly SourceOutcome[]): void {
  for (const outcome of outcomes) settled(vault, plan, outcome);
  vault.put(retentionKey(plan), {});
  vault.put(runRecordKey(plan), buildRunRecord({ plan, outcomes, retention: RETENTION, finishedAt: minutesAfter(SUNDAY, 9) }));
}

const receipt = (vault: MemoryVault, id: string, n: number): void =>
  vault.put(tryKey(SUNDAY, id, n), { result: 'receipt', receipt: manifestOf(id, SUNDAY, Buffer.from('dump')).receipt });

const manifest = (vault: MemoryVault, id: string): void =>
  vault.put(
    manifestKey(artifactKey({ tier: 'daily', sourceId: id, slot: SUNDAY, format: 'dump' })),
    manifestOf(id, SUNDAY, Buffer.from('dump')),
  );

/** A night that goes on while the CLI waits: each wait lets the next thing happen. */
function night(things: readonly (() => void)[], last: ExecutionState): { states: ExecutionState[]; pause: () => Promise<void> } {
  const left = [...things];
  return {
    states: [...things.map(() => running), last],
    pause: async () => left.shift()?.(),
  };
}

describe('run', () => {
  it('follows a run to its end, a line for each event, then prints its report', async () => {
    const vault = new MemoryVault();
    const { states, pause } = night(
      [
        () => begun(vault, PLAN),
        () => receipt(vault, 'app', 1),
        () => failedTry(vault, 'crm', SUNDAY, 1, 'unreachable', minutesAfter(SUNDAY, 2)),
        () => manifest(vault, 'app'),
        () => settled(vault, PLAN, verifiedOutcome('app', SUNDAY)),
        () =>
          record(vault, PLAN, [
            verifiedOutcome('app', SUNDAY),
            { ...failedOutcome('crm', SUNDAY, 'auth'), tries: 2 } as SourceOutcome,
          ]),
      ],
      nightFailed,
    );
    const backend = backendOver(vault, { states });

    const args = ['run', 'app', 'crm', '--reason', 'test'];
    const result = await cli(args, { backend, pause });

    await expect(transcript(args, result)).toMatchFileSnapshot('golden/run-failed.txt');
    expect(backend.inputs).toEqual([{ sources: ['app', 'crm'], reason: 'test' }]);
    expect(opened).toEqual([
      {
        place: { stack: 'nightproof' },
        purpose: { does: 'run', config: 'nightproof.yaml', input: { sources: ['app', 'crm'], reason: 'test' } },
      },
    ]);
    expect(backend.closed()).toBe(true);
  });

  it('redraws its progress in place on a terminal', async () => {
    const vault = new MemoryVault();
    begun(vault, PLAN);
    const { states, pause } = night(
      [
        () => receipt(vault, 'app', 1),
        () =>
          record(
            vault,
            PLAN,
            ['app', 'crm'].map((id) => verifiedOutcome(id, SUNDAY)),
          ),
      ],
      succeeded,
    );

    const { code, stderr } = await cli(['run'], {
      backend: backendOver(vault, { states }),
      pause,
      columns: 80,
      now: minutesAfter(SUNDAY, 4),
    });

    expect(code).toBe(0);
    const frames = stderr.split(new RegExp(`${ESCAPE}\\[\\d+A${ESCAPE}\\[0J`));
    expect(frames[1]).toContain('app  dump\n');
    expect(frames[2]).toContain('app  verify\n');
    expect(frames[3]).toContain('✔ app  verified (976.6 KiB, 3 tables, 4,200 rows, 1 min 00 s)\n');
    expect(frames[3]).toContain('✔ done: 2 of 2 settled\n');
    expect(frames[3]).toContain(`Run ${SUNDAY} on stack nightproof, 4 min 00 s\n`);
    expect(stderr.split('\n').filter((line) => line.length > 80 + 10)).toEqual([]);
  });

  it('starts the sources that are named, each once, and leaves out what is not said', async () => {
    const backend = backendOver(new MemoryVault(), { states: [running] });

    await cli(['run', 'app', 'crm', 'app', '--no-wait'], { backend });
    await cli(['run', '--no-wait'], { backend });
    await cli(['run', '--slot', SUNDAY, '--no-wait'], { backend });

    expect(backend.inputs).toEqual([{ sources: ['app', 'crm'] }, {}, { slot: SUNDAY }]);
  });

  it('says with --no-wait how to look at the run, and ends', async () => {
    const backend = backendOver(new MemoryVault(), { flags: ' --stack other' });

    const plain = await cli(['run', '--no-wait'], { backend });
    const json = await cli(['run', '--no-wait', '--json'], { backend });

    expect(plain).toEqual({
      code: 0,
      stdout: `Started ${execution('first')}\nLook at it with: nightproof show ${SUNDAY} --stack other\n`,
      stderr: '',
    });
    expect(StartedOutput.parse(JSON.parse(json.stdout))).toMatchObject({ slot: SUNDAY });
  });

  it('prints JSON of a closed schema on stdout, and progress beside it', async () => {
    const vault = new MemoryVault();
    begun(vault, PLAN);
    record(
      vault,
      PLAN,
      ['app', 'crm'].map((id) => verifiedOutcome(id, SUNDAY)),
    );

    const { code, stdout, stderr } = await cli(['run', '--json'], { backend: backendOver(vault, { states: [succeeded] }) });

    expect(code).toBe(0);
    expect(RunOutput.parse(JSON.parse(stdout))).toMatchObject({ state: 'ended', status: 'ok' });
    expect(stderr).toContain('app: verified');
  });

  it('ends with 4 where there is nothing to do', async () => {
    const reason = `slot ${SUNDAY} is complete: every source asked for is verified in it`;
    const state: ExecutionState = { status: 'succeeded', output: { claimed: false, slot: SUNDAY, reason } };
    const backend = backendOver(new MemoryVault(), { states: [state] });

    const plain = await cli(['run', '--slot', SUNDAY], { backend });
    const json = await cli(['run', '--slot', SUNDAY, '--json'], { backend });

    expect(plain).toMatchObject({ code: 4, stdout: `Nothing to do: ${reason}\nLook at it with: nightproof show ${SUNDAY}\n` });
    expect(NothingToDoOutput.parse(JSON.parse(json.stdout))).toMatchObject({ slot: SUNDAY, reason });
    expect(json.code).toBe(4);
  });

  it('finds its own attempt among those of a slot', async () => {
    const vault = new MemoryVault();
    const other = planOf(PLAN.sources, { execution: execution('other') });
    const mine = planOf(PLAN.sources, { attempt: 2, alreadyVerified: ['app'] });
    begun(vault, other);
    record(vault, other, [verifiedOutcome('app', SUNDAY), failedOutcome('crm', SUNDAY, 'auth')]);
    begun(vault, mine);
    record(vault, mine, [verifiedOutcome('crm', SUNDAY)]);

    const { code, stdout } = await cli(['run', '--slot', SUNDAY], { backend: backendOver(vault, { states: [succeeded] }) });

    expect(code).toBe(0);
    expect(stdout).toContain('attempt 2');
  });

  it('finds the plan also where the slot is a second off', async () => {
    const vault = new MemoryVault();
    begun(vault, PLAN);
    record(
      vault,
      PLAN,
      ['app', 'crm'].map((id) => verifiedOutcome(id, SUNDAY)),
    );
    const start: Backend['start'] = async () => ({
      executionArn: execution('first'),
      name: 'first',
      startedAt: new Date('2026-04-19T02:00:01.020Z'),
      state: async () => succeeded,
    });

    const { code } = await cli(['run'], { backend: backendOver(vault, { start }) });

    expect(code).toBe(0);
  });
});

describe('run that ends badly', () => {
  const lambda = (errorMessage: string): string => JSON.stringify({ errorMessage, errorType: 'x', trace: ['at secret.ts:1'] });
  const endsWith = (state: ExecutionState, vault = new MemoryVault(), options: CliOptions = {}) =>
    cli(['run'], { backend: backendOver(vault, { states: [state] }), ...options });

  it('ends with 2 where the plan step refused the input', async () => {
    const cause = lambda('The input of this execution was refused: no source has the id "nope"; there are: app');

    const { code, stderr } = await endsWith({ status: 'failed', error: 'Nightproof.InputRefused', cause });

    expect(code).toBe(2);
    expect(stderr).toContain('no source has the id "nope"; there are: app\nremedy: ');
    expect(stderr).not.toContain('secret.ts');
  });

  it('ends with 3 and the remedy where the run failed before it had a plan', async () => {
    const { code, stderr } = await endsWith({
      status: 'failed',
      error: 'Nightproof.storage',
      cause: lambda('PutObject runs/: AccessDenied (HTTP 403)'),
    });

    expect(code).toBe(3);
    expect(stderr).toMatch(/error: the run failed before its report \(storage: PutObject .+\)\.\nremedy: The vault refused/);
  });

  it.each([
    ['aborted', 1],
    ['timed out', 1],
  ] as const)('ends with 1 where the execution was %s, and says what is safe', async (how, expected) => {
    const vault = new MemoryVault();
    begun(vault, PLAN);
    settled(vault, PLAN, verifiedOutcome('app', SUNDAY));

    const { code, stderr } = await endsWith({ status: 'stopped', how }, vault);

    expect(code).toBe(expected);
    expect(stderr).toContain(`the run was ${how} before its report. Verified before that, and safe: app.`);
    expect(stderr).toContain(`nightproof run --slot ${SUNDAY}`);
  });

  it('goes by the record where the run failed after it was written, and says so', async () => {
    const vault = new MemoryVault();
    begun(vault, PLAN);
    record(
      vault,
      PLAN,
      ['app', 'crm'].map((id) => verifiedOutcome(id, SUNDAY)),
    );

    const { code, stdout, stderr } = await endsWith(
      { status: 'failed', error: 'Nightproof.internal', cause: lambda('report: message') },
      vault,
    );

    expect({ code, ok: stdout.startsWith('OK: 2 of 2 verified') }).toEqual({ code: 0, ok: true });
    expect(stderr).toContain('the run failed after its record was written (Nightproof.internal: report: message)');
  });
});

describe('run while it waits', () => {
  const throttled = Object.assign(new Error('Rate exceeded'), {
    name: 'ThrottlingException',
    $metadata: { httpStatusCode: 400 },
  });
  const denied = Object.assign(new Error('no'), { name: 'AccessDeniedException', $metadata: { httpStatusCode: 400 } });

  it('waits longer while nothing happens, and less again when something does', async () => {
    const vault = new MemoryVault();
    begun(vault, PLAN);
    const waits: number[] = [];
    const pause = async (ms: number): Promise<void> => {
      waits.push(ms);
      if (waits.length === 8) settled(vault, PLAN, verifiedOutcome('app', SUNDAY));
      if (waits.length === 10)
        record(
          vault,
          PLAN,
          ['app', 'crm'].map((id) => verifiedOutcome(id, SUNDAY)),
        );
    };
    const states = Array.from({ length: 11 }, (_, n) => (n < 10 ? running : succeeded));

    await cli(['run'], { backend: backendOver(vault, { states }), pause });

    expect(waits).toEqual([2000, 3000, 4500, 6750, 10_125, 15_000, 15_000, 15_000, 2000, 3000]);
  });

  it('bears with throttling and a vault that does not answer for a while', async () => {
    const slow = new Failure('storage', 'ListObjectsV2 runs/: SlowDown (HTTP 503)', {
      cause: Object.assign(new Error('slow'), { name: 'SlowDown', $metadata: { httpStatusCode: 503 } }),
    });
    const vault = new MemoryVault();
    begun(vault, PLAN);
    record(
      vault,
      PLAN,
      ['app', 'crm'].map((id) => verifiedOutcome(id, SUNDAY)),
    );

    const { code } = await cli(['run'], {
      backend: backendOver(vault, { states: [throttled, throttled, slow, running, succeeded] }),
    });

    expect(code).toBe(0);
  });

  it('says from time to time that it is still there', async () => {
    const vault = new MemoryVault();
    begun(vault, PLAN);
    let minutes = 0;
    const now = (): Date => minutesAfter(SUNDAY, minutes);
    const pause = async (): Promise<void> => {
      minutes += 4;
      if (minutes === 20)
        record(
          vault,
          PLAN,
          ['app', 'crm'].map((id) => verifiedOutcome(id, SUNDAY)),
        );
    };
    const states = Array.from({ length: 6 }, (_, n) => (n < 5 ? running : succeeded));

    const { stderr } = await cli(['run'], { backend: backendOver(vault, { states }), pause, now });

    expect(stderr.match(/^.*still going on.*$/gm)).toEqual([
      '2026-04-19T02:08:00Z  still going on: app in dump, crm in dump',
      '2026-04-19T02:16:00Z  still going on: app in dump, crm in dump',
    ]);
  });

  it('gives up after many failures in a row, and says that the run goes on', async () => {
    const { code, stderr } = await cli(['run'], { backend: backendOver(new MemoryVault(), { states: [throttled] }) });

    expect(code).toBe(3);
    expect(stderr).toContain(`no answer (ThrottlingException). The run itself goes on (${execution('first')})`);
  });

  it('gives up at once where waiting does not help', async () => {
    let waits = 0;
    const pause = async (): Promise<void> => void waits++;

    const { code, stderr } = await cli(['run'], { backend: backendOver(new MemoryVault(), { states: [denied] }), pause });

    expect({ code, waits }).toEqual({ code: 3, waits: 0 });
    expect(stderr).toContain('access denied');
  });

  it.each([
    [true, `no longer waiting; the run itself goes on\nremedy: Look at it with: nightproof show ${SUNDAY}\n`],
    [false, 'the run was stopped, and the local cloud with it\n'],
  ])('ends with 130 on Ctrl-C; a run that goes on without us: %s', async (runsWithoutUs, says) => {
    const vault = new MemoryVault();
    begun(vault, PLAN);
    const interrupt = new AbortController();
    const backend = backendOver(vault, { states: [running], runsWithoutUs });

    const { code, stderr } = await cli(['run'], { backend, interrupt: interrupt.signal, pause: async () => interrupt.abort() });

    expect({ code, closed: backend.closed() }).toEqual({ code: 130, closed: true });
    expect(stderr).toContain(says);
  });
});
