import { CreateTopicCommand, ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { expect, it, onTestFinished } from 'vitest';
import { type MotoServer, startMoto } from '../../../lib/local/servers/moto-server.ts';
import { toolchain } from '../../support/toolchain.ts';

const { moto } = await toolchain();

async function started(): Promise<MotoServer> {
  const server = await startMoto(moto);
  onTestFinished(() => server.stop());
  return server;
}

const snsOf = ({ endpoint }: MotoServer): SNSClient =>
  new SNSClient({ endpoint, region: 'eu-central-1', credentials: { accessKeyId: 'any', secretAccessKey: 'any' } });

it('stands in for AWS, each for its own when two run at once', async () => {
  const [one, two] = await Promise.all([started(), started()]);
  await snsOf(one).send(new CreateTopicCommand({ Name: 'reports' }));

  const topics = await Promise.all([one, two].map(async (server) => (await snsOf(server).send(new ListTopicsCommand())).Topics));

  expect(topics.map((list) => list?.map((topic) => topic.TopicArn))).toEqual([
    ['arn:aws:sns:eu-central-1:123456789012:reports'],
    [],
  ]);
});

it('says the end of its log when it does not start', async () => {
  await expect(startMoto({ ...moto, packages: '/nowhere' })).rejects.toThrow(/moto ended.*No module named/s);
});

it('answers no more once it has stopped', async () => {
  const server = await startMoto(moto);

  await server.stop();

  await expect(fetch(server.endpoint)).rejects.toBeInstanceOf(TypeError);
});
