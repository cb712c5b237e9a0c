import { Aws, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { HookTask } from '../domain/restore/restore-target.ts';
import { parseDuration } from '../domain/time/duration.ts';
import type { TaskNetwork } from './task-network.ts';

/** Runs a command in a task definition of an application, and waits until it has ended. It is known by name only, and so no construct. */
export function hookState(scope: Construct, name: string, hook: HookTask, network: TaskNetwork): sfn.CustomState {
  return new sfn.CustomState(scope, name, {
    stateJson: {
      Type: 'Task',
      Resource: `arn:${Aws.PARTITION}:states:::ecs:runTask.sync`,
      Parameters: {
        Cluster: clusterArn(scope, hook),
        TaskDefinition: hook.taskDefinition,
        LaunchType: 'FARGATE',
        NetworkConfiguration: {
          AwsvpcConfiguration: {
            Subnets: network.subnets.map(({ subnetId }) => subnetId),
            SecurityGroups: network.securityGroups.map(({ securityGroupId }) => securityGroupId),
            AssignPublicIp: network.assignPublicIp ? 'ENABLED' : 'DISABLED',
          },
        },
        Overrides: { ContainerOverrides: [{ Name: hook.container, Command: hook.command }] },
      },
      TimeoutSeconds: parseDuration(hook.within),
      ResultPath: null,
    },
  });
}

/** Starts the newest revision of that task definition in that cluster, and hands over the roles that it has. */
export function hookRights(scope: Construct, hook: HookTask): PolicyStatement[] {
  const family = Stack.of(scope).formatArn({
    service: 'ecs',
    resource: 'task-definition',
    resourceName: `${hook.taskDefinition}:*`,
  });
  const ruleOfSync = Stack.of(scope).formatArn({
    service: 'events',
    resource: 'rule',
    resourceName: 'StepFunctionsGetEventsForECSTaskRule',
  });
  return [
    new PolicyStatement({
      actions: ['ecs:RunTask'],
      resources: [family],
      conditions: { ArnEquals: { 'ecs:cluster': clusterArn(scope, hook) } },
    }),
    new PolicyStatement({ actions: ['ecs:StopTask', 'ecs:DescribeTasks'], resources: ['*'] }),
    new PolicyStatement({ actions: ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'], resources: [ruleOfSync] }),
    ...(hook.roleArns.length > 0
      ? [
          new PolicyStatement({
            actions: ['iam:PassRole'],
            resources: [...hook.roleArns],
            conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
          }),
        ]
      : []),
  ];
}

const clusterArn = (scope: Construct, { cluster }: HookTask): string =>
  Stack.of(scope).formatArn({ service: 'ecs', resource: 'cluster', resourceName: cluster });
