import { Duration, TimeZone } from 'aws-cdk-lib';
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Config } from '../domain/config.ts';
import { type Cron, parseCron, toSchedulerExpression } from '../domain/schedule.ts';
import { acknowledge } from './acknowledge.ts';

/** A start that could not be made for so long belongs to a night that is over; it is then kept in the dead-letter queue. */
const START_WITHIN = Duration.hours(3);
const START_ATTEMPTS = 20;

export interface NightlyScheduleProps {
  readonly schedule: Config['schedule'];
  readonly stateMachine: StateMachine;
}

/** Starts the night, and keeps what it could not start. */
export class NightlySchedule extends Construct {
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { schedule, stateMachine }: NightlyScheduleProps) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(this.deadLetters, 'AwsSolutions-SQS3', 'It is the dead-letter queue; an alarm watches it');
    new Schedule(this, 'Schedule', {
      description: 'Starts the nightly backup run',
      // the expression is written here, and the zone beside it: ScheduleExpression.cron would split what is one rule
      schedule: ScheduleExpression.expression(
        toSchedulerExpression(parseCron(schedule.cron) as Cron),
        TimeZone.of(schedule.timeZone),
      ),
      enabled: schedule.enabled,
      target: new StepFunctionsStartExecution(stateMachine, {
        // the time that the start stands for, not the time at which it happens: a late start keeps its slot
        input: ScheduleTargetInput.fromObject({ scheduledTime: ContextAttribute.scheduledTime }),
        deadLetterQueue: this.deadLetters,
        maxEventAge: START_WITHIN,
        retryAttempts: START_ATTEMPTS,
      }),
    });
  }
}
