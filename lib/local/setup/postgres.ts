import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findPrograms, isProgram } from './find-program.ts';
import type { Machine } from './machine.ts';
import { unpackedPostgres } from './postgres-wheel.ts';
import type { Python } from './python.ts';
import { ask } from './run-step.ts';

const COMPRESSIONS = ['gzip', 'lz4', 'zstd'] as const;

export type Compression = (typeof COMPRESSIONS)[number];

/** One installation of PostgreSQL: its own folder of programs, all of one version. */
export interface PostgresInstall {
  readonly major: number;
  /** As pg_dump says it: `15.18`. */
  readonly version: string;
  readonly binDir: string;
  /** Whether it can also start a server. */
  readonly hasServer: boolean;
  /** Whether its server has the extensions of contrib. */
  readonly hasContrib: boolean;
  /** What its pg_dump can compress with. */
  readonly compressions: readonly Compression[];
}

/** The installations among the folders, each once, in their order. */
export async function findPostgres(machine: Machine): Promise<PostgresInstall[]> {
  const programs = findPrograms('pg_dump', machine.searchPath).concat(findPrograms('postgres', machine.searchPath));
  const folders = new Set(programs.map((program) => dirname(realpathSync(program))));
  const installs = await Promise.all([...folders].map(installAt));
  return installs.filter((install) => install !== undefined);
}

/**
 * PostgreSQL as it is wanted: one that has a server, or every major that can be had. Those with a server come first, and
 * among them what the machine has before what set-up brings.
 */
export async function ensurePostgres(
  machine: Machine,
  python: () => Promise<Python>,
  wanted: { readonly everyMajor: boolean },
): Promise<PostgresInstall[]> {
  const found = serversFirst(await findPostgres(machine));
  if (found[0]?.hasServer === true && !wanted.everyMajor) return found;
  const brought = await Promise.all((await unpackedPostgres(machine, python)).map(installAt));
  return serversFirst([...found, ...brought.filter((install) => install !== undefined)]);
}

const serversFirst = (installs: readonly PostgresInstall[]): PostgresInstall[] =>
  installs.toSorted((a, b) => Number(b.hasServer) - Number(a.hasServer));

/** Undefined where the folder holds no whole client: Debian's /usr/bin/pg_dump is a script that picks one of several. */
async function installAt(binDir: string): Promise<PostgresInstall | undefined> {
  const has = (name: string): boolean => isProgram(join(binDir, name));
  if (!['pg_dump', 'pg_restore', 'psql'].every(has) || isScript(join(binDir, 'pg_dump'))) return undefined;
  const { ok, output } = await ask(join(binDir, 'pg_dump'), ['--version']);
  const [, version] = /\(PostgreSQL\) (\d+\S*)/.exec(output) ?? [];
  if (!ok || version === undefined) return undefined;
  const [hasContrib, compressions] = await Promise.all([findContrib(binDir), findCompressions(binDir)]);
  return {
    major: Number.parseInt(version, 10),
    version,
    binDir,
    hasServer: has('postgres') && has('initdb'),
    hasContrib,
    compressions,
  };
}

const isScript = (path: string): boolean => readFileSync(path).subarray(0, 2).toString() === '#!';

async function findContrib(binDir: string): Promise<boolean> {
  const { ok, output } = await ask(join(binDir, 'pg_config'), ['--sharedir']);
  return ok && existsSync(join(output, 'extension', 'pgcrypto.control'));
}

/** Asked of the client itself: its version does not tell what it was built with. */
async function findCompressions(binDir: string): Promise<Compression[]> {
  const answers = await Promise.all(COMPRESSIONS.map((name) => canCompress(join(binDir, 'pg_dump'), name)));
  return COMPRESSIONS.filter((_, index) => answers[index]);
}

/** It looks at the compression before it connects, so one that gets as far as to miss the server can do it. Before 16 there is only -Z. */
async function canCompress(pgDump: string, name: Compression): Promise<boolean> {
  const levels = name === 'gzip' ? ['-Z1'] : [`--compress=${name}`];
  const { output } = await ask(pgDump, ['-Fc', ...levels, '--host=/nonexistent', '--dbname=none'], { PGOPTIONS: '' });
  return output.includes('/nonexistent');
}
