import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '../../domain/outcomes.ts';
import { PLAIN_LOCALE } from '../child.ts';
import type { GuardedFolder } from '../guarded-folder.ts';
import { whenAborted } from '../when-aborted.ts';
import type { Credentials } from './credentials.ts';
import { openSession, type ServerSession } from './server-connection.ts';
import type { ServerPrograms } from './server-programs.ts';
import { type UnixUser, unprivilegedUser } from './unprivileged.ts';

const SUPERUSER = 'postgres';
const PORT = 5432;
const READY_WITHIN_MS = 60_000;
const LOOK_AGAIN_MS = 15;
const GRACE_MS = 5_000;

/** A line of the server's log begins with its SQLSTATE; the lines of a message that go on begin with a tab. */
const ERROR_LINE = /^([0-9A-Z]{5}) (?:ERROR|FATAL|PANIC):/m;
const LOG_READ_BYTES = 256 * 1024;

export interface ScratchOptions {
  readonly programs: ServerPrograms;
  /** Where it lives; it is named there as the process that runs. */
  readonly folder: GuardedFolder;
  /** What a query may write into temp files, for the server itself to hold. */
  readonly tempFileBytes: number;
  readonly signal: AbortSignal;
}

/** A throw-away server that nobody reaches but through a socket in a closed folder. */
export interface ScratchServer {
  readonly version: string;
  /** The superuser's, whose password is new for each server. */
  readonly superuser: Credentials;
  /** Whose files the server writes; undefined where it runs as ourselves. */
  readonly runsAs: UnixUser | undefined;
  readonly pid: number;
  open(database: string, as?: Credentials): Promise<ServerSession>;
  /** The SQLSTATE of the first error that the server has logged since the mark. */
  firstError(since: number): Promise<string | undefined>;
  /** Where the log ends now. */
  mark(): Promise<number>;
  /** Ends it at once: its data are thrown away. */
  stop(): Promise<void>;
}

/**
 * Starts a PostgreSQL server for data that nobody vouches for. It never runs as root, has no TCP listener, no environment but a
 * locale, and takes passwords only, on a socket that no other user can reach. It owes nothing to a power cut.
 */
