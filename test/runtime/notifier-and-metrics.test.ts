import { CloudWatchClient, GetMetricStatisticsCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Metric } from '../../lib/domain/run/night-metrics.ts';
import { type MotoServer, startMoto } from '../../lib/local/servers/moto-server.ts';
import { CloudWatchMetrics } from '../../lib/runtime/metrics.ts';
import { SnsNotifier } from '../../lib/runtime/notifier.ts';
import { toolchain } from '../support/toolchain.ts';

let moto: MotoServer;
const settings = () => ({
  endpoint: moto.endpoint,
  region: 'eu-west-3',
  credentials: { accessKeyId: 'a', secretAccessKey: 's' },
});

beforeAll(async () => {
  moto = await startMoto((await toolchain()).moto);
});
afterAll(() => moto?.stop());

/** What moto keeps of the messages that were published. */
async function published(): Promise<readonly { subject: string; message: string }[]> {
  const answer = await fetch(`${moto.endpoint}/moto-api/data.json`);
  const data = (await answer.json()) as { sns?: { Topic?: { sent_notifications?: unknown[][] }[] } };
  // id, message, subject, attributes, group
  const sent = (data.sns?.Topic ?? []).flatMap((topic) => topic.sent_notifications ?? []);
  return sent.map(([, message, subject]) => ({ subject: String(subject), message: String(message) }));
}

it('sends subject and body to the topic as they are', async () => {
  const sns = new SNSClient(settings());
  const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'night' }));

  await new SnsNotifier(sns, TopicArn).send({ subject: 'nightproof OK: 3 of 3 verified', body: 'Zürich\n  fine\n' });

  expect(await published()).toEqual([{ subject: 'nightproof OK: 3 of 3 verified', message: 'Zürich\n  fine\n' }]);
});

it('fails loudly when the topic is not there', async () => {
  const notifier = new SnsNotifier(new SNSClient(settings()), 'arn:aws:sns:eu-west-3:123456789012:gone');
  await expect(notifier.send({ subject: 's', body: 'b' })).rejects.toMatchObject({ name: expect.stringMatching(/NotFound/) });
});

describe('metrics', () => {
  const at = new Date('2026-04-19T02:30:00Z');
  const verified = (n: number): Metric => ({ name: 'Verified', unit: 'Count', value: 1, sourceId: `db${n}` });

  it('publishes figures of sources and of the run, each under its own dimension', async () => {
    const cloudWatch = new CloudWatchClient(settings());
    await new CloudWatchMetrics(cloudWatch, 'Nightproof').publish(
      [
        { name: 'DumpBytes', unit: 'Bytes', value: 42, sourceId: 'alpha' },
        { name: 'DumpBytes', unit: 'Bytes', value: 7, sourceId: 'beta' },
        { name: 'SourcesFailed', unit: 'Count', value: 1 },
      ],
      at,
    );

    const maximum = async (MetricName: string, source?: string) => {
      const { Datapoints = [] } = await cloudWatch.send(
        new GetMetricStatisticsCommand({
          Namespace: 'Nightproof',
          MetricName,
          Dimensions: source ? [{ Name: 'Source', Value: source }] : [],
          StartTime: new Date(at.getTime() - 60_000),
          EndTime: new Date(at.getTime() + 60_000),
          Period: 60,
          Statistics: ['Maximum'],
        }),
      );
      return Datapoints.map(({ Maximum }) => Maximum);
    };
    expect(await maximum('DumpBytes', 'alpha')).toEqual([42]);
    expect(await maximum('DumpBytes', 'beta')).toEqual([7]);
    expect(await maximum('SourcesFailed')).toEqual([1]);
  });

  it('sends at most a thousand at once, which moto does not insist on', async () => {
    const client = mockClient(CloudWatchClient).on(PutMetricDataCommand).resolves({});
    await new CloudWatchMetrics(new CloudWatchClient(settings()), 'Nightproof').publish(
      Array.from({ length: 2001 }, (_, n) => verified(n)),
      at,
    );
    const sizes = client.commandCalls(PutMetricDataCommand).map((call) => call.args[0].input.MetricData?.length);
    client.restore();
    expect(sizes).toEqual([1000, 1000, 1]);
  });
});
