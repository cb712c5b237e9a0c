import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ContainerDefinition, DescribeClustersCommand, DescribeTaskDefinitionCommand, ECSClient } from '@aws-sdk/client-ecs';
import type { Ending, OwnedProcess } from '../servers/process-group.ts';
import { type Assembly, assetHash, assetOf } from './assembly.ts';
import { overrideOf, variablesOf } from './container-override.ts';
import { imageStart } from './dockerfile.ts';
import { awsClient, awsEnvironment } from './endpoints.ts';
import { familyOf, foreignContainer, foreignProgram, isForeign } from './foreign-tasks.ts';
import { type JsonObject, textIn, textOf } from './json.ts';
import type { HostSettings } from './lambda-host.ts';
import { mountedFolders } from './mounted-folders.ts';
import { killTree, type Program, startProgram } from './program.ts';
import { StatesError } from './states-error.ts';

/** ECS's default for containers that say nothing. */
const DEFAULT_STOP_SECONDS = 30;

export interface RunningTask {
  readonly arn: string;
  readonly family: string;
  readonly container: string;
  readonly pid: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
}

export interface StoppedTask extends RunningTask {
  readonly exitCode: number;
}

export type TaskChange = { readonly started: RunningTask } | { readonly stopped: StoppedTask };

interface Container {
  readonly task: string;
  readonly definitionArn: string;
  readonly family: string;
  readonly definition: ContainerDefinition;
  readonly program: Program;
}

/**
 * Fargate: the one container of a task definition, run as a process with the command, the environment and the stop timeout of
 * the deployed definition. It is told of by `started` and `stopped`, so that a test can kill what runs.
 *
 * Not as on Fargate: credentials are static variables, the process has our user and our file system, and no network of its own.
 */
export class TaskHost extends EventEmitter<{ started: [RunningTask]; stopped: [StoppedTask] }> {
  readonly #ecs: ECSClient;
  readonly #assembly: Assembly;
  readonly #settings: HostSettings;

  constructor(assembly: Assembly, settings: HostSettings) {
    super();
    this.#assembly = assembly;
    this.#settings = settings;
    this.#ecs = new ECSClient(awsClient(settings.endpoints));
  }

