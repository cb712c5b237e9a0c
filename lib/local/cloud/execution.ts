import { EventEmitter } from 'node:events';
import { ExecutionAbortedError, ExecutionTimeoutError } from 'aws-local-stepfunctions';
import { EXECUTION_KEY } from './definition.ts';
import type { ExecutionEvent, Told } from './execution-event.ts';
import type { Json, JsonObject } from './json.ts';
import { type Ports, runStates } from './run-states.ts';
import { StatesError } from './states-error.ts';
import type { Machine } from './supported-states.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** A state machine as it is deployed. */
export interface DeployedMachine {
  readonly arn: string;
  readonly name: string;
  readonly roleArn: string;
  readonly machine: Machine;
}

/** One execution of a state machine; it is running from the start. `event` tells of each thing that happens, and `end` when it is over. */
export class Execution extends EventEmitter<{ event: [ExecutionEvent]; end: [] }> {
  readonly arn: string;
  readonly name: string;
  readonly stateMachineArn: string;
  readonly input: Json;
  readonly startDate = new Date();
  readonly events: ExecutionEvent[] = [];
  status: ExecutionStatus = 'RUNNING';
  stopDate: Date | undefined;
  output: Json | undefined;
  error: string | undefined;
  cause: string | undefined;
  /** Fulfilled when it is over, however it ended, and nothing that it started runs any more. */
  readonly ended: Promise<this>;
  readonly #stop = new AbortController();

  constructor(deployed: DeployedMachine, ports: Ports, { name, input }: { readonly name: string; readonly input: Json }) {
    super();
    this.name = name;
    this.input = input;
    this.stateMachineArn = deployed.arn;
    this.arn = `${deployed.arn.replace(':stateMachine:', ':execution:')}:${name}`;
    this.ended = this.#run(deployed, ports);
  }

  /** Aborts it: tasks get SIGTERM and the time that their container has to stop. */
  async stop(): Promise<this> {
    this.#stop.abort();
    return this.ended;
  }

  async #run(deployed: DeployedMachine, ports: Ports): Promise<this> {
    // whoever made it can listen before the first event
    await Promise.resolve();
    const pending = new Set<Promise<unknown>>();
    const run = {
      ports,
      context: this.#context(deployed),
      signal: this.#stop.signal,
      tell: (told: Told) => this.#tell(told),
      pending,
    };
    try {
      this.output = await runStates(deployed.machine, this.input, run);
      this.#end('SUCCEEDED');
    } catch (thrown) {
      this.#endBadly(thrown);
    }
    this.#stop.abort();
    while (pending.size > 0) await Promise.all(pending);
    this.emit('end');
    return this;
  }

  #context({ arn, name, roleArn }: DeployedMachine): JsonObject {
    const execution = {
      Id: this.arn,
      Name: this.name,
      RoleArn: roleArn,
      Input: this.input,
      StartTime: this.startDate.toISOString(),
    };
    return { [EXECUTION_KEY]: execution, StateMachine: { Id: arn, Name: name } };
  }

  #tell(told: Told): void {
    const event = { ...told, at: new Date() } as ExecutionEvent;
    this.events.push(event);
    this.emit('event', event);
  }

  #end(status: ExecutionStatus): void {
    this.status = status;
    this.stopDate = new Date();
  }

  #endBadly(thrown: unknown): void {
    if (thrown instanceof StatesError) {
      this.error = thrown.name;
      this.cause = thrown.message;
      this.#end('FAILED');
    } else if (thrown instanceof ExecutionTimeoutError) {
      this.error = 'States.Timeout';
      this.#end('TIMED_OUT');
    } else if (thrown instanceof ExecutionAbortedError) this.#end('ABORTED');
    else throw thrown;
  }
}
