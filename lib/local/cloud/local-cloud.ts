import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Toolchain } from '../setup/toolchain.ts';
import { type Assembly, readAssembly } from './assembly.ts';
import { type Deployment, deploy, idsOf } from './deploy.ts';
import { deployedMachines } from './deployed-machines.ts';
import { ACCOUNT_ID, awsClient, type Endpoints, vaultClient } from './endpoints.ts';
import { type Delivery, EventRules } from './event-rules.ts';
import { type DeployedMachine, Execution } from './execution.ts';
import { executionStatusEvent } from './execution-status-event.ts';
import { Inbox, type Message } from './inbox.ts';
import type { Json } from './json.ts';
import { type HostSettings, LambdaHost } from './lambda-host.ts';
import { type LocalServers, startServers, stopServers } from './local-servers.ts';
import { type PublishedMetric, publishedMetrics } from './metrics.ts';
import type { Ports } from './run-states.ts';
import { TaskHost } from './task-process.ts';
import { createBuckets, keepNames, keptNames } from './vault-buckets.ts';

export interface LocalCloudOptions {
  /** Folder of the cloud assembly: all that says what there is. */
  readonly assembly: string;
  /** What outlives this cloud: the vault, logs, and the names of its buckets. A later cloud over the same folder goes on with them. */
  readonly dir: string;
  readonly toolchain: Pick<Toolchain, 'moto' | 'versitygw'>;
  /** PATH of functions and tasks: stands for the programs that the images install. @default - our own */
  readonly path?: string;
  /** Secrets by name, as text or as what becomes JSON; they are there before anything is started. */
  readonly secrets?: Readonly<Record<string, string | object>>;
  /** Folders of this machine that stand for EFS volumes, by the id of the file system. */
  readonly volumes?: Readonly<Record<string, string>>;
  /** Programs that stand for task definitions of others, as a migration after a restore, by their family. @default - such tasks do not start */
  readonly foreignTasks?: Readonly<Record<string, readonly string[]>>;
  /** Factor of waits and retry intervals. @default 1 */
  readonly waitScale?: number;
  /** The same for a function, by its logical id. */
  readonly s3OfFunction?: (endpoint: string, logicalId: string) => Promise<string>;
  /** Where tasks find S3, given where it is: for somebody who stands between the two. @default - where it is */
  readonly s3OfTasks?: (endpoint: string) => Promise<string>;
}

export interface StartOptions {
  /** @default - what `of` says */
  readonly stateMachineArn?: string;
  /** The output of the stack that names the state machine. @default StateMachineArn */
  readonly of?: string;
  /** @default - a random one */
  readonly name?: string;
  /** How long it may take, for those who want to see what is left of one that is late. @default - as its definition says */
  readonly timeoutSeconds?: number;
}

interface Parts {
  readonly assembly: Assembly;
  readonly deployment: Deployment;
  readonly endpoints: Endpoints;
  readonly servers: LocalServers;
  readonly lambda: LambdaHost;
  readonly tasks: TaskHost;
  readonly machines: ReadonlyMap<string, DeployedMachine>;
  readonly rules: EventRules;
  readonly inbox: Inbox;
  readonly waitScale: number;
}

