interface FaultFacts {
  readonly what: string;
  /** What it is inflicted on: the traffic with the store, the task as a process, one of its programs in mid-stream, or a whole try. */
  readonly on: 'wire' | 'task' | 'stream' | 'try';
  /** Which sources it can befall. */
  readonly source: 'any' | 'database' | 'large-tree';
  /** How often it is drawn, next to others; those that have to wait for something are drawn seldom. */
  readonly weight: number;
}

/** Everything that the rig can do to a night: a closed set. */
export const FAULTS = {
  'slow-down': { what: 'the store answers 503 and does nothing', on: 'wire', source: 'any', weight: 8 },
  'server-error': { what: 'the store answers 500 and does nothing', on: 'wire', source: 'any', weight: 8 },
  reset: { what: 'the connection is reset in the middle of a body', on: 'wire', source: 'any', weight: 8 },
  'lost-reply': { what: 'the store does it, and its reply is lost', on: 'wire', source: 'any', weight: 10 },
  'slow-reply': { what: 'the reply comes late, but in time', on: 'wire', source: 'any', weight: 4 },
  'late-reply': { what: 'the reply comes later than the client waits', on: 'wire', source: 'any', weight: 3 },
  'flip-request': { what: 'a bit changes on the way to the store', on: 'wire', source: 'any', weight: 10 },
  'flip-reply': { what: 'a bit changes on the way back', on: 'wire', source: 'any', weight: 10 },
  'half-reply': { what: 'the connection breaks in the middle of a reply', on: 'wire', source: 'any', weight: 8 },
  'error-in-200': { what: 'Complete fails inside a 200', on: 'wire', source: 'any', weight: 5 },
  'kill-dump': { what: 'SIGKILL of pg_dump', on: 'stream', source: 'database', weight: 8 },
  'term-dump': { what: 'SIGTERM of pg_dump', on: 'stream', source: 'database', weight: 4 },
  'stop-dump': { what: 'SIGSTOP of pg_dump', on: 'stream', source: 'database', weight: 2 },
  'kill-decoder': { what: 'SIGKILL of the pg_restore that decodes', on: 'stream', source: 'database', weight: 6 },
  'term-decoder': { what: 'SIGTERM of the pg_restore that decodes', on: 'stream', source: 'database', weight: 3 },
  'stop-decoder': { what: 'SIGSTOP of the pg_restore that decodes', on: 'stream', source: 'database', weight: 2 },
  'kill-tar': { what: 'SIGKILL of tar', on: 'stream', source: 'large-tree', weight: 10 },
  'term-tar': { what: 'SIGTERM of tar', on: 'stream', source: 'large-tree', weight: 6 },
  'stop-tar': { what: 'SIGSTOP of tar', on: 'stream', source: 'large-tree', weight: 3 },
  'backend-terminated': { what: 'pg_terminate_backend', on: 'stream', source: 'database', weight: 6 },
  'backend-stopped': { what: 'SIGSTOP of the backend', on: 'stream', source: 'database', weight: 2 },
  'lock-held': { what: 'an ACCESS EXCLUSIVE lock, for longer than lockWait', on: 'try', source: 'database', weight: 2 },
  'replica-conflict': { what: 'a conflict with recovery on a standby', on: 'stream', source: 'database', weight: 3 },
  'disk-full': { what: 'no space left for parts and lists on disk', on: 'try', source: 'any', weight: 4 },
  'clock-jump': { what: 'the clock is set: an hour, a day, to 1970, to 2038', on: 'wire', source: 'any', weight: 6 },
  suspended: { what: 'the machine stands still for minutes to a day', on: 'wire', source: 'any', weight: 3 },
  'kill-task': { what: 'SIGKILL of the task', on: 'task', source: 'any', weight: 3 },
  'term-task': { what: 'SIGTERM of the task', on: 'task', source: 'any', weight: 3 },
  'stop-task': { what: 'SIGSTOP of the task until another try is done', on: 'task', source: 'any', weight: 2 },
  'two-tasks': { what: 'a second task for the slot runs from begin to end in between', on: 'wire', source: 'any', weight: 5 },
  'lease-lost': { what: 'another try has dumped, verified and committed before Complete', on: 'try', source: 'any', weight: 4 },
} as const satisfies Record<string, FaultFacts>;

export type FaultKind = keyof typeof FAULTS;

export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[];

type Where = FaultFacts['on'];

/** The kinds that are inflicted there. */
export type KindOn<W extends Where> = { [K in FaultKind]: (typeof FAULTS)[K]['on'] extends W ? K : never }[FaultKind];

/** One fault of a case. */
export interface DrawnFault {
  readonly kind: FaultKind;
  /** Where, as a share: of the requests that a night without faults makes, of the rows or bytes of a stream, of what the kind varies. */
  readonly at: number;
  /** A second choice where the kind has one: a byte of the body, an amount. */
  readonly vary: number;
  /** Of a fault of the wire: how many requests in a row meet with it. */
  readonly times: number;
  /** Of all others: in which try of the dump task, from 1. */
  readonly inTry: number;
}

export const isOn = <W extends Where>(fault: DrawnFault, where: W): fault is DrawnFault & { readonly kind: KindOn<W> } =>
  FAULTS[fault.kind].on === where;
