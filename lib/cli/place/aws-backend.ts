import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { S3Client } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { S3Vault } from '../../runtime/s3-vault.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { explainAws } from './aws-errors.ts';
import type { Backend, ExecutionState, Place, StartedRun } from './backend.ts';
import { executionName } from './execution-name.ts';
import type { Machine } from './machine.ts';
import { DEFAULT_STACK, machineArn, readStack } from './stack-outputs.ts';

/** The SDK waits longer after each; a throttled operator waits some seconds and does not see it. */
const MAX_ATTEMPTS = 6;

/** DescribeExecution is shared by the whole account, and nights last minutes to hours. */
const POLL = { first: 2000, most: 15_000 } as const;

export interface AwsClients {
  readonly cloudFormation: CloudFormationClient;
  readonly stepFunctions: SFNClient;
  readonly s3: S3Client;
}

export interface AwsOptions {
  readonly place: Place;
  readonly clients: AwsClients;
  /** A part of an execution's name that no other has. */
  readonly newId: () => string;
  readonly now: () => Date;
}

/** Clients with the default chain of credentials. */
export function awsClients(region: string | undefined): AwsClients {
  const options = { ...(region && { region }), maxAttempts: MAX_ATTEMPTS };
  return { cloudFormation: new CloudFormationClient(options), stepFunctions: new SFNClient(options), s3: new S3Client(options) };
}

/** Finds the deployed stack. Everything after it works on what its outputs name. */
export async function openAws({ place, clients, newId, now }: AwsOptions): Promise<Backend> {
  const { cloudFormation, stepFunctions, s3 } = clients;
  await requireRegion(cloudFormation);
  const outputs = await readStack(cloudFormation, place.stack);
  const { vaultBucket } = outputs;

  return {
    vault: new S3Vault(s3, vaultBucket),
    name: `stack ${place.stack}`,
    flags: flagsOf(place),
    runsWithoutUs: true,
    pollMs: POLL,
    locate: (key) => ({ s3: `s3://${vaultBucket}/${key}` }),
    operations: async () => {
      // of use to two commands, and slow to load
      const [{ awsOperations }, { operationClients }] = await Promise.all([
        import('./aws-operations.ts'),
        import('./deployed-stack.ts'),
      ]);
      const more = operationClients({ ...(place.region && { region: place.region }), maxAttempts: MAX_ATTEMPTS });
      return awsOperations({ stack: place.stack, outputs, clients: { ...clients, ...more } });
    },
    start: async (machine, input) => {
      const stateMachineArn = machineArn(outputs, machine, place.stack);
      return start(stepFunctions, { machine, stateMachineArn, input, name: executionName(machine, now(), newId()) });
    },
    // of help to a report and never in its way: whoever may read the vault may lack this right, and after 90 days nothing is known
    stateOf: (executionArn) => stateOf(stepFunctions, executionArn).catch(() => undefined),
    close: async () => {
      for (const client of [cloudFormation, stepFunctions, s3]) client.destroy();
    },
  };
}

async function requireRegion(client: CloudFormationClient): Promise<void> {
  try {
    await client.config.region();
  } catch (cause) {
    const remedy = 'Name it with --region, or set AWS_REGION, or "region" of your profile in ~/.aws/config.';
    throw new CliError(EXIT.usage, 'no AWS region is set', remedy, { cause });
  }
}

const flagsOf = ({ stack, region }: Place): string =>
  `${stack === DEFAULT_STACK ? '' : ` --stack ${stack}`}${region ? ` --region ${region}` : ''}`;

interface Starting {
  readonly machine: Machine;
  readonly stateMachineArn: string;
  readonly input: object;
  /** Makes a repeated request (its answer was lost) start nothing new. */
  readonly name: string;
}

async function start(client: SFNClient, { machine, stateMachineArn, input, name }: Starting): Promise<StartedRun> {
  const step = `starting the ${machine === 'night' ? 'run' : machine}`;
  const started = await client
    .send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }))
    .catch((error: unknown) => {
      throw explainAws(error, step) ?? error;
    });
  const { executionArn, startDate } = started;
  if (!executionArn || !startDate)
    throw new CliError(
      EXIT.unreachable,
      `${step}: AWS gave no execution back`,
      'Look at the state machine in the console, then try again.',
    );
  return { executionArn, name, startedAt: startDate, state: () => stateOf(client, executionArn) };
}

/** Throws what the SDK throws: whether to go on waiting is the watcher's to say. */
async function stateOf(client: SFNClient, executionArn: string): Promise<ExecutionState> {
  const { status, output, error = '', cause = '' } = await client.send(new DescribeExecutionCommand({ executionArn }));
  switch (status) {
    case 'SUCCEEDED':
      return { status: 'succeeded', output: parsed(output) };
    case 'FAILED':
      return { status: 'failed', error, cause };
    case 'TIMED_OUT':
      return { status: 'stopped', how: 'timed out' };
    case 'ABORTED':
      return { status: 'stopped', how: 'aborted' };
    case 'RUNNING':
    case 'PENDING_REDRIVE':
    case undefined:
      return { status: 'running' };
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return undefined;
  }
}
