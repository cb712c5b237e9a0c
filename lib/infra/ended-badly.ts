import { Duration } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { NightFunction } from './night-function.ts';

/** What an event of yesterday says is true of yesterday. */
const HAND_OVER_WITHIN = Duration.hours(6);

/** Calls steps when an execution failed, timed out or was aborted: no graph catches the last two, and some failures neither. */
export const endedBadly = (scope: Construct, stateMachine: StateMachine, steps: readonly NightFunction[]): Rule =>
  new Rule(scope, 'EndedBadly', {
    description: 'An execution failed, timed out or was aborted',
    eventPattern: {
      source: ['aws.states'],
      detailType: ['Step Functions Execution Status Change'],
      detail: { stateMachineArn: [stateMachine.stateMachineArn], status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
    },
    targets: steps.map((step) => new LambdaFunction(step.function, { maxEventAge: HAND_OVER_WITHIN, retryAttempts: 20 })),
  });
