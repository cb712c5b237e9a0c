import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from 'pg';
import { findChild, isRunning } from '../process-state.ts';
import type { CaseContext } from './case-context.ts';
import type { KindOn } from './fault-kinds.ts';
import { session } from './server-session.ts';
import { isDatabase } from './sources.ts';

/** Inflicts it now; returns whether it was really met. */
type Strike = (context: CaseContext) => Promise<boolean> | boolean;

const LOOK_MS = 10;
const LOOKS = 300;

const TARGETS = { dump: 'pg_dump', decoder: 'pg_restore', tar: 'tar' } as const;

/** Sends a signal to a program of this process's, if it still runs. Whoever stands still is noticed as if time went fast. */
const signal =
  (target: keyof typeof TARGETS, name: NodeJS.Signals): Strike =>
  ({ clock }) => {
    const pid = findChild(process.pid, TARGETS[target]);
    if (pid === undefined) return false;
    process.kill(pid, name);
    if (name === 'SIGSTOP') clock.hurry();
    return true;
  };

/** What can happen to the programs of a dump while it stands at one point of its stream. */
export const STREAM_FAULTS: Readonly<Record<KindOn<'stream'>, Strike>> = {
  'kill-dump': signal('dump', 'SIGKILL'),
  'term-dump': signal('dump', 'SIGTERM'),
  'stop-dump': signal('dump', 'SIGSTOP'),
  'kill-decoder': signal('decoder', 'SIGKILL'),
  'term-decoder': signal('decoder', 'SIGTERM'),
  'stop-decoder': signal('decoder', 'SIGSTOP'),
  'kill-tar': signal('tar', 'SIGKILL'),
  'term-tar': signal('tar', 'SIGTERM'),
  'stop-tar': signal('tar', 'SIGSTOP'),
  'backend-terminated': (context) =>
    asSuperuser(context, async (client) => {
      const pid = await backendOf(client);
      if (pid === undefined) return false;
      await client.query('SELECT pg_terminate_backend($1)', [pid]);
      return until(() => !isRunning(pid));
    }),
  'backend-stopped': (context) =>
    asSuperuser(context, async (client) => {
      const pid = await backendOf(client);
      if (pid === undefined) return false;
      process.kill(pid, 'SIGSTOP');
      context.clock.hurry();
      // it goes on when nobody waits for it any more
      void until(() => findChild(process.pid, TARGETS.dump) === undefined).finally(() => process.kill(pid, 'SIGCONT'));
      return true;
    }),
  'replica-conflict': standInTheWay,
};

/** Has the primary take a lock that a dump on the standby is in the way of, and waits until the standby has cancelled somebody for it. */
async function standInTheWay(context: CaseContext): Promise<boolean> {
  const { rig, drawn } = context;
  const [primary] = rig.servers;
  if (!primary || !isDatabase(drawn.shape)) return false;
  const before = await asSuperuser(context, conflicts);
  const lock = 'BEGIN; LOCK TABLE customer IN ACCESS EXCLUSIVE MODE; COMMIT';
  await session(primary.server, rig.database(drawn.shape), (client) => client.query(lock));
  return asSuperuser(context, (client) => until(async () => (await conflicts(client)) > before));
}

/** A session of the superuser in the database of the case. */
export const asSuperuser = <T>({ rig, drawn, gated }: CaseContext, work: (client: Client) => Promise<T>): Promise<T> =>
  session(gated.server, rig.database(isDatabase(drawn.shape) ? drawn.shape : 'small'), work);

/** The server's process that works for a dump of this database. */
async function backendOf(client: Client): Promise<number | undefined> {
  const sql = `SELECT pid FROM pg_stat_activity WHERE application_name = 'nightproof' AND datname = current_database()`;
  return (await client.query<{ pid: number }>(sql)).rows[0]?.pid;
}

async function conflicts(client: Client): Promise<number> {
  const sql = 'SELECT confl_lock::int AS n FROM pg_stat_database_conflicts WHERE datname = current_database()';
  return (await client.query<{ n: number }>(sql)).rows[0]?.n ?? 0;
}

/** Looks again and again, for some seconds; returns whether it came true. */
async function until(isTrue: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let looks = 0; looks < LOOKS; looks++) {
    if (await isTrue()) return true;
    await pause(LOOK_MS);
  }
  return false;
}
