import { CloudWatchClient, GetMetricStatisticsCommand, type Metric, paginateListMetrics } from '@aws-sdk/client-cloudwatch';
import { awsClient, type Endpoints } from './endpoints.ts';

/** What was published of one metric: all of it as one number, however often. */
export interface PublishedMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly unit: string | undefined;
  readonly samples: number;
  readonly sum: number;
  readonly maximum: number;
}

const WINDOW_SECONDS = 7 * 86_400;

/** All metrics that were published, by name; what moto counts by itself, as AWS would, is left out. */
export async function publishedMetrics(endpoints: Endpoints): Promise<readonly PublishedMetric[]> {
  const client = new CloudWatchClient(awsClient(endpoints));
  try {
    const found: PublishedMetric[] = [];
    for await (const { Metrics = [] } of paginateListMetrics({ client }, {}))
      for (const metric of Metrics.filter(({ Namespace }) => !Namespace?.startsWith('AWS/')))
        found.push(...(await published(client, metric)));
    return found.sort((a, b) => key(a).localeCompare(key(b)));
  } finally {
    client.destroy();
  }
}

const key = ({ namespace, name, dimensions }: PublishedMetric): string => `${namespace} ${name} ${JSON.stringify(dimensions)}`;

/** One period over the whole window, which ends a little after now: a datum may bear the next minute. */
async function published(
  client: CloudWatchClient,
  { Namespace = '', MetricName = '', Dimensions = [] }: Metric,
): Promise<PublishedMetric[]> {
  const EndTime = new Date(Date.now() + 3_600_000);
  const { Datapoints = [] } = await client.send(
    new GetMetricStatisticsCommand({
      Namespace,
      MetricName,
      Dimensions,
      StartTime: new Date(EndTime.getTime() - WINDOW_SECONDS * 1000),
      EndTime,
      Period: WINDOW_SECONDS,
      Statistics: ['Sum', 'Maximum', 'SampleCount'],
    }),
  );
  const dimensions = Object.fromEntries(Dimensions.map(({ Name = '', Value = '' }) => [Name, Value]));
  return Datapoints.map(({ Sum = 0, Maximum = 0, SampleCount = 0, Unit }) => ({
    namespace: Namespace,
    name: MetricName,
    dimensions,
    unit: Unit,
    samples: SampleCount,
    sum: Sum,
    maximum: Maximum,
  }));
}
