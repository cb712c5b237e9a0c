import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ContainerDefinition, DescribeClustersCommand, DescribeTaskDefinitionCommand, ECSClient } from '@aws-sdk/client-ecs';
import type { Ending, OwnedProcess } from '../servers/process-group.ts';
import { type Assembly, assetHash, assetOf } from './assembly.ts';
import { imageStart } from './dockerfile.ts';
import { awsClient, awsEnvironment } from './endpoints.ts';
import { isObject, type Json, type JsonObject, objectIn, textIn } from './json.ts';
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
    const cluster = textIn(parameters.Cluster) ?? 'default';
    const [{ clusters = [] }, { taskDefinition }] = await Promise.all([
      this.#ecs.send(new DescribeClustersCommand({ clusters: [cluster] })),
      this.#ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: textIn(parameters.TaskDefinition) })),
    ]).catch((error: Error) => {
      throw new StatesError(`ECS.${error.name}`, error.message);
    });
    const [definition, ...more] = taskDefinition?.containerDefinitions ?? [];
    if (!clusters[0]?.clusterArn) throw new StatesError('ECS.ClusterNotFoundException', `no cluster ${cluster}`);
    if (!definition || more.length > 0 || (definition.secrets ?? []).length > 0)
      throw new StatesError(
        'States.Runtime',
        'the local cloud runs task definitions of one container, without secrets in its environment',
      );

    const id = randomUUID().replaceAll('-', '');
    const task = clusters[0].clusterArn.replace(':cluster/', ':task/').concat(`/${id}`);
    const family = taskDefinition?.family ?? '';
    const mounts = mountedFolders(this.#assembly.template, family, this.#settings.volumes ?? {});
    const program = this.#program(definition, { override: overrideOf(parameters, definition.name ?? ''), mounts, scratch, id });
    return { task, definitionArn: taskDefinition?.taskDefinitionArn ?? '', family, definition, program };
  }

  #program(definition: ContainerDefinition, { override, mounts, scratch, id }: Placement): Program {
    const { folder, dockerfile, target } = assetOf(this.#assembly.images, assetHash(definition.image));
    const start = imageStart(readFileSync(dockerfile, 'utf8'), target);
    const command = (override.Command as string[] | undefined) ?? definition.command ?? start.command;
    // nothing can be mounted here: what names a mount is told where its folder is
    const own = Object.fromEntries(
      (definition.environment ?? []).map(({ name = '', value = '' }) => [name, mounts.get(value) ?? value]),
    );
    const overriding = ((override.Environment ?? []) as JsonObject[]).map(({ Name, Value }) => [needText(Name), needText(Value)]);
    return {
      argv: [...(definition.entryPoint?.length ? definition.entryPoint : start.entryPoint), ...command],
      cwd: folder,
      environment: {
        ...start.environment,
        ...own,
        ...Object.fromEntries(overriding),
        ...awsEnvironment(this.#settings.endpoints),
        PATH: this.#settings.path,
        TMPDIR: scratch,
      },
      logFile: join(this.#settings.logs, 'tasks', definition.name ?? 'container', `${id}.log`),
    };
  }
}

interface Placement {
  readonly override: JsonObject;
  /** Folders of this machine by the path at which the container would have them. */
  readonly mounts: ReadonlyMap<string, string>;
  readonly scratch: string;
  readonly id: string;
}

const runningTask = ({ task, family, definition, program }: Container, { process: { pid = 0 } }: OwnedProcess): RunningTask => ({
  arn: task,
  family,
  container: definition.name ?? '',
  pid,
  environment: program.environment,
  logFile: program.logFile,
});

/** What the state changes of a container. Closed: an override that were left out would only be missed on AWS. */
function overrideOf(parameters: JsonObject, container: string): JsonObject {
  const overrides = objectIn(parameters.Overrides);
  const all = (overrides.ContainerOverrides ?? []) as Json[];
  const [override = {}, ...more] = all.filter(isObject).filter(({ Name }) => Name === container);
  const unknown = [
    ...Object.keys(overrides).filter((key) => key !== 'ContainerOverrides'),
    ...Object.keys(override).filter((key) => !['Name', 'Command', 'Environment'].includes(key)),
  ];
  if (unknown.length > 0 || more.length > 0 || all.length > 1)
    throw new StatesError(
      'States.Runtime',
      `the local cloud cannot override ${unknown.join(', ') || `other containers than ${container}`}`,
    );
  return override;
}

function needText(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  throw new StatesError('States.Runtime', `names and values of variables are texts, not ${JSON.stringify(value ?? null)}`);
}

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
