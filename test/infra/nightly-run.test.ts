import aslValidator from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { definitionOf, FUNCTION_ARN, type State, synthesized } from '../support/synthesized.ts';

const definition = definitionOf(synthesized().resources);
const night = definition.States as Record<string, State>;
const job = night.Jobs?.ItemProcessor?.States ?? {};

describe('the night as a state machine', () => {
  it('is valid Amazon States Language, nested states included', () => {
    const { isValid, errorsText } = aslValidator(structuredClone(definition));
    expect(isValid, errorsText('; ')).toBe(true);
  });

  it('ends by itself', () => {
    expect(definition.TimeoutSeconds).toBe(12 * 3600);
    expect(job.Dump?.TimeoutSeconds).toBe(6 * 3600 + 15 * 60);
  });

  it('waits for the dump task to end, not to start', () => {
    expect(job.Dump?.Resource).toMatch(/:ecs:runTask\.sync$/);
  });

  it('reaches the report from everything that can fail after the claim', () => {
    for (const name of ['Jobs', 'Retain'])
      expect(night[name]?.Catch, name).toEqual([{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'ReportTrouble' }]);
  });

  it('settles a source whatever fails in it', () => {
    for (const name of ['Dump', 'Verify', 'Manifest']) expect(job[name]?.Catch?.[0]?.Next, name).toBe('SettleFailure');
    expect(job.Promote?.Catch?.[0]?.Next).toBe('SettleUnpromoted');
  });

  it('reads the jobs from the vault and drops their results, so the payload does not grow with the fleet', () => {
    expect(night.Jobs).toMatchObject({ ResultPath: null, ItemReader: { Parameters: { 'Key.$': '$.plan.jobsKey' } } });
    expect(night.Jobs?.ItemProcessor?.ProcessorConfig).toEqual({ Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' });
    expect(job.SourceDone).toMatchObject({ Type: 'Pass', Result: {} });
  });

  it('never retries the dump for a failure of its own: the outcome step judges that', () => {
    expect(job.Dump?.Retry?.flatMap(({ ErrorEquals }) => ErrorEquals)).not.toContain('States.TaskFailed');
    expect(job.Dump?.Retry?.flatMap(({ ErrorEquals }) => ErrorEquals)).not.toContain('States.ALL');
  });

  it('calls a step again when the store had a hiccup', () => {
    const steps = Object.entries({ ...night, ...job }).filter(([, { Resource }]) => Resource === FUNCTION_ARN);
    expect(steps.length).toBeGreaterThan(8);
    for (const [name, { Retry }] of steps) {
      expect(
        Retry?.flatMap(({ ErrorEquals }) => ErrorEquals),
        name,
      ).toContain('Nightproof.storage');
    }
  });

  it('is written in JSONPath throughout: the local engine passes JSONata over in silence', () => {
    expect(JSON.stringify(definition)).not.toContain('JSONata');
  });
});