/** The stack of an assembly, deployed and running on this machine. */
export class LocalCloud {
  readonly #parts: Parts;
  readonly #s3: S3Client;
  readonly #executions = new Map<string, Execution>();

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.#s3 = new S3Client(vaultClient(parts.endpoints));
  }

  static async start(options: LocalCloudOptions): Promise<LocalCloud> {
    const dir = resolve(options.dir);
    mkdirSync(dir, { recursive: true });
    const servers = await startServers(options.toolchain, dir);
    try {
      return new LocalCloud(await assemble(options, dir, servers));
    } catch (error) {
      await stopServers(servers);
      throw error;
    }
  }

  /** What became of the template. */
  get deployment(): Deployment {
    return this.#parts.deployment;
  }

  get endpoints(): Endpoints {
    return this.#parts.endpoints;
  }

  get vaultBucket(): string {
    return output(this.#parts.deployment, 'VaultBucket');
  }

  /** The functions, as they would be run. */
  get functions(): LambdaHost['functions'] {
    return this.#parts.lambda.functions;
  }

  /** Tells of each task that is started and stopped. */
  get tasks(): TaskHost {
    return this.#parts.tasks;
  }

  /** A client of the vault, for the caller to destroy. */
  s3Client(): S3Client {
    return new S3Client(vaultClient(this.#parts.endpoints));
  }

  /** Starts an execution. A name is taken once, as Step Functions has it. */
  startExecution(input: Json, options: StartOptions = {}): Execution {
    const { of = 'StateMachineArn', stateMachineArn = output(this.#parts.deployment, of), name = randomUUID() } = options;
    const deployed = this.#parts.machines.get(stateMachineArn);
    if (!deployed) throw new Error(`StateMachineDoesNotExist: ${stateMachineArn}`);
    const machine = options.timeoutSeconds === undefined ? deployed : limited(deployed, options.timeoutSeconds);
    if (this.#executions.has(name)) throw new Error(`ExecutionAlreadyExists: ${name}`);
    const execution = new Execution(machine, this.#ports(), { name, input });
    this.#executions.set(name, execution);
    this.#tellRules(execution);
    execution.once('end', () => this.#tellRules(execution));
    return execution;
  }

  /** Runs an execution to its end, however that is. */
  execute(input: Json, options: StartOptions = {}): Promise<Execution> {
    return this.startExecution(input, options).ended;
  }

  /** Invokes a function by its logical id or ARN, as Step Functions would. */
  invoke(functionId: string, payload: Json): Promise<Json> {
    const { created } = this.#parts.deployment.report;
    const name = created.find(({ logicalId }) => logicalId === functionId)?.physicalId;
    const arn = this.functions.find((fn) => fn.name === name)?.arn ?? functionId;
    return this.#parts.lambda.invoke(arn, payload, new AbortController().signal);
  }

  /** What subscribers of the stack's topics have got, with all that the rules made of executions so far. */
  async messages(): Promise<readonly Message[]> {
    await this.#parts.rules.settled();
    return this.#parts.inbox.messages();
  }

  /** What the rules handed to functions and topics, when nothing of it is under way any more. */
  async deliveries(): Promise<readonly Delivery[]> {
    await this.#parts.rules.settled();
    return [...this.#parts.rules.deliveries];
  }

  metrics(): Promise<readonly PublishedMetric[]> {
    return publishedMetrics(this.#parts.endpoints);
  }

  /** Ends all executions, and the servers when the rules have told of that. */
  async stop(): Promise<void> {
    await Promise.all([...this.#executions.values()].map((execution) => execution.stop()));
    await this.#parts.rules.settled();
    this.#s3.destroy();
    this.#parts.tasks.close();
    await stopServers(this.#parts.servers);
  }

  #tellRules(execution: Execution): void {
    const { rules, endpoints } = this.#parts;
    rules.deliver(executionStatusEvent(execution, endpoints));
  }

  #ports(): Ports {
    const { lambda, tasks, waitScale } = this.#parts;
    return {
      waitScale,
      invokeFunction: (arn, payload, signal) => lambda.invoke(arn, payload, signal),
      runTask: (parameters, signal, tell) => tasks.run(parameters, signal, tell),
      readObject: async (Bucket, Key) => {
        const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket, Key }));
        return (await Body?.transformToString()) ?? '';
      },
    };
  }
}

async function assemble(options: LocalCloudOptions, dir: string, servers: LocalServers): Promise<Parts> {
  const assembly = readAssembly(options.assembly);
  const { region, accessKeyId, secretAccessKey } = servers.s3;
  const endpoints = {
    aws: servers.moto.endpoint,
    s3: servers.s3.endpoint,
    region,
    accountId: ACCOUNT_ID,
    accessKeyId,
    secretAccessKey,
  };

  const deployment = await deploy(assembly, endpoints, keptNames(dir));
  await createBuckets(assembly, deployment, endpoints);
  keepNames(dir, assembly, deployment);
  await createSecrets(options.secrets ?? {}, endpoints);

  const { s3OfFunction, path = process.env.PATH ?? '' } = options;
  const settings: HostSettings = { endpoints, path, logs: join(dir, 'logs'), ...(s3OfFunction && { s3OfFunction }) };
  const endpointsOfTasks = { ...endpoints, s3: (await options.s3OfTasks?.(endpoints.s3)) ?? endpoints.s3 };
  const { created } = deployment.report;
  const { volumes, foreignTasks, waitScale = 1 } = options;
  const lambda = await LambdaHost.over(assembly, created, settings);
  return {
    assembly,
    deployment,
    endpoints,
    servers,
    lambda,
    tasks: new TaskHost(assembly, {
      ...settings,
      endpoints: endpointsOfTasks,
      ...(volumes && { volumes }),
      ...(foreignTasks && { foreignTasks }),
    }),
    rules: await EventRules.over(endpoints, {
      invokeFunction: (arn, payload) => lambda.invoke(arn, payload, new AbortController().signal),
      pause: (seconds) => pause(seconds * 1000 * waitScale),
    }),
    machines: await deployedMachines(deployment, endpoints),
    inbox: await Inbox.of(idsOf(deployment, 'AWS::SNS::Topic'), endpoints),
    waitScale,
  };
}

const limited = (deployed: DeployedMachine, TimeoutSeconds: number): DeployedMachine => ({
  ...deployed,
  machine: { ...deployed.machine, TimeoutSeconds },
});

function output({ outputs, stackName }: Deployment, name: string): string {
  const value = outputs[name];
  if (value === undefined) throw new Error(`the stack ${stackName} has no output ${name}`);
  return value;
}

async function createSecrets(secrets: NonNullable<LocalCloudOptions['secrets']>, endpoints: Endpoints): Promise<void> {
  const client = new SecretsManagerClient(awsClient(endpoints));
  for (const [Name, value] of Object.entries(secrets))
    await client.send(new CreateSecretCommand({ Name, SecretString: typeof value === 'string' ? value : JSON.stringify(value) }));
  client.destroy();
}
