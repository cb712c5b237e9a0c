import type { ExecutionInput } from '../../domain/run/plan.ts';
import type { Vault } from '../../runtime/vault.ts';
import type { Machine, MachineInputs } from './machine.ts';
import type { Operations } from './operations.ts';

/** Where the commands work: a stack on AWS, or a local cloud. */
export interface Backend {
  readonly vault: Vault;
  /** As it is named in sentences: `stack nightproof`. */
  readonly name: string;
  /** Options that lead another command to the same place, as ` --stack other`; empty for the defaults. */
  readonly flags: string;
  /** Whether a run goes on when this process ends. */
  readonly runsWithoutUs: boolean;
  readonly pollMs: PollTimes;
  /** Where plain tools find an object: an `s3://` address, or a file. */
  readonly locate: (key: string) => ObjectPlace;
  /** What stands around the runs. To be closed by whom it is given to. */
  readonly operations: () => Promise<Operations>;
  /** Starts an execution of one of the state machines. */
  readonly start: <M extends Machine>(machine: M, input: MachineInputs[M]) => Promise<StartedRun>;
  /** How an execution stands that somebody started some time; undefined where nobody can say any more, or may. */
  readonly stateOf: (executionArn: string) => Promise<ExecutionState | undefined>;
  readonly close: () => Promise<void>;
}

export type ObjectPlace = { readonly s3: string } | { readonly file: string };

export interface StartedRun {
  readonly executionArn: string;
  /** Of the execution; restores, drills and patrols are called by it in the vault. */
  readonly name: string;
  readonly startedAt: Date;
  /** How the execution stands now. */
  readonly state: () => Promise<ExecutionState>;
}

/** What an execution came to, apart from what the vault says. */
export type ExecutionState =
  | { readonly status: 'running' }
  | { readonly status: 'succeeded'; readonly output: unknown }
  | { readonly status: 'failed'; readonly error: string; readonly cause: string }
  | { readonly status: 'stopped'; readonly how: 'aborted' | 'timed out' };

/** How long to wait between two looks: at first, and at most while nothing happens. */
export interface PollTimes {
  readonly first: number;
  readonly most: number;
}

/** Where the operator's options point. */
export interface Place {
  readonly stack: string;
  readonly region?: string;
  readonly local?: string;
}

/** What a command needs of a place. A run of the local cloud needs a configuration too. */
export type Purpose =
  | { readonly does: 'read' }
  /** It ends by itself when it is interrupted, and leaves nothing half done. */
  | { readonly does: 'download' }
  | { readonly does: 'run'; readonly config: string; readonly input: ExecutionInput }
  | { readonly does: 'restore'; readonly config: string; readonly target: string }
  | { readonly does: 'drill' | 'patrol'; readonly config: string };
