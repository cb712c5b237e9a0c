import { type CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { S3Client } from '@aws-sdk/client-s3';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { explainAws } from './aws-errors.ts';
import type { StackOutputs } from './stack-outputs.ts';

/** Clients of what only the commands that look at all of the stack need. */
export interface OperationClients {
  readonly scheduler: SchedulerClient;
  readonly queues: SQSClient;
  readonly topics: SNSClient;
  readonly cloudWatch: CloudWatchClient;
  readonly secrets: SecretsManagerClient;
}

export interface StackClients {
  readonly cloudFormation: CloudFormationClient;
  readonly stepFunctions: SFNClient;
  readonly s3: S3Client;
}

/** A deployed stack. */
export interface DeployedStack {
  readonly stack: string;
  readonly outputs: StackOutputs;
  readonly clients: StackClients & OperationClients;
}

export function operationClients(options: { readonly region?: string; readonly maxAttempts: number }): OperationClients {
  return {
    scheduler: new SchedulerClient(options),
    queues: new SQSClient(options),
    topics: new SNSClient(options),
    cloudWatch: new CloudWatchClient(options),
    secrets: new SecretsManagerClient(options),
  };
}

/** The physical ids of the stack's resources of a type. */
export async function resourcesOf({ stack, clients }: DeployedStack, type: string): Promise<readonly string[]> {
  const ids: string[] = [];
  await asked('reading the resources of the stack', async () => {
    for await (const page of paginateListStackResources({ client: clients.cloudFormation }, { StackName: stack }))
      for (const { ResourceType, PhysicalResourceId } of page.StackResourceSummaries ?? [])
        if (ResourceType === type && PhysicalResourceId) ids.push(PhysicalResourceId);
  });
  return ids;
}

/** What AWS refuses is explained with the step at which it happened. */
export async function asked<T>(step: string, answer: Promise<T> | (() => Promise<T>)): Promise<T> {
  try {
    return await (typeof answer === 'function' ? answer() : answer);
  } catch (error) {
    throw explainAws(error, step) ?? error;
  }
}
