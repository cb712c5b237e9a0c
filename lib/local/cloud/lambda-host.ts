import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { type Assembly, assetHash, assetOf, type TemplateResource } from './assembly.ts';
import type { DeployedResource } from './deploy-report.ts';
import { imageStart } from './dockerfile.ts';
import { awsClient, awsEnvironment, type Endpoints } from './endpoints.ts';
import { type Json, type JsonObject, objectIn, textIn } from './json.ts';
import { invokeInProcess, type RunnableFunction } from './lambda-process.ts';
import { StatesError } from './states-error.ts';

const LOOP = fileURLToPath(new URL('./function-loop.ts', import.meta.url));

export interface HostSettings {
  readonly endpoints: Endpoints;
  /** PATH of functions and tasks: stands for the programs that the images install. */
  readonly path: string;
  /** Folders that stand for EFS volumes, by the id of the file system. */
  readonly volumes?: Readonly<Record<string, string>>;
  /** Programs that stand for task definitions of others, by their family. */
  readonly foreignTasks?: Readonly<Record<string, readonly string[]>>;
  /** Folder of the log files. */
  readonly logs: string;
  /** @default - the endpoint as it is */
  readonly s3OfFunction?: (endpoint: string, logicalId: string) => Promise<string>;
}

/** Lambda: the functions of a deployment, each invocation run in a process of its own from the assets of the assembly. */
export class LambdaHost {
  readonly #functions = new Map<string, RunnableFunction>();

  static async over(assembly: Assembly, deployed: readonly DeployedResource[], settings: HostSettings): Promise<LambdaHost> {
    const host = new LambdaHost();
    const client = new LambdaClient(awsClient(settings.endpoints));
    for (const { logicalId, type, physicalId } of deployed) {
      const resource = assembly.template.Resources[logicalId];
      if (type !== 'AWS::Lambda::Function' || !resource) continue;
      const logFile = join(settings.logs, 'functions', `${logicalId}.log`);
      const s3 = (await settings.s3OfFunction?.(settings.endpoints.s3, logicalId)) ?? settings.endpoints.s3;
      const own = { ...settings, endpoints: { ...settings.endpoints, s3 } };
      const runnable = await runnableFunction(client, assembly, resource, { name: physicalId, logFile, ...own });
      host.#functions.set(runnable.arn, runnable);
    }
    client.destroy();
    return host;
  }

  get functions(): readonly RunnableFunction[] {
    return [...this.#functions.values()];
  }

  /** Invokes a function by its ARN. Throws a StatesError. */
  async invoke(arn: string, payload: Json, signal: AbortSignal): Promise<Json> {
    const fn = this.#functions.get(arn);
    if (!fn) throw new StatesError('Lambda.ResourceNotFoundException', `Function not found: ${arn}`);
    return JSON.parse(await invokeInProcess(fn, JSON.stringify(payload), signal)) as Json;
  }
}

/** Names and environment as they were deployed; how an image starts only the template says, since moto drops it. */
async function runnableFunction(
  client: LambdaClient,
  assembly: Assembly,
  resource: TemplateResource,
  { name, logFile, endpoints, path }: Pick<RunnableFunction, 'name' | 'logFile'> & HostSettings,
): Promise<RunnableFunction> {
  const { Configuration = {} } = await client.send(new GetFunctionCommand({ FunctionName: name }));
  const { FunctionArn: arn = '', Timeout: timeoutSeconds = 3, MemorySize: memoryMiB = 128 } = Configuration;
  const { folder, argv, environment } = startOf(assembly, resource.Properties ?? {});
  return {
    arn,
    name,
    folder,
    argv,
    timeoutSeconds,
    memoryMiB,
    environment: {
      ...environment,
      ...Configuration.Environment?.Variables,
      ...awsEnvironment(endpoints),
      PATH: path,
      TZ: ':UTC',
      LANG: 'en_US.UTF-8',
      LAMBDA_TASK_ROOT: folder,
      AWS_EXECUTION_ENV: `AWS_Lambda_${Configuration.Runtime ?? 'Image'}`,
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMiB),
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    },
    logFile,
  };
}

type Start = Pick<RunnableFunction, 'folder' | 'argv' | 'environment'>;

function startOf(assembly: Assembly, properties: JsonObject): Start {
  const code = objectIn(properties.Code);
  if (code.ImageUri !== undefined) return imageFunction(assembly, code.ImageUri, objectIn(properties.ImageConfig));
  const handler = textIn(properties.Handler) ?? '';
  return { folder: assetOf(assembly.files, assetHash(code.S3Key)), argv: ['node', LOOP], environment: { _HANDLER: handler } };
}

function imageFunction(assembly: Assembly, imageUri: Json, config: JsonObject): Start {
  const { folder, dockerfile, target } = assetOf(assembly.images, assetHash(imageUri));
  const start = imageStart(readFileSync(dockerfile, 'utf8'), target);
  const entryPoint = (config.EntryPoint as string[] | undefined) ?? start.entryPoint;
  const command = (config.Command as string[] | undefined) ?? start.command;
  return { folder, argv: [...entryPoint, ...command], environment: start.environment };
}
