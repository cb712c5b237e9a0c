import aslValidator from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { RESTORE_CONFIG } from '../support/restore-config.ts';
import { definitionOf, FUNCTION_ARN, reachable, type State, statements, synthesizedText } from '../support/synthesized.ts';

const { resources } = synthesizedText(RESTORE_CONFIG);
const definition = definitionOf(resources, 'RestoreRun');
const states = definition.States as Record<string, State>;
const item = states.Items?.ItemProcessor?.States ?? {};
const rights = (holder: RegExp) => statements(resources).filter((one) => holder.test(one.holder) && one.effect === 'Allow');
const actionsOf = (holder: RegExp) => new Set(rights(holder).flatMap(({ actions }) => actions));

describe('a restore as a state machine', () => {
  it('is valid Amazon States Language, nested states included', () => {
    const { isValid, errorsText } = aslValidator(structuredClone(definition));
    expect(isValid, errorsText('; ')).toBe(true);
  });

  it('comes from every state after the plan to the one that starts services, and from there to the end', () => {
    const around = Object.keys(states).filter((name) => !['PlanRestore', 'Refused'].includes(name));
    for (const name of ['StopServices', 'LookAtServices', 'Items', 'JudgeItems', 'Hook web', 'StartServices']) {
      expect(around).toContain(name);
      expect(reachable(states, name), name).toContain('StartServices');
      expect(reachable(states, name), name).toContain('EndRestore');
    }
  });

  it('catches every failure between the first service that is stopped and the start of all', () => {
    const caught = {
      StopServices: 'services',
      LookAtServices: 'services',
      Items: 'step',
      JudgeItems: 'step',
      'Hook web': 'hook',
    };
    for (const [name, what] of Object.entries(caught))
      expect(states[name]?.Catch, name).toEqual([
        { ErrorEquals: ['States.ALL'], ResultPath: `$.trouble.${what}`, Next: 'ServicesToStart?' },
      ]);
    for (const name of ['StartServices', 'Probe web'])
      expect(states[name]?.Catch?.[0]?.ErrorEquals, name).toEqual(['States.ALL']);
  });

  it('settles every item whatever became of its task, and goes on with the next', () => {
    for (const name of ['Restore', 'RestoreMedia'])
      expect(item[name]?.Catch, name).toEqual([{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'SettleItem' }]);
    expect(states.Items).toMatchObject({ ToleratedFailurePercentage: 100, MaxConcurrency: 1, ResultPath: null });
  });

  it('waits for every task to end, and gives each a time', () => {
    const tasks = [item.Restore, item.RestoreMedia, states['Hook web'], states['Probe web']];
    for (const task of tasks) {
      expect(task?.Resource).toMatch(/:ecs:runTask\.sync$/);
      expect(task?.TimeoutSeconds).toBeGreaterThan(0);
    }
    expect(states['Hook web']?.TimeoutSeconds).toBe(600);
    expect(definition.TimeoutSeconds).toBe(24 * 3600);
  });

  it('never runs a restore or a hook twice for a failure of its own', () => {
    for (const task of [item.Restore, item.RestoreMedia, states['Hook web']]) {
      const retried = task?.Retry?.flatMap(({ ErrorEquals }) => ErrorEquals) ?? [];
      for (const error of ['States.ALL', 'States.TaskFailed', 'States.Timeout']) expect(retried).not.toContain(error);
    }
  });

  it('calls a step again when the store had a hiccup, and starts services more often than that', () => {
    const steps = Object.entries({ ...states, ...item }).filter(([, { Resource }]) => Resource === FUNCTION_ARN);
    expect(steps.map(([name]) => name).sort((a, b) => (a < b ? -1 : 1))).toEqual([
      'EndRestore',
      'JudgeItems',
      'LookAtServices',
      'PlanRestore',
      'SettleItem',
      'StartServices',
      'StopServices',
    ]);
    for (const [name, { Retry }] of steps)
      expect(
        Retry?.flatMap((retry) => retry.ErrorEquals),
        name,
      ).toContain('Nightproof.storage');
    expect(states.StartServices?.Retry?.flatMap(({ ErrorEquals }) => ErrorEquals)).toContain('Nightproof.services');
  });

  it('hands nothing but names and keys from state to state, and writes no payload into its log', () => {
    const machine = Object.entries(resources).find(
      ([id, { Type }]) => id.startsWith('RestoreRun') && Type.endsWith('StateMachine'),
    )?.[1];
    expect(machine?.Properties.LoggingConfiguration).toMatchObject({ IncludeExecutionData: false });
  });

  it('has a rule that calls both the start of services and the end when no graph can', () => {
    const [, rule] =
      Object.entries(resources).find(([id, { Type }]) => id.startsWith('RestoreRun') && Type === 'AWS::Events::Rule') ?? [];
    expect(rule?.Properties.EventPattern).toMatchObject({ detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'] } });
    const targets = JSON.stringify(rule?.Properties.Targets);
    expect(targets).toContain('StartServices');
    expect(targets).toContain('EndRestore');
  });
});

describe('the rights of a restore', () => {
  it('scale the configured services and no others', () => {
    for (const step of [/StepsServices/, /StartServices/]) {
      const [ecs, ...more] = rights(step).filter(({ actions }) => actions.includes('ecs:UpdateService'));
      expect(more).toEqual([]);
      expect(ecs?.actions).toEqual(['ecs:DescribeServices', 'ecs:UpdateService']);
      expect(ecs?.resources.map((arn) => /service\/[\w-]+\/[\w-]+/.exec(arn)?.[0])).toEqual([
        'service/apps/web',
        'service/apps/worker',
      ]);
    }
    const scalers = statements(resources).filter(({ actions }) => actions.includes('ecs:UpdateService'));
    expect(scalers).toHaveLength(2);
  });

  it('let planning read every tier and write the plan; reporting reads no backup', () => {
    const reads = (holder: RegExp) =>
      rights(holder)
        .filter(({ actions }) => actions.includes('s3:GetObject'))
        .flatMap((one) => one.resources)
        .join();
    for (const tier of ['daily', 'weekly', 'monthly', 'yearly', 'archive']) expect(reads(/PlanRestore/)).toContain(`/${tier}/*`);
    for (const step of [/EndRestore/, /SettleRestore/, /StepsServices/]) expect(reads(step)).not.toContain('daily');
    const writes = statements(resources).filter(
      ({ holder, actions }) => /RestoreSteps/.test(holder) && actions.includes('s3:PutObject'),
    );
    expect(writes.length).toBeGreaterThan(3);
    for (const { holder, resources: where } of writes) for (const arn of where) expect(arn, holder).toContain('/restores/*');
  });

  it('let a task write where the target is, its records, and the word that a backup is damaged', () => {
    const puts = rights(/RestoreTasks(Plain|Media)DefinitionTaskRole/).filter(({ actions }) => actions.includes('s3:PutObject'));
    const places = new Set(puts.flatMap((one) => one.resources).map((arn) => /\/[a-z]+\/\*[a-z.]*/.exec(arn)?.[0]));
    expect(places).toEqual(
      new Set(['/restores/*', ...['daily', 'weekly', 'monthly', 'yearly', 'archive'].map((tier) => `/${tier}/*.damaged.json`)]),
    );
    expect(actionsOf(/RestoreTasksMediaDefinitionTaskRole/)).toContain('elasticfilesystem:ClientWrite');
    expect(actionsOf(/RestoreTasksPlainDefinitionTaskRole/)).not.toContain('elasticfilesystem:ClientMount');
    expect(actionsOf(/TasksMediaDefinitionTaskRole/)).not.toContain('s3:DeleteObject');
    expect([...actionsOf(/^TasksMediaDefinitionTaskRole/)]).not.toContain('elasticfilesystem:ClientWrite');
  });

  it('hand over only the roles of the hook, to ECS only, in its cluster only', () => {
    const hook = rights(/RestoreRunStateMachineRole/);
    const passed = hook.find(({ resources: where }) => where.join().includes('role/app'));
    expect(passed).toMatchObject({
      actions: ['iam:PassRole'],
      condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    });
    const run = hook.find(({ resources: where }) => where.join().includes('task-definition/app-migrate'));
    expect(run?.actions).toEqual(['ecs:RunTask']);
    expect(JSON.stringify(run?.condition)).toContain('cluster/apps');
  });

  it('give the probe none at all', () => {
    expect(rights(/ProbeTaskPlainDefinitionTaskRole/)).toEqual([]);
    expect(Object.keys(resources).some((id) => id.startsWith('ProbeTaskPlainDefinitionTaskRole'))).toBe(true);
  });
});
