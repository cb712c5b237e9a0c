import { Duration, TimeZone } from 'aws-cdk-lib';
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { PlanSchedule } from '../domain/config/config.ts';
import type { PlanName } from '../domain/run/plan-name.ts';
import { type Cron, parseCron, toSchedulerExpression } from '../domain/time/schedule.ts';
import { acknowledge } from './acknowledge.ts';
import { pascalCase } from './pascal-case.ts';

/** A start that could not be made for so long belongs to a night that is over; it is then kept in the dead-letter queue. */
const START_WITHIN = Duration.hours(3);
const START_ATTEMPTS = 20;

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
    for (const [plan, schedule] of Object.entries(plans)) this.schedule(plan, schedule, stateMachine);
  }

  private schedule(plan: PlanName, { cron, timeZone, enabled }: PlanSchedule, stateMachine: StateMachine): void {
    new Schedule(this, pascalCase(plan), {
      description: `Starts the ${plan} backup run`,
      // the expression is written here, and the zone beside it: ScheduleExpression.cron would split what is one rule
      schedule: ScheduleExpression.expression(toSchedulerExpression(parseCron(cron) as Cron), TimeZone.of(timeZone)),
      enabled,
      target: new StepFunctionsStartExecution(stateMachine, {
        // the time that the start stands for, not the time at which it happens: a late start keeps its slot
        input: ScheduleTargetInput.fromObject({ scheduledTime: ContextAttribute.scheduledTime, plan }),
        deadLetterQueue: this.deadLetters,
        maxEventAge: START_WITHIN,
        retryAttempts: START_ATTEMPTS,
      }),
    });
  }
}
