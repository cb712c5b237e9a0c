import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { awsClient, type Endpoints } from './endpoints.ts';
import { type Json, objectIn, textIn, textOf } from './json.ts';
import { motoRequest } from './moto-request.ts';

/** A message as the subscribers of a topic get it. */
export interface Message {
  readonly topicArn: string;
  readonly subject: string | undefined;
  readonly message: string;
}

/** SQS hands out so many at a time at most. */
const PER_CALL = 10;

/** A subscriber to topics: an SQS queue of moto, since nobody gets e-mail from here. */
export class Inbox {
  readonly #endpoints: Endpoints;
  readonly #queueUrl: string;
  readonly #received: Message[] = [];

  private constructor(endpoints: Endpoints, queueUrl: string) {
    this.#endpoints = endpoints;
    this.#queueUrl = queueUrl;
  }

  static async of(topics: readonly string[], endpoints: Endpoints): Promise<Inbox> {
    const QueueName = 'local-cloud-inbox';
    const { QueueUrl } = objectIn(await sqs(endpoints, 'CreateQueue', { QueueName }));
    const sns = new SNSClient(awsClient(endpoints));
    const Endpoint = `arn:aws:sqs:${endpoints.region}:${endpoints.accountId}:${QueueName}`;
    for (const TopicArn of topics) await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint }));
    sns.destroy();
    return new Inbox(endpoints, textOf(QueueUrl));
  }

  /** All messages so far, the oldest first. */
  async messages(): Promise<readonly Message[]> {
    while (true) {
      const answer = await sqs(this.#endpoints, 'ReceiveMessage', { QueueUrl: this.#queueUrl, MaxNumberOfMessages: PER_CALL });
      const batch = (objectIn(answer).Messages ?? []) as { Body: string; ReceiptHandle: string }[];
      if (batch.length === 0) return [...this.#received];
      for (const { Body, ReceiptHandle } of batch) {
        this.#received.push(opened(JSON.parse(Body) as Json));
        await sqs(this.#endpoints, 'DeleteMessage', { QueueUrl: this.#queueUrl, ReceiptHandle });
      }
    }
  }
}

const sqs = (endpoints: Endpoints, action: string, body: Json): Promise<Json> =>
  motoRequest(endpoints, { service: 'sqs', target: `AmazonSQS.${action}`, body });

function opened(envelope: Json): Message {
  const { TopicArn, Subject, Message: message } = objectIn(envelope);
  return { topicArn: textOf(TopicArn), subject: textIn(Subject), message: textOf(message) };
}
