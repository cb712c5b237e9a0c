import aslValidator from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { RESTORE_CONFIG } from '../support/restore-config.ts';
import { definitionOf, FUNCTION_ARN, type State, statements, synthesizedText } from '../support/synthesized.ts';

const { resources } = synthesizedText(`${RESTORE_CONFIG}
drill: { storageGiB: 60, schedule: { cron: "0 5 * * 0", timeZone: Europe/Paris } }
patrol: { schedule: { enabled: false } }
`);
const drill = definitionOf(resources, 'DrillRun');
const states = drill.States as Record<string, State>;
const backup = (states.Backups?.ItemProcessor?.States ?? {}) as Record<string, State>;
const patrol = definitionOf(resources, 'PatrolRun');
const patrolStates = patrol.States as Record<string, State>;
const rights = (holder: RegExp) => statements(resources).filter((one) => holder.test(one.holder) && one.effect === 'Allow');
const found = (type: string, id: RegExp) =>
  Object.entries(resources).find(([name, { Type }]) => Type === type && id.test(name))?.[1];

describe('a drill as a state machine', () => {
  it.each([drill, patrol])('is valid Amazon States Language, as a patrol is', (definition) => {
    const { isValid, errorsText } = aslValidator(structuredClone(definition));
    expect(isValid, errorsText('; ')).toBe(true);
    expect(definition.TimeoutSeconds).toBeGreaterThan(0);
  });

  it('goes on with the next backup whatever becomes of one, and its end goes by the evidence', () => {
    for (const name of ['SignDrill', 'Drill'])
      expect(backup[name]?.Catch?.[0]).toMatchObject({ ErrorEquals: ['States.ALL'], Next: 'BackupDone' });
    expect(states.Backups?.Catch?.[0]).toMatchObject({ ErrorEquals: ['States.ALL'], Next: 'EndTroubledDrill' });
    expect(backup.Drill).toMatchObject({ TimeoutSeconds: 6 * 3600, Resource: expect.stringMatching(/:ecs:runTask\.sync$/) });
  });

  it('signs the addresses of a backup right before its task starts', () => {
    expect(states.Backups?.ItemProcessor).toMatchObject({ StartAt: 'SignDrill' });
    expect(backup.SignDrill?.Next).toBe('Drill');
  });

  it('never drills again what failed: one that passes at the second try has not passed', () => {
    expect(backup.Drill?.Retry?.flatMap(({ ErrorEquals }) => ErrorEquals)).not.toContain('States.TaskFailed');
  });

  it('writes neither addresses nor payloads into its log', () => {
    expect(found('AWS::StepFunctions::StateMachine', /^DrillRun/)?.Properties.LoggingConfiguration).toMatchObject({
      IncludeExecutionData: false,
    });
  });

  it('calls every step again when the store had a hiccup', () => {
    const steps = Object.entries({ ...states, ...backup, ...patrolStates }).filter(
      ([, { Resource }]) => Resource === FUNCTION_ARN,
    );
    expect(steps.length).toBe(7);
    for (const [name, { Retry }] of steps)
      expect(
        Retry?.flatMap((retry) => retry.ErrorEquals),
        name,
      ).toContain('Nightproof.storage');
  });
});

