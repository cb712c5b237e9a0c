import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { PlanSchedule } from '../domain/config/config.ts';
import type { PlanName } from '../domain/run/plan-name.ts';
import { acknowledge } from './acknowledge.ts';
import { pascalCase } from './pascal-case.ts';
import { startSchedule } from './start-schedule.ts';

export interface PlanSchedulesProps {
  /** When each plan runs, by its name. */
  readonly plans: Readonly<Record<PlanName, PlanSchedule>>;
  readonly stateMachine: StateMachine;
}

/** Starts each plan at its time, an execution for each, and keeps what could not be started. */
export class PlanSchedules extends Construct {
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { plans, stateMachine }: PlanSchedulesProps) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(this.deadLetters, 'AwsSolutions-SQS3', 'It is the dead-letter queue; an alarm watches it');
    for (const [plan, timing] of Object.entries(plans))
      startSchedule(this, pascalCase(plan), {
        description: `Starts the ${plan} backup run`,
        timing,
        stateMachine,
        deadLetters: this.deadLetters,
        input: { plan },
      });
  }
}