  /** What `ecs:runTask.sync` does: the description of the stopped task, or States.TaskFailed with that description as cause. */
  async run(
    parameters: JsonObject,
    signal: AbortSignal,
    tell: (change: TaskChange) => void = () => undefined,
  ): Promise<JsonObject> {
    const scratch = await mkdtemp(join(tmpdir(), 'nightproof-task-'));
    try {
      const container = await this.#container(parameters, scratch);
      const startedAt = Date.now();
      const child = startProgram(container.program);
      const started = runningTask(container, child);
      this.emit('started', started);
      tell({ started });
      const ending = await untilStopped(child, signal, container.definition.stopTimeout ?? DEFAULT_STOP_SECONDS);
      const exitCode = exitCodeOf(ending);
      const stopped = { ...started, exitCode };
      this.emit('stopped', stopped);
      tell({ stopped });
      const description = describe(container, parameters, { exitCode, startedAt, stoppedByUser: signal.aborted });
      if (exitCode !== 0) throw new StatesError('States.TaskFailed', JSON.stringify(description));
      return description;
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  close(): void {
    this.#ecs.destroy();
  }

  async #container(parameters: JsonObject, scratch: string): Promise<Container> {
    const id = randomUUID().replaceAll('-', '');
    const family = familyOf(textOf(parameters.TaskDefinition));
    if (isForeign(this.#assembly.template, family)) return this.#foreign(parameters, family, { scratch, id });

    const task = (await this.#cluster(parameters)).replace(':cluster/', ':task/').concat(`/${id}`);
    const { definition, definitionArn } = await this.#definition(parameters);
    const mounts = mountedFolders(this.#assembly.template, family, this.#settings.volumes ?? {});
    const program = this.#program(definition, { override: overrideOf(parameters, definition.name ?? ''), mounts, scratch, id });
    return { task, definitionArn, family, definition, program };
  }

  async #cluster({ Cluster }: JsonObject): Promise<string> {
    const name = textIn(Cluster) ?? 'default';
    const { clusters: [cluster] = [] } = await this.#ecs.send(new DescribeClustersCommand({ clusters: [name] })).catch(refused);
    if (!cluster?.clusterArn) throw new StatesError('ECS.ClusterNotFoundException', `no cluster ${name}`);
    return cluster.clusterArn;
  }

  async #definition({ TaskDefinition }: JsonObject): Promise<Pick<Container, 'definition' | 'definitionArn'>> {
    const request = new DescribeTaskDefinitionCommand({ taskDefinition: textIn(TaskDefinition) });
    const { taskDefinition } = await this.#ecs.send(request).catch(refused);
    const [definition, ...more] = taskDefinition?.containerDefinitions ?? [];
    if (!definition || more.length > 0 || (definition.secrets ?? []).length > 0)
      throw new StatesError(
        'States.Runtime',
        'the local cloud runs task definitions of one container, without secrets in its environment',
      );
    return { definition, definitionArn: taskDefinition?.taskDefinitionArn ?? '' };
  }

  /** Its cluster is somebody else's as well, and not looked for. The command of the override follows the program's own arguments. */
  #foreign(parameters: JsonObject, family: string, { scratch, id }: Pick<Placement, 'scratch' | 'id'>): Container {
    const definition = foreignContainer(parameters);
    const override = overrideOf(parameters, definition.name ?? '');
    const argv = foreignProgram(this.#settings.foreignTasks ?? {}, family);
    const program = {
      argv: [...argv, ...((override.Command as string[] | undefined) ?? [])],
      cwd: scratch,
      environment: { ...variablesOf(override), ...this.#surroundings(scratch) },
      logFile: this.#logFile(definition, id),
    };
    const { region, accountId } = this.#settings.endpoints;
    const task = `arn:aws:ecs:${region}:${accountId}:task/${textOf(parameters.Cluster).replace(/^.*\//, '')}/${id}`;
    return { task, definitionArn: textOf(parameters.TaskDefinition), family, definition, program };
  }

  #program(definition: ContainerDefinition, { override, mounts, scratch, id }: Placement): Program {
    const { folder, dockerfile, target } = assetOf(this.#assembly.images, assetHash(definition.image));
    const start = imageStart(readFileSync(dockerfile, 'utf8'), target);
    const command = (override.Command as string[] | undefined) ?? definition.command ?? start.command;
    // nothing can be mounted here: what names a mount is told where its folder is
    const own = Object.fromEntries(
      (definition.environment ?? []).map(({ name = '', value = '' }) => [name, mounts.get(value) ?? value]),
    );
    return {
      argv: [...(definition.entryPoint?.length ? definition.entryPoint : start.entryPoint), ...command],
      cwd: folder,
      environment: { ...start.environment, ...own, ...variablesOf(override), ...this.#surroundings(scratch) },
      logFile: this.#logFile(definition, id),
    };
  }

  #surroundings(scratch: string): Record<string, string> {
    return { ...awsEnvironment(this.#settings.endpoints), PATH: this.#settings.path, TMPDIR: scratch };
  }

  #logFile({ name = 'container' }: ContainerDefinition, id: string): string {
    return join(this.#settings.logs, 'tasks', name, `${id}.log`);
  }
}

interface Placement {
  readonly override: JsonObject;
  /** Folders of this machine by the path at which the container would have them. */
  readonly mounts: ReadonlyMap<string, string>;
  readonly scratch: string;
  readonly id: string;
}

const refused = (error: Error): never => {
  throw new StatesError(`ECS.${error.name}`, error.message);
};

const runningTask = ({ task, family, definition, program }: Container, { process: { pid = 0 } }: OwnedProcess): RunningTask => ({
  arn: task,
  family,
  container: definition.name ?? '',
  pid,
  environment: program.environment,
  logFile: program.logFile,
});

/** Waits for its end. When the signal comes: SIGTERM, and SIGKILL after the stop timeout. The whole container ends with its first process. */
async function untilStopped(child: OwnedProcess, signal: AbortSignal, stopSeconds: number): Promise<Ending> {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.process.kill('SIGTERM');
    timer = setTimeout(() => killTree(child), stopSeconds * 1000);
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  const ending = await child.closed;
  signal.removeEventListener('abort', stop);
  clearTimeout(timer);
  killTree(child);
  return ending;
}

/** 128 and the number of the signal, as the kernel's init of a container has it: 137 for SIGKILL. */
const exitCodeOf = ({ code, signal }: Ending): number => code ?? 128 + (signal ? constants.signals[signal] : 0);

interface Stop {
  readonly exitCode: number;
  readonly startedAt: number;
  readonly stoppedByUser: boolean;
}

/** As DescribeTasks has it, in the spelling of Step Functions. */
function describe(
  { task, definitionArn, definition }: Container,
  parameters: JsonObject,
  { exitCode, startedAt, stoppedByUser }: Stop,
): JsonObject {
  return {
    TaskArn: task,
    TaskDefinitionArn: definitionArn,
    ClusterArn: parameters.Cluster ?? null,
    LaunchType: parameters.LaunchType ?? 'FARGATE',
    DesiredStatus: 'STOPPED',
    LastStatus: 'STOPPED',
    StartedAt: startedAt,
    StoppedAt: Date.now(),
    StopCode: stoppedByUser ? 'UserInitiated' : 'EssentialContainerExited',
    StoppedReason: stoppedByUser ? 'Task stopped by user' : 'Essential container in task exited',
    Containers: [
      { Name: definition.name ?? '', TaskArn: task, LastStatus: 'STOPPED', ExitCode: exitCode, Image: definition.image ?? '' },
    ],
  };
}
