import type { Machine } from './machine.ts';
import { ensureMoto, type MotoInstall } from './moto.ts';
import { ensurePostgres, type PostgresInstall } from './postgres.ts';
import { ensurePython, type Python } from './python.ts';
import { ensureVersitygw } from './versitygw.ts';

/** The real parts that the local cloud runs on. Plain data: it is handed to other processes as JSON. */
export interface Toolchain {
  /** At least one with a server; the machine's own first. */
  readonly postgres: readonly PostgresInstall[];
  readonly versitygw: string;
  readonly moto: MotoInstall;
}

export interface Wanted {
  /** Every major of PostgreSQL that can be had, instead of one that has a server. */
  readonly everyPostgresMajor: boolean;
}

/** Finds what the machine has and brings the rest. Throws a SetupError for what it cannot bring. */
export async function ensureToolchain(machine: Machine, wanted: Wanted): Promise<Toolchain> {
  let asked: Promise<Python> | undefined;
  // one of its users may need it only after minutes of building; a failure by then has been seen by another
  const python = (): Promise<Python> => {
    asked ??= ensurePython(machine);
    return asked;
  };
  const [postgres, versitygw, moto] = await Promise.all([
    ensurePostgres(machine, python, { everyMajor: wanted.everyPostgresMajor }),
    ensureVersitygw(machine, python),
    python().then((found) => ensureMoto(machine, found)),
  ]);
  return { postgres, versitygw, moto };
}