export async function startScratchServer(options: ScratchOptions): Promise<ScratchServer> {
  const { programs, folder, tempFileBytes, signal } = options;
  const place = placeIn(folder.path);
  const superuser = { host: place.socket, port: PORT, user: SUPERUSER, password: randomBytes(24).toString('hex') };
  await initialize(options, place, superuser.password);
  const child = spawnIn(place, programs.postgres, ['-D', place.data, ...settings(place, tempFileBytes)]);
  const ended = once(child, 'exit').catch(() => []);
  const { pid } = child;
  folder.runs(pid);
  const server = (version: string): ScratchServer => ({
    version,
    superuser,
    runsAs: place.runsAs,
    pid: pid ?? 0,
    open: (database, as = superuser) => openSession({ database, sslMode: 'disable' }, as, signal),
    firstError: (since) => firstErrorIn(place.log, since),
    mark: async () => (await readFrom(place.log, 0)).end,
    stop,
  });
  async function stop(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null && pid !== undefined) {
      child.kill('SIGQUIT');
      await Promise.race([ended, pause(GRACE_MS, undefined, { ref: false })]);
      killGroup(pid);
    }
    await ended;
    folder.runs(undefined);
  }
  try {
    await untilAnswers(server(programs.version), child, signal);
    return server(programs.version);
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Place {
  readonly data: string;
  readonly socket: string;
  readonly log: string;
  readonly passwordFile: string;
  readonly runsAs: UnixUser | undefined;
}

/** All in one folder that only the server's user can enter. */
function placeIn(parent: string): Place {
  const runsAs = unprivilegedUser();
  const at = (name: string): string => join(parent, 'server', name);
  const place = { data: at('data'), socket: at('s'), log: at('log'), passwordFile: at('password'), runsAs };
  for (const folder of [join(parent, 'server'), place.data, place.socket]) {
    mkdirSync(folder, { mode: 0o700 });
    if (runsAs) chownSync(folder, runsAs.uid, runsAs.gid);
  }
  return place;
}

const INITDB = ['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-sync', `--username=${SUPERUSER}`];

async function initialize({ programs, folder, signal }: ScratchOptions, place: Place, password: string): Promise<void> {
  const { data, passwordFile, runsAs } = place;
  writeFileSync(passwordFile, password, { mode: 0o600, flag: 'wx' });
  if (runsAs) chownSync(passwordFile, runsAs.uid, runsAs.gid);
  const args = [`--pgdata=${data}`, `--pwfile=${passwordFile}`, ...INITDB];
  const initdb = spawnIn(place, programs.initdb, args);
  folder.runs(initdb.pid);
  const exit = once(initdb, 'exit');
  try {
    await Promise.race([exit, whenAborted(signal)]);
  } finally {
    // it starts servers of its own, which would go on writing
    if (initdb.pid !== undefined) killGroup(initdb.pid);
    await exit.catch(() => undefined);
    folder.runs(undefined);
  }
  const [code] = await exit;
  if (code !== 0) throw new Failure('internal', `initdb of PostgreSQL ${programs.version} ended with exit code ${code}`);
}

const settings = ({ socket }: Place, tempFileBytes: number): readonly string[] =>
  Object.entries({
    listen_addresses: '',
    port: PORT,
    unix_socket_directories: socket,
    unix_socket_permissions: '0700',
    // in the data folder, where it counts, and not in /dev/shm, which is small in a container
    dynamic_shared_memory_type: 'mmap',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    wal_level: 'minimal',
    max_wal_senders: 0,
    max_wal_size: '1GB',
    max_connections: 20,
    maintenance_work_mem: '128MB',
    autovacuum: 'off',
    jit: 'off',
    // nothing replicates into or out of it
    max_logical_replication_workers: 0,
    max_replication_slots: 0,
    temp_file_limit: `${Math.max(1, Math.ceil(tempFileBytes / 1024))}kB`,
    // the log has codes; statements and their rows stay out of it
    log_destination: 'stderr',
    log_line_prefix: '%e ',
    log_min_messages: 'error',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/** Leads a group of its own. Nothing of our environment goes along: in a task it leads to credentials. */
function spawnIn({ socket, log, runsAs }: Place, program: string, args: readonly string[]): ChildProcess {
  const file = openSync(log, 'a', 0o600);
  try {
    return spawn(program, [...args], {
      cwd: socket,
      env: { PATH: '/usr/bin:/bin', ...PLAIN_LOCALE },
      stdio: ['ignore', file, file],
      detached: true,
      shell: false,
      ...(runsAs && { uid: runsAs.uid, gid: runsAs.gid }),
    });
  } finally {
    closeSync(file);
  }
}

async function untilAnswers(server: ScratchServer, child: ChildProcess, signal: AbortSignal): Promise<void> {
  const giveUp = performance.now() + READY_WITHIN_MS;
  for (;;) {
    signal.throwIfAborted();
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined)
      throw new Failure('internal', `PostgreSQL ${server.version} ended instead of answering (exit code ${child.exitCode})`);
    try {
      return await (await server.open('postgres')).close();
    } catch (error) {
      if (performance.now() > giveUp) throw error;
      await pause(LOOK_AGAIN_MS);
    }
  }
}

async function firstErrorIn(log: string, since: number): Promise<string | undefined> {
  return ERROR_LINE.exec((await readFrom(log, since)).text)?.[1];
}

async function readFrom(path: string, start: number): Promise<{ readonly text: string; readonly end: number }> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LOG_READ_BYTES), 0, LOG_READ_BYTES, start);
    return { text: buffer.toString('latin1', 0, bytesRead), end: size };
  } finally {
    await file.close();
  }
}

/** What is left of its backends. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // nothing is left
  }
}
