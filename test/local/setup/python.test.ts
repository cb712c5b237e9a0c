import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findPrograms } from '../../../lib/local/setup/find-program.ts';
import { type Machine, thisMachine } from '../../../lib/local/setup/machine.ts';
import { ensurePython } from '../../../lib/local/setup/python.ts';
import { scratchFolder } from '../../support/scratch-folder.ts';
import { stubProgram } from '../../support/stub-program.ts';

const HERE = thisMachine(() => undefined);

const machineIn = (folder: string, changes: Partial<Machine>): Machine => ({ ...HERE, cache: folder, ...changes });

/** A python3 that answers what set-up asks of it, and makes an environment around itself. */
function stubPython(folder: string, version: string): void {
  stubProgram(folder, 'python3', `[ "$2" = venv ] && mkdir -p "$3/bin" && exec cp "$0" "$3/bin/python"\necho ${version}`);
}

it('passes by a Python that is too old, and one without venv', async () => {
  const folder = scratchFolder();
  const [old, bare, good] = ['old', 'bare', 'good'].map((name) => join(folder, name)) as [string, string, string];
  stubPython(old, '3.9');
  stubProgram(bare, 'python3', 'exit 1');
  stubPython(good, '3.12');

  const python = await ensurePython(machineIn(folder, { searchPath: [old, bare, good] }));

  expect(python).toEqual({ version: '3.12', program: join(folder, 'python-3.12/bin/python') });
});

it('makes its environment anew when the Python that it came from is gone', async () => {
  const folder = scratchFolder();
  stubPython(join(folder, 'bin'), '3.12');
  const machine = machineIn(folder, { searchPath: [join(folder, 'bin')] });
  stubProgram(join(folder, 'python-3.12/bin'), 'python', 'exit 127');
  symlinkSync('/gone', join(folder, 'python-3.12/former'));

  await ensurePython(machine);

  expect(existsSync(join(folder, 'python-3.12/bin/python'))).toBe(true);
});

it('brings Python by apt as root, and says so', async () => {
  const folder = scratchFolder();
  const bin = join(folder, 'bin');
  const report: string[] = [];
  stubPython(join(folder, 'later'), '3.11');
  stubProgram(bin, 'apt-get', `echo "$*" >> "$0.log"; [ $1 = install ] && cp ${folder}/later/python3 ${bin}/python3`);

  await ensurePython(machineIn(folder, { searchPath: [bin], isRoot: true, report: (line) => report.push(line) }));

  expect(report[0]).toMatch(/^installing python3 and python3-venv with apt-get \(moto needs/);
  expect(findPrograms('python3', [bin])).toHaveLength(1);
});

it('tells what apt said where it fails', async () => {
  const folder = scratchFolder();
  stubProgram(folder, 'apt-get', 'echo Unable to locate package python3 >&2; exit 100');

  await expect(ensurePython(machineIn(folder, { searchPath: [folder], isRoot: true }))).rejects.toThrow(
    /Unable to locate package/,
  );
});
