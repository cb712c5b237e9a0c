import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Alerts } from './alerts.ts';

/** CloudWatch namespace of all metrics; steps that report may write to no other. */
export const METRIC_NAMESPACE = 'Nightproof';

export interface ReportPlace {
  readonly key: IKey;
  readonly alerts: Alerts;
}

/** Publishes to the topic, and figures to our own namespace. */
export const reportRights = ({ key, alerts }: ReportPlace): PolicyStatement[] => [
  new PolicyStatement({ actions: ['sns:Publish'], resources: [alerts.topic.topicArn] }),
  new PolicyStatement({ actions: ['kms:GenerateDataKey', 'kms:Decrypt'], resources: [key.keyArn] }),
  new PolicyStatement({
    actions: ['cloudwatch:PutMetricData'],
    resources: ['*'], // this action knows no resources; the namespace is the fence
    conditions: { StringEquals: { 'cloudwatch:namespace': METRIC_NAMESPACE } },
  }),
];

/** The variables of a step that reports. */
export const reportVariables = ({ alerts }: Pick<ReportPlace, 'alerts'>): Record<string, string> => ({
  TOPIC_ARN: alerts.topic.topicArn,
  METRIC_NAMESPACE,
});
