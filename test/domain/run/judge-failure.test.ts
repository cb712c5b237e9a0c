import { describe, expect, it } from 'vitest';
import type { TryRecord } from '../../../lib/domain/backup/receipt.ts';
import { factsOf, type Reason } from '../../../lib/domain/outcomes.ts';
import { decideRetry, judgeFailure } from '../../../lib/domain/run/judge-failure.ts';

const CREATED = '2026-04-19T02:00:30.000Z';
const at = (time: string, reason: Reason): TryRecord => ({
  result: 'failure',
  at: time,
  failure: factsOf(reason, 'what the task wrote'),
});

interface Stop {
  readonly code?: string;
  readonly exit?: number | null;
  readonly reason?: string;
  readonly created?: string | number;
}

/** A stopped task as Step Functions shows it: the whole description, of which a little matters. */
const stopped = ({ code, exit, reason = 'Essential container in task exited', created }: Stop) => ({
  Error: 'States.TaskFailed',
  Cause: JSON.stringify({
    TaskArn: 'arn:aws:ecs:eu-west-3:123456789012:task/night/0123',
    ...(code && { StopCode: code }),
    ...(created !== undefined && { CreatedAt: created }),
    StoppedReason: reason,
    Containers: [exit === undefined ? { Name: 'dump' } : { Name: 'dump', ExitCode: exit }],
    Overrides: { ContainerOverrides: [{ Name: 'dump' }] },
  }),
});

const EXITED = 'EssentialContainerExited';

describe('what a task left that could not write anything', () => {
  it.each<[string, Stop, Reason]>([
    ['killed, as by the out-of-memory killer', { code: EXITED, exit: 137 }, 'interrupted'],
    ['crashed', { code: EXITED, exit: 139 }, 'interrupted'],
    ['ended by SIGTERM', { code: EXITED, exit: 143 }, 'cancelled'],
    ['gone without an exit code', { code: EXITED, exit: null }, 'interrupted'],
    ['never started', { code: 'TaskFailedToStart', reason: 'CannotPullContainerError' }, 'interrupted'],
    ['stopped by somebody', { code: 'UserInitiated', exit: 137 }, 'cancelled'],
    ['stopped by a deployment', { code: 'ServiceSchedulerInitiated', exit: 0 }, 'cancelled'],
    ['taken by Spot', { code: 'SpotInterruption', exit: 137 }, 'cancelled'],
    ['told to terminate', { code: 'TerminationNotice' }, 'cancelled'],
    ['ended with an error of its own', { code: EXITED, exit: 1 }, 'internal'],
    ['ended with another error of its own', { exit: 2 }, 'internal'],
    ['wanted another try', { code: EXITED, exit: 75 }, 'storage'],
  ])('%s', (_, stop, reason) => {
    const facts = judgeFailure(stopped(stop), undefined);
    expect(facts.reason).toBe(reason);
    expect(facts.remedy).not.toBe('');
  });

  it('says the stop code, the reason of ECS and the exit code', () => {
    const { detail } = judgeFailure(
      stopped({ code: EXITED, exit: 137, reason: 'OutOfMemoryError: container killed' }),
      undefined,
    );
    expect(detail).toBe(
      'the task ended with exit code 137 and no record: EssentialContainerExited; OutOfMemoryError: container killed',
    );
  });

  it('reads a stopped task that has no containers at all', () => {
    expect(judgeFailure({ Error: 'States.TaskFailed', Cause: '{"StopCode":"TaskFailedToStart"}' }, undefined).reason).toBe(
      'interrupted',
    );
  });
});

describe('what the task wrote down', () => {
  it('is believed when it ended by itself', () => {
    expect(judgeFailure(stopped({ exit: 1 }), at(CREATED, 'auth'))).toEqual(factsOf('auth', 'what the task wrote'));
  });

  it('is believed also of a task that was killed later, when it is known to be of that task', () => {
    const cause = stopped({ code: 'UserInitiated', exit: 137, created: Date.parse(CREATED) });
    expect(judgeFailure(cause, at('2026-04-19T02:30:00.000Z', 'cancelled')).detail).toBe('what the task wrote');
  });

  it.each([Date.parse(CREATED), CREATED])('is not believed of a later task, with its creation written as %s', (created) => {
    expect(judgeFailure(stopped({ exit: 1, created }), at('2026-04-19T02:00:00.000Z', 'auth')).reason).toBe('internal');
  });

  it('is not believed of a task that was killed outright, when nobody knows when that was created', () => {
    expect(judgeFailure(stopped({ exit: 137 }), at(CREATED, 'auth')).reason).toBe('interrupted');
  });
});

describe('errors that are not of the task', () => {
  it.each<[string, string, string, Reason]>([
    ['a step of ours', 'Nightproof.damaged', '{"errorType":"Nightproof.damaged","errorMessage":"one byte"}', 'damaged'],
    ['a limit of the state machine', 'States.Timeout', '', 'timeout'],
    ['a limit of a function', 'Sandbox.Timedout', '{"errorMessage":"Task timed out after 900.00 seconds"}', 'timeout'],
    ['no capacity', 'AmazonECS.Unknown', '{"Failures":[{"Reason":"RESOURCE:MEMORY"}]}', 'interrupted'],
    ['throttling', 'ECS.ThrottlingException', 'Rate exceeded', 'interrupted'],
    ['a missing right', 'ECS.AccessDeniedException', 'User is not authorized', 'internal'],
    ['a missing cluster', 'ECS.ClusterNotFoundException', '', 'internal'],
    ['a fault of ours', 'TypeError', '{"errorMessage":"x is undefined"}', 'internal'],
    ['a task state that failed without a task', 'States.TaskFailed', 'something', 'internal'],
  ])('%s', (_, name, Cause, reason) => {
    expect(judgeFailure({ Error: name, Cause }, at(CREATED, 'auth')).reason).toBe(reason);
  });

  it('keeps the words of a step of ours, and of nobody else', () => {
    const Cause = JSON.stringify({ errorType: 'x', errorMessage: 'password=hunter2' });
    expect(judgeFailure({ Error: 'Nightproof.damaged', Cause: '{"errorMessage":"one byte"}' }, undefined).detail).toBe(
      'one byte',
    );
    expect(judgeFailure({ Error: 'TypeError', Cause }, undefined).detail).toBe('a step failed with TypeError');
  });
});

describe('another try', () => {
  it.each([
    [0, 30],
    [1, 60],
    [2, 120],
    [3, undefined],
    [9, undefined],
  ])('after %d tries before it: %s s', (before, wait) => {
    expect(decideRetry(factsOf('busy', ''), before)?.waitSeconds).toBe(wait);
  });

  it('is not ordered where it cannot help', () => {
    expect(decideRetry(factsOf('auth', ''), 0)).toBeUndefined();
  });
});
