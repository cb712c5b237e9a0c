import { Duration, TimeZone } from 'aws-cdk-lib';
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { Timing } from '../domain/config/config.ts';
import { type Cron, parseCron, toSchedulerExpression } from '../domain/time/schedule.ts';

/** A start that could not be made for so long belongs to a night that is over; it is then kept in the dead-letter queue. */
const START_WITHIN = Duration.hours(3);
const START_ATTEMPTS = 20;

export interface StartScheduleProps {
  readonly description: string;
  readonly timing: Timing;
  readonly stateMachine: StateMachine;
  /** Keeps what could not be started. */
  readonly deadLetters: IQueue;
  /** Beside the time that the start stands for. @default - nothing */
  readonly input?: Readonly<Record<string, string>>;
}

/** Starts a state machine at its time, and tries again for a while where that fails. */
export function startSchedule(scope: Construct, id: string, props: StartScheduleProps): Schedule {
  const { cron, timeZone, enabled } = props.timing;
  return new Schedule(scope, id, {
    description: props.description,
    // the expression is written here, and the zone beside it: ScheduleExpression.cron would split what is one rule
    schedule: ScheduleExpression.expression(toSchedulerExpression(parseCron(cron) as Cron), TimeZone.of(timeZone)),
    enabled,
    target: new StepFunctionsStartExecution(props.stateMachine, {
      // the time that the start stands for, not the time at which it happens: a late start keeps its slot
      input: ScheduleTargetInput.fromObject({ scheduledTime: ContextAttribute.scheduledTime, ...props.input }),
      deadLetterQueue: props.deadLetters,
      maxEventAge: START_WITHIN,
      retryAttempts: START_ATTEMPTS,
    }),
  });
}
