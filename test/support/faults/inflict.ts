import type { PlannedFault } from '../fault-proxy.ts';
import type { CaseContext } from './case-context.ts';
import { type DumpTry, dumpTry, secretOf } from './dump-try.ts';
import { type DrawnFault, type FaultKind, isOn, type KindOn } from './fault-kinds.ts';
import type { TaskEnd } from './night-of-case.ts';
import { DATABASES, isDatabase } from './sources.ts';
import { STREAM_FAULTS } from './stream-faults.ts';
import { TaskProcess } from './task-process.ts';
import { TRY_FAULTS } from './try-faults.ts';
import { wireFault } from './wire-faults.ts';

/** Requests to the store that a dump makes. */
const TASK_REQUESTS = { database: 9, tree: 14 } as const;

/** By the time that so much of a tree has passed tar is still at work; then it may have written all of it into the pipe. */
const TAR_AHEAD_BYTES = 256 * 1024;

/** Inflicts the faults of a case, and sees which of them were really met. */
export class Inflictions {
  readonly #context: CaseContext;
  readonly #planned = new Map<DrawnFault, PlannedFault>();
  readonly #met = new Set<DrawnFault>();
  readonly #stopped: TaskProcess[] = [];

  constructor(context: CaseContext) {
    this.#context = context;
    for (const fault of context.drawn.faults)
      if (isOn(fault, 'wire')) this.#planned.set(fault, context.rig.proxy.inflict(...wireFault(fault, context)));
  }

  /** Of each fault whether it was met. */
  *met(): Iterable<readonly [FaultKind, boolean]> {
    for (const fault of this.#context.drawn.faults)
      yield [fault.kind, this.#met.has(fault) || (this.#planned.get(fault)?.met ?? 0) > 0];
  }

  /** One try of the dump task, with what was drawn for it. */
  async dump(n: number): Promise<TaskEnd> {
    const fault = this.#context.drawn.faults.find((drawn) => !isOn(drawn, 'wire') && drawn.inTry === n);
    if (fault === undefined) return this.#dump();
    if (isOn(fault, 'task')) return this.#dumpAsProcess(fault);
    if (isOn(fault, 'stream')) return this.#dumpDisturbed(fault);
    if (!isOn(fault, 'try')) throw new Error(`nobody inflicts ${fault.kind}`);
    const dump = (more?: Partial<DumpTry>) => this.#dump(more);
    return TRY_FAULTS[fault.kind](this.#context, fault, { dump, met: () => this.#met.add(fault) });
  }

  /** Nothing befalls anybody any more, and whoever was stopped has gone on to his end. */
  async end(): Promise<void> {
    for (const task of this.#stopped) await task.goOn();
    this.#context.rig.proxy.forget();
    this.#context.clock.calm();
  }

  #dump(more: Partial<DumpTry> = {}): Promise<TaskEnd> {
    const { s3, gated } = this.#context;
    return dumpTry(this.#context, { s3, port: gated.gate.port, ...more });
  }

  #dumpAsProcess(fault: DrawnFault & { readonly kind: KindOn<'task'> }): Promise<TaskEnd> {
    const { rig, drawn, store, source, planKey, gated } = this.#context;
    rig.secrets.text = secretOf(this.#context, gated.gate.port);
    const requests = TASK_REQUESTS[isDatabase(drawn.shape) ? 'database' : 'tree'];
    const from = rig.proxy.requests.length + Math.floor(fault.at * requests);
    const task = new TaskProcess(rig, { bucket: store.bucket, planKey, id: source.id });
    const signal = (name: NodeJS.Signals): void => {
      if (task.signal(name)) this.#met.add(fault);
    };
    if (fault.kind === 'kill-task') {
      const when = (['asked', 'done', 'answered'] as const)[Math.floor(fault.vary * 3)] ?? 'asked';
      rig.proxy.inflict({ when, kill: () => signal('SIGKILL') }, { from });
    } else {
      if (fault.kind === 'stop-task') this.#stopped.push(task);
      rig.proxy.inflict({ before: async () => signal(fault.kind === 'stop-task' ? 'SIGSTOP' : 'SIGTERM') }, { from });
    }
    return task.end();
  }

  /** A database stands still at a row of its data while something happens; of a tree so many bytes have passed. */
  async #dumpDisturbed(fault: DrawnFault & { readonly kind: KindOn<'stream'> }): Promise<TaskEnd> {
    const { drawn, clock, gated } = this.#context;
    const { shape } = drawn;
    const strike = async (): Promise<void> => {
      if (await STREAM_FAULTS[fault.kind](this.#context)) this.#met.add(fault);
    };
    try {
      if (!isDatabase(shape)) return await this.#dump({ observer: { streamed: once(fault.at * TAR_AHEAD_BYTES, strike) } });
      gated.gate.hold({ rows: Math.floor(fault.at * DATABASES[shape].rows), times: 1 });
      gated.gate.once('held', () => void strike().finally(() => gated.gate.release()));
      return await this.#dump();
    } finally {
      gated.gate.removeAllListeners('held');
      gated.gate.hold({ rows: 0, times: 0 });
      gated.gate.release();
      clock.calm();
    }
  }
}

/** Calls back once, at the first piece behind so many bytes. */
function once(bytes: number, act: () => Promise<void>): (seen: number) => void {
  let acted = false;
  return (seen) => {
    if (acted || seen < bytes) return;
    acted = true;
    void act();
  };
}
