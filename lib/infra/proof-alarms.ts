import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { NightFunction } from './night-function.ts';
import { METRIC_NAMESPACE } from './report-rights.ts';

export interface ProofAlarmsProps {
  readonly topic: ITopic;
  /** The functions that start services again and that report: nobody else would say that they failed. */
  readonly lastSteps: readonly NightFunction[];
}

/** Tells, beside the mails, of drills that failed, of damage that was found, and of steps that could tell nobody. */
export class ProofAlarms extends Construct {
  readonly #topic: ITopic;

  constructor(scope: Construct, id: string, { topic, lastSteps }: ProofAlarmsProps) {
    super(scope, id);
    this.#topic = topic;
    this.alarm('DrillsFailed', {
      impact: 'a backup did not restore as it was',
      article: 'A drill failed',
      // without a source it is of the whole run: 1 where every backup passed
      metric: ours('DrillSuccess', Stats.MINIMUM),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    });
    this.alarm('BackupsDamaged', {
      impact: 'a stored backup is not any more what was verified',
      article: 'A backup is damaged',
      metric: ours('BackupsDamaged', Stats.MAXIMUM),
    });
    for (const step of lastSteps)
      this.alarm(`${step.node.id}Broken`, {
        impact: 'a restore or a drill ended and nobody was told, or its services were not started again',
        article: 'A restore failed',
        metric: step.function.metricErrors({ period: Duration.minutes(5) }),
      });
  }

  private alarm(id: string, props: AlarmProps): void {
    new Alarm(this, id, {
      alarmDescription: `Impact: ${props.impact}. See docs/runbook.md, "${props.article}".`,
      metric: props.metric,
      threshold: props.threshold ?? 1,
      evaluationPeriods: 1,
      comparisonOperator: props.comparisonOperator ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // nothing is published while nothing happens
      treatMissingData: TreatMissingData.NOT_BREACHING,
    }).addAlarmAction(new SnsAction(this.#topic));
  }
}

interface AlarmProps {
  readonly impact: string;
  /** Heading in the runbook. */
  readonly article: string;
  readonly metric: IMetric;
  /** @default 1 */
  readonly threshold?: number;
  /** @default - as much as the threshold, or more */
  readonly comparisonOperator?: ComparisonOperator;
}

const ours = (metricName: string, statistic: string): Metric =>
  new Metric({ namespace: METRIC_NAMESPACE, metricName, statistic, period: Duration.minutes(5) });
