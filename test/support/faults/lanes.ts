import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type OwnedProcess, processGroup } from '../../../lib/local/servers/process-group.ts';
import type { Toolchain } from '../../../lib/local/setup/toolchain.ts';
import type { CaseResult } from './case-result.ts';
import { type Stage, type StagePlaces, setStage } from './stage.ts';

const LANE = fileURLToPath(new URL('./lane.ts', import.meta.url));

/** What lanes can run. */
export type LaneWork = 'faults' | 'kill-points';

export type ToLane =
  | { readonly places: StagePlaces; readonly lane: number; readonly mayMount: boolean }
  | { readonly what: LaneWork; readonly seed: number; readonly index: number }
  | { readonly end: true };

export type FromLane =
  | { readonly ready: true; readonly noSmallDisk: boolean }
  | { readonly index: number; readonly result: CaseResult };

/** Some lanes beside each other over one stage, each a process of its own. */
export class Lanes {
  readonly #stage: Stage;
  readonly #free: Lane[];
  readonly #all: readonly Lane[];
  /** Whether no lane could mount a small disk. */
  readonly noSmallDisk: boolean;

  private constructor(stage: Stage, lanes: readonly Lane[]) {
    this.#stage = stage;
    this.#all = lanes;
    this.#free = [...lanes];
    this.noSmallDisk = lanes.some((lane) => lane.noSmallDisk);
  }

  static async open(toolchain: Toolchain, count: number): Promise<Lanes> {
    const stage = await setStage(toolchain, count);
    const lanes = Array.from({ length: count }, (_, n) => Lane.open(stage.places, n));
    return new Lanes(stage, await Promise.all(lanes));
  }

  get count(): number {
    return this.#all.length;
  }

  /** Runs a case in a lane that is free; ask for no more at a time than there are lanes. */
  async run(what: LaneWork, seed: number, index: number): Promise<CaseResult> {
    const lane = this.#free.pop();
    if (!lane) throw new Error('no lane is free');
    try {
      return await lane.run(what, seed, index);
    } finally {
      this.#free.push(lane);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((lane) => lane.close()));
    await this.#stage.stop();
  }
}

/** What is mounted behind it is gone when the process is, however it ends. */
const UNSHARE = ['unshare', '--mount'] as const;

/** Root may, but for containers that are not allowed to. */
function mayMount(): boolean {
  const [program, ...args] = UNSHARE;
  return process.getuid?.() === 0 && spawnSync(program, [...args, 'true'], { stdio: 'ignore' }).status === 0;
}

class Lane {
  readonly #owned: OwnedProcess;
  readonly noSmallDisk: boolean;

  private constructor(owned: OwnedProcess, noSmallDisk: boolean) {
    this.#owned = owned;
    this.noSmallDisk = noSmallDisk;
  }

  static async open(places: StagePlaces, lane: number): Promise<Lane> {
    const own = mayMount();
    const [program = '', ...args] = [...(own ? UNSHARE : []), process.execPath, LANE];
    const owned = processGroup.spawn(program, args, {
      env: { ...process.env, AWS_EC2_METADATA_DISABLED: 'true' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    owned.process.send({ places, lane, mayMount: own } satisfies ToLane);
    const [message] = (await Promise.race([once(owned.process, 'message'), ended(owned)])) as [FromLane];
    return new Lane(owned, 'noSmallDisk' in message && message.noSmallDisk);
  }

  async run(what: LaneWork, seed: number, index: number): Promise<CaseResult> {
    this.#owned.process.send({ what, seed, index } satisfies ToLane);
    const [message] = (await Promise.race([once(this.#owned.process, 'message'), ended(this.#owned)])) as [FromLane];
    if (!('result' in message)) throw new Error('a lane answered something else');
    return message.result;
  }

  async close(): Promise<void> {
    if (!this.#owned.hasEnded()) this.#owned.process.send({ end: true } satisfies ToLane);
    await this.#owned.closed;
  }
}

/** A lane that ends by itself has met something that nobody caught, which is a fault of the product or of the rig. */
async function ended({ closed }: OwnedProcess): Promise<never> {
  const { code, signal } = await closed;
  throw new Error(`a lane ended (${signal ?? `exit code ${code}`})`);
}
