import type { PostgresClient } from '../../lib/runtime/postgres/clients.ts';
import type { ServerPrograms } from '../../lib/runtime/postgres/server-programs.ts';
import type { DrillLimits } from './drill-limits.ts';

/** All that the task may read or write, by presigned addresses: it has no rights of its own. */
export interface DrillRequest {
  readonly archiveUrl: string;
  readonly manifestUrl: string;
  readonly evidenceUrl: string;
  readonly probes: readonly string[];
  /** The disk that it has. */
  readonly storageBytes: number;
}

export interface DrillDependencies {
  readonly clients: () => Promise<readonly PostgresClient[]>;
  readonly servers: () => Promise<readonly ServerPrograms[]>;
  readonly now: () => Date;
  /** Milliseconds from any start. */
  readonly ticks: () => number;
  /** How the paths of its folders begin. */
  readonly scratch: string;
  readonly limits: DrillLimits;
  /** Fires with a `Failure` when the task is told to stop. */
  readonly stop: AbortSignal;
}