describe('the task of a drill', () => {
  it('has a role without any statement: what it restores may run code', () => {
    expect(found('AWS::IAM::Role', /^DrillTaskPlainDefinitionTaskRole/)?.Properties).not.toHaveProperty('Policies');
    expect(found('AWS::IAM::Role', /^DrillTaskPlainDefinitionTaskRole/)?.Properties).not.toHaveProperty('ManagedPolicyArns');
    expect(statements(resources).filter(({ holder }) => holder.startsWith('DrillTaskPlainDefinitionTaskRole'))).toEqual([]);
    const policies = Object.values(resources).filter(({ Type }) => Type === 'AWS::IAM::Policy');
    expect(policies.some(({ Properties }) => JSON.stringify(Properties.Roles).includes('DrillTaskPlainDefinitionTaskRole'))).toBe(
      false,
    );
  });

  it('reaches nothing but TLS on its own port, and nobody reaches it', () => {
    const group = found('AWS::EC2::SecurityGroup', /TlsOnlyGroup/);
    expect(group?.Properties.SecurityGroupEgress).toMatchObject([{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443 }]);
    expect(group?.Properties).not.toHaveProperty('SecurityGroupIngress');
    expect(JSON.stringify(backup.Drill)).not.toContain('sg-');
  });

  it('knows no bucket and no secret, mounts nothing but its scratch volume, and has the disk of the configuration', () => {
    const task = found('AWS::ECS::TaskDefinition', /^DrillTask/);
    const [container] = (task?.Properties.ContainerDefinitions ?? []) as {
      Environment: { Name: string }[];
      MountPoints: object[];
      ReadonlyRootFilesystem: boolean;
    }[];
    expect(container?.Environment.map(({ Name }) => Name)).toEqual(['POWERTOOLS_SERVICE_NAME', 'STORAGE_BYTES']);
    expect(container).toMatchObject({ MountPoints: [{ ContainerPath: '/tmp' }], ReadonlyRootFilesystem: true, User: 'node' });
    expect(task?.Properties).toMatchObject({ EphemeralStorage: { SizeInGiB: 60 }, Volumes: [{ Name: 'tmp' }] });
  });
});

describe('the rights around drills and patrols', () => {
  it('let the signer do no more than what the task has to: read backups and write evidence', () => {
    const actions = new Set(rights(/SignDrill/).flatMap((one) => one.actions));
    for (const action of ['s3:DeleteObject', 'sns:Publish', 'secretsmanager:GetSecretValue'])
      expect(actions).not.toContain(action);
    const puts = [/SignDrill/, /PlanDrill/].flatMap(rights).filter((one) => one.actions.includes('s3:PutObject'));
    expect(puts).toHaveLength(2);
    for (const { resources: where } of puts) expect(where.join()).toMatch(/\/drills\/\*/);
  });

  it('let the end of a drill and a patrol write beside a backup that it is damaged, and nothing else there', () => {
    for (const holder of [/EndDrill/, /PatrolRunTasksPlainDefinitionTaskRole/]) {
      const puts = rights(holder)
        .filter(({ actions }) => actions.includes('s3:PutObject'))
        .flatMap((one) => one.resources);
      for (const arn of puts) expect(arn).toMatch(/\/(drills|patrols)\/\*|\*\.damaged\.json/);
      expect(puts.join()).toContain('daily/*.damaged.json');
    }
  });
});

describe('schedules and alarms of proofs', () => {
  it('start drills and patrols as the configuration says, and keep what could not be started', () => {
    const schedule = found('AWS::Scheduler::Schedule', /^DrillSchedule/);
    expect(schedule?.Properties).toMatchObject({
      ScheduleExpression: 'cron(0 5 ? * SUN *)',
      ScheduleExpressionTimezone: 'Europe/Paris',
      State: 'ENABLED',
      Target: { Input: '{"scheduledTime":"<aws.scheduler.scheduled-time>"}' },
    });
    expect(schedule?.Properties.Target).toHaveProperty('DeadLetterConfig');
    expect(found('AWS::Scheduler::Schedule', /^PatrolSchedule/)?.Properties.State).toBe('DISABLED');
  });

  it('alarm on a drill that failed, on damage, and on the steps that would tell of it', () => {
    const alarms = Object.entries(resources).filter(
      ([id, { Type }]) => Type === 'AWS::CloudWatch::Alarm' && id.startsWith('ProofAlarms'),
    );
    const of = (metric: string) => alarms.find(([, { Properties }]) => Properties.MetricName === metric)?.[1].Properties;
    expect(of('DrillSuccess')).toMatchObject({ Threshold: 1, ComparisonOperator: 'LessThanThreshold', Statistic: 'Minimum' });
    expect(of('BackupsDamaged')).toMatchObject({ Threshold: 1, ComparisonOperator: 'GreaterThanOrEqualToThreshold' });
    expect(alarms.filter(([, { Properties }]) => Properties.MetricName === 'Errors')).toHaveLength(3);
    for (const [, { Properties }] of alarms) expect(Properties.AlarmDescription).toMatch(/^Impact: .*docs\/runbook\.md, "/);
  });
});
