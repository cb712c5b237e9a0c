import { type CloudWatchClient, type MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { Metric } from '../domain/run/night-metrics.ts';
import { batches } from '../domain/store/batches.ts';

/** PutMetricData takes so many at once. */
const MAX_PER_CALL = 1000;

/** Where figures go. */
export interface Metrics {
  publish(metrics: readonly Metric[], at: Date): Promise<void>;
}

/** Publishes by PutMetricData rather than through the log: it fails loudly. */
export class CloudWatchMetrics implements Metrics {
  readonly #cloudWatch: CloudWatchClient;
  readonly #namespace: string;

  constructor(cloudWatch: CloudWatchClient, namespace: string) {
    this.#cloudWatch = cloudWatch;
    this.#namespace = namespace;
  }

  async publish(metrics: readonly Metric[], at: Date): Promise<void> {
    for (const batch of batches(metrics, MAX_PER_CALL)) {
      const MetricData = batch.map((metric) => datum(metric, at));
      await this.#cloudWatch.send(new PutMetricDataCommand({ Namespace: this.#namespace, MetricData }));
    }
  }
}

/** Stamped with the time of publishing: CloudWatch shows figures that are hours old with hours of delay. */
const datum = ({ name, unit, value, sourceId }: Metric, at: Date): MetricDatum => ({
  MetricName: name,
  Unit: unit,
  Value: value,
  Timestamp: at,
  ...(sourceId !== undefined && { Dimensions: [{ Name: 'Source', Value: sourceId }] }),
});
