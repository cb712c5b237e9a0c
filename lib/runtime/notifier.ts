import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';

/** Tells people. */
export interface Notifier {
  send(message: { readonly subject: string; readonly body: string }): Promise<void>;
}

/** Publishes to a topic; its e-mail subscribers get subject and body as they are. */
export class SnsNotifier implements Notifier {
  readonly #sns: SNSClient;
  readonly #topicArn: string;

  constructor(sns: SNSClient, topicArn: string) {
    this.#sns = sns;
    this.#topicArn = topicArn;
  }

  async send({ subject, body }: { readonly subject: string; readonly body: string }): Promise<void> {
    await this.#sns.send(new PublishCommand({ TopicArn: this.#topicArn, Subject: subject, Message: body }));
  }
}
