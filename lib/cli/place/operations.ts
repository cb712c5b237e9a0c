import type { PlanName } from '../../domain/run/plan-name.ts';
import type { Cron } from '../../domain/time/schedule.ts';
import type { Machine } from './machine.ts';

/** What stands around the runs: what starts them, and what watches over them. */
export interface Operations {
  readonly schedules: () => Promise<readonly InstalledSchedule[]>;
  /** Executions under way; undefined where only the vault can tell. */
  readonly running: () => Promise<readonly RunningExecution[] | undefined>;
  /** Alarms that are in ALARM; undefined where there are no alarms. */
  readonly alarms: () => Promise<readonly RaisedAlarm[] | undefined>;
  /** Looks at each part. `secrets` are the names of those that sources need. */
  readonly checks: (secrets: readonly string[]) => Promise<readonly Check[]>;
  readonly close: () => void;
}

/** A schedule as it is deployed, whatever the configuration says by now. */
export interface InstalledSchedule {
  readonly name: string;
  /** What it starts. */
  readonly starts: Machine;
  /** Of the night: whose plan. */
  readonly plan: PlanName;
  /** As EventBridge Scheduler spells it. */
  readonly expression: string;
  /** Absent where the expression is none that nightproof writes. */
  readonly cron?: Cron;
  readonly timeZone: string;
  /** Whether it starts anything. */
  readonly enabled: boolean;
  /** When it became what it is now: what was due before is not its to start. */
  readonly since?: Date;
}

export interface RunningExecution {
  readonly executionArn: string;
  readonly startedAt: Date;
}

export interface RaisedAlarm {
  readonly name: string;
  readonly since: Date;
  /** Its impact, and where to read on. */
  readonly description: string;
}

/** `unchecked`: the place has no such part, so that nothing can be said of it. */
export const CHECK_STATES = ['ok', 'bad', 'unchecked'] as const;

/** One thing that was looked at. */
export interface Check {
  readonly what: string;
  readonly state: (typeof CHECK_STATES)[number];
  readonly text: string;
  /** What to do about it; of what is bad. */
  readonly remedy?: string;
}
