import { CloudWatchClient, PutMetricAlarmCommand, type PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import { AddPermissionCommand, type AddPermissionCommandInput, LambdaClient } from '@aws-sdk/client-lambda';
import {
  type PublicAccessBlockConfiguration,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  S3Client,
  type VersioningConfiguration,
} from '@aws-sdk/client-s3';
import { SetTopicAttributesCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { awsClient, type Endpoints, settingsClient } from './endpoints.ts';
import { type JsonObject, textIn, textOf } from './json.ts';
import { motoRequest } from './moto-request.ts';

export interface DirectResource {
  readonly logicalId: string;
  readonly stackName: string;
  /** With every reference resolved. */
  readonly properties: JsonObject;
}

/** Creates one resource by the API of its service, and returns its physical id. */
type Creator = (resource: DirectResource, endpoints: Endpoints) => Promise<string>;

/** What moto's CloudFormation passes over, though its services have it. */
const CREATORS: Readonly<Record<string, Creator>> = {
  'AWS::S3::BucketPolicy': async ({ properties }, endpoints) => {
    const bucket = textOf(properties.Bucket);
    await withS3(endpoints, (s3) =>
      s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify(properties.PolicyDocument) })),
    );
    return bucket;
  },
  'AWS::SNS::TopicPolicy': async ({ logicalId, properties }, endpoints) => {
    const attribute = { AttributeName: 'Policy', AttributeValue: JSON.stringify(properties.PolicyDocument) };
    for (const topic of properties.Topics as string[])
      await withSns(endpoints, (sns) => sns.send(new SetTopicAttributesCommand({ TopicArn: topic, ...attribute })));
    return logicalId;
  },
  'AWS::SNS::Subscription': async ({ properties }, endpoints) => {
    const { TopicArn, Protocol, Endpoint } = properties as Record<string, string>;
    const answer = await withSns(endpoints, (sns) =>
      sns.send(new SubscribeCommand({ TopicArn, Protocol, Endpoint, ReturnSubscriptionArn: true })),
    );
    return answer.SubscriptionArn ?? '';
  },
  'AWS::SQS::QueuePolicy': async ({ logicalId, properties }, endpoints) => {
    const Attributes = { Policy: JSON.stringify(properties.PolicyDocument) };
    for (const QueueUrl of properties.Queues as string[])
      await motoRequest(endpoints, { service: 'sqs', target: 'AmazonSQS.SetQueueAttributes', body: { QueueUrl, Attributes } });
    return logicalId;
  },
  'AWS::CloudWatch::Alarm': async ({ logicalId, stackName, properties }, endpoints) => {
    const cloudWatch = new CloudWatchClient(awsClient(endpoints));
    const AlarmName = textIn(properties.AlarmName) ?? `${stackName}-${logicalId}`;
    await cloudWatch.send(new PutMetricAlarmCommand({ ...properties, AlarmName } as unknown as PutMetricAlarmCommandInput));
    cloudWatch.destroy();
    return AlarmName;
  },
  'AWS::Lambda::Permission': async ({ logicalId, properties }, endpoints) => {
    const lambda = new LambdaClient(awsClient(endpoints));
    await lambda.send(
      new AddPermissionCommand({ ...properties, StatementId: logicalId } as unknown as AddPermissionCommandInput),
    );
    lambda.destroy();
    return logicalId;
  },
  'AWS::Scheduler::Schedule': async ({ logicalId, stackName, properties }, endpoints) => {
    const name = textIn(properties.Name) ?? `${stackName}-${logicalId}`;
    await motoRequest(endpoints, { service: 'scheduler', path: `/schedules/${name}`, body: properties });
    return name;
  },
};

const REASONS: Readonly<Record<string, string>> = {
  'AWS::CDK::Metadata': 'it is no resource: the CDK counts its constructs by it',
};

export const isCreatedDirectly = (type: string): boolean => Object.hasOwn(CREATORS, type);

/** Why there is no such resource in the local cloud. */
export const reasonFor = (type: string): string =>
  REASONS[type] ?? "moto's CloudFormation does not know this type, and the local cloud has no call for it";

/** Creates a resource that CloudFormation passed over; undefined where there is no way to. */
export async function createDirectly(type: string, resource: DirectResource, endpoints: Endpoints): Promise<string | undefined> {
  return CREATORS[type]?.(resource, endpoints);
}

/** Settings of a bucket that moto's CloudFormation drops, and its S3 knows. */
export async function applyBucketSettings(bucket: string, properties: JsonObject, endpoints: Endpoints): Promise<void> {
  const versioning = properties.VersioningConfiguration as VersioningConfiguration | undefined;
  const publicAccess = properties.PublicAccessBlockConfiguration as PublicAccessBlockConfiguration | undefined;
  await withS3(endpoints, async (s3) => {
    if (versioning) await s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: versioning }));
    if (publicAccess)
      await s3.send(new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration: publicAccess }));
  });
}

async function withS3<T>(endpoints: Endpoints, call: (s3: S3Client) => Promise<T>): Promise<T> {
  const s3 = new S3Client(settingsClient(endpoints));
  return call(s3).finally(() => s3.destroy());
}

async function withSns<T>(endpoints: Endpoints, call: (sns: SNSClient) => Promise<T>): Promise<T> {
  const sns = new SNSClient(awsClient(endpoints));
  return call(sns).finally(() => sns.destroy());
}
