import type { Json } from './json.ts';
import type { RunningTask, StoppedTask } from './task-process.ts';

/** One job of a Map. */
export interface Item {
  readonly index: number;
  /** The `id` of its input, where it has one. */
  readonly id?: string;
}

/** Something that happened in an execution. */
export type ExecutionEvent = { readonly at: Date; readonly item?: Item } & (
  | { readonly type: 'ItemStarted'; readonly input: Json }
  | { readonly type: 'ItemSucceeded'; readonly output: Json }
  | ({ readonly type: 'ItemFailed' } & ErrorOutput)
  | ({ readonly type: 'StateEntered'; readonly input: Json } & StateName)
  | ({ readonly type: 'StateExited'; readonly output: Json } & StateName)
  | ({ readonly type: 'StateFailed' } & StateName & ErrorOutput)
  | ({ readonly type: 'StateRetried'; readonly attempt: number } & StateName)
  | ({ readonly type: 'StateCaught' } & StateName)
  | { readonly type: 'TaskStarted'; readonly state: string; readonly task: RunningTask }
  | { readonly type: 'TaskStopped'; readonly state: string; readonly task: StoppedTask }
);

interface StateName {
  readonly state: string;
  /** As in the definition: `Task`, `Choice`. */
  readonly stateType: string;
}

interface ErrorOutput {
  readonly error: string;
  readonly cause: string;
}

export const itemOf = (index: number, input: Json): Item => {
  const id = typeof input === 'object' && input !== null && !Array.isArray(input) ? input.id : undefined;
  return { index, ...(typeof id === 'string' && { id }) };
};

/** Without what every event has of itself. */
export type Told = ExecutionEvent extends infer E
  ? E extends ExecutionEvent
    ? Omit<E, 'at' | 'item'> & { readonly item?: Item }
    : never
  : never;
