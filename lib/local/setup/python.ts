import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findPrograms } from './find-program.ts';
import type { Machine } from './machine.ts';
import { madeOnce } from './made-once.ts';
import { ask, runStep } from './run-step.ts';
import { SetupError } from './setup-error.ts';
import { OLDEST_PYTHON } from './versions.ts';

const APT_PACKAGES = ['python3', 'python3-venv'];
const APT_INSTALL = `apt-get install -y --no-install-recommends ${APT_PACKAGES.join(' ')}`;
const OLDEST = OLDEST_PYTHON.join('.');

export interface Python {
  /** `3.11`: what packages with compiled parts are bound to. */
  readonly version: string;
  /** The interpreter of a virtual environment in the cache, which has pip. */
  readonly program: string;
}

/** A Python of our own, so that nothing is ever installed into the machine's. */
export async function ensurePython(machine: Machine): Promise<Python> {
  const kept = await findKept(machine.cache);
  if (kept !== undefined) return kept;
  const found = (await findPython(machine)) ?? (await installPython(machine));
  const name = `python-${found.version}`;
  // one that is there, but was not found to run: the Python it was made from is gone
  rmSync(join(machine.cache, name), { recursive: true, force: true });
  const folder = await madeOnce(machine, name, async (made) => {
    machine.report(`making a Python ${found.version} environment for moto and downloads (once, about 5 s)`);
    const { ok, output } = await runStep(found.program, ['-m', 'venv', made]);
    if (!ok)
      throw new SetupError(`Python ${found.version} cannot make a virtual environment:\n${output}`, asRoot(machine, APT_INSTALL));
  });
  return { version: found.version, program: programIn(folder) };
}

async function findKept(cache: string): Promise<Python | undefined> {
  for (const name of readdirSync(cache)) {
    const [, version] = /^python-(\d+\.\d+)$/.exec(name) ?? [];
    const program = programIn(join(cache, name));
    if (version !== undefined && (await ask(program, ['-c', ''])).ok) return { version, program };
  }
  return undefined;
}

const programIn = (folder: string): string => join(folder, 'bin', 'python');

/** The machine's first Python that is new enough and has what a virtual environment with pip needs. */
async function findPython(machine: Machine): Promise<Python | undefined> {
  for (const program of findPrograms('python3', machine.searchPath)) {
    const { ok, output } = await ask(program, ['-c', 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])']);
    if (ok && isNewEnough(output)) return { version: output, program };
  }
  return undefined;
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]);
}

async function installPython(machine: Machine): Promise<Python> {
  const [apt] = findPrograms('apt-get', machine.searchPath);
  const lack = `There is no Python ${OLDEST} or newer with venv here, and moto needs one.`;
  if (apt === undefined)
    throw new SetupError(lack, `install Python ${OLDEST} or newer with venv and ensurepip, so that "python3" is in PATH`);
  if (!machine.isRoot) throw new SetupError(lack, asRoot(machine, APT_INSTALL));
  machine.report(
    `installing ${APT_PACKAGES.join(' and ')} with apt-get (moto needs Python ${OLDEST} or newer; once, about 30 s)`,
  );
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  const wait = ['-o', 'DPkg::Lock::Timeout=300'];
  await runStep(apt, ['update', ...wait], quiet);
  const { ok, output } = await runStep(apt, [...APT_INSTALL.split(' ').slice(1), ...wait], quiet);
  const found = await findPython(machine);
  if (found === undefined) throw new SetupError(`${lack} ${ok ? '' : `apt-get said:\n${output}`}`, APT_INSTALL);
  return found;
}

const asRoot = (machine: Machine, command: string): string => (machine.isRoot ? command : `sudo ${command}`);
