import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';

export interface AlertsProps {
  readonly key: Key;
  readonly email: readonly string[];
}

/** Where nightproof speaks: one topic for reports and alerts, by e-mail to whom the configuration names. */
export class Alerts extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, { key, email }: AlertsProps) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { masterKey: key, enforceSSL: true, displayName: 'nightproof' });
    for (const address of email) this.topic.addSubscription(new EmailSubscription(address));

    // services that publish to an encrypted topic need the key as well
    key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('events.amazonaws.com'), new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
        resources: ['*'],
      }),
    );
  }

  /**
   * Tells of executions that ended badly whatever the graph did: a time-out or an abort never reaches the report step. `whatNow` follows
   * "execution NAME ended FAILED." in the message.
   */
  watch(id: string, stateMachine: StateMachine, whatNow: string): void {
    new Rule(this, id, {
      description: 'A nightproof execution failed, timed out or was aborted',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { stateMachineArn: [stateMachine.stateMachineArn], status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
      },
      targets: [
        new SnsTopic(this.topic, {
          message: RuleTargetInput.fromText(
            `nightproof: execution ${EventField.fromPath('$.detail.name')} ended ${EventField.fromPath('$.detail.status')}. ${whatNow}`,
          ),
        }),
      ],
    });
  }

  /** Tells of starts that EventBridge Scheduler gave up on: without this the night would be skipped in silence. */
  watchDeadLetters(queue: IQueue): void {
    new Alarm(this, 'StartsLost', {
      alarmDescription: 'Impact: a nightly run was never started. See docs/runbook.md, "A start was lost".',
      metric: queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5) }),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    }).addAlarmAction(new SnsAction(this.topic));
  }
}
