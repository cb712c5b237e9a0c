import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Offsite } from './offsite-place.ts';
import { OFFSITE_RULE } from './offsite-replication.ts';

export interface OffsiteAlarmsProps {
  readonly vault: IBucket;
  readonly offsite: Offsite;
  readonly topic: ITopic;
}

/**
 * Tells within minutes that S3 gave up copying an object off-site. How late it is S3 publishes in the other region only, where an
 * alarm could not reach this topic: a copy that does not come at all is told of by the report of the next run.
 */
export class OffsiteAlarms extends Construct {
  constructor(scope: Construct, id: string, { vault, offsite, topic }: OffsiteAlarmsProps) {
    super(scope, id);
    new Alarm(this, 'CopiesFailed', {
      alarmDescription:
        'Impact: backups are verified here, but have no off-site copy. See docs/runbook.md, "Off-site copies fail or are late".',
      metric: new Metric({
        namespace: 'AWS/S3',
        metricName: 'OperationsFailedReplication',
        dimensionsMap: { SourceBucket: vault.bucketName, DestinationBucket: offsite.bucketName, RuleId: OFFSITE_RULE },
        statistic: Stats.SUM,
        period: Duration.minutes(5),
      }),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // nothing is published while nothing is copied, which is most of the day
      treatMissingData: TreatMissingData.NOT_BREACHING,
    }).addAlarmAction(new SnsAction(topic));
  }
}
