import { fileURLToPath } from 'node:url';
import type { Machine } from './machine.ts';
import { madeOnce } from './made-once.ts';
import { pipInstall } from './pip.ts';
import type { Python } from './python.ts';
import { VERSIONS } from './versions.ts';

const CONSTRAINTS = fileURLToPath(new URL('./moto-constraints.txt', import.meta.url));

export interface MotoInstall {
  /** The interpreter that runs `-m moto.server`. */
  readonly python: string;
  /** For PYTHONPATH. */
  readonly packages: string;
}

/** moto and all it needs, each pinned, in the cache. */
export async function ensureMoto(machine: Machine, python: Python): Promise<MotoInstall> {
  const packages = await madeOnce(machine, `moto-${VERSIONS.moto}-python-${python.version}`, async (folder) => {
    machine.report(`installing moto ${VERSIONS.moto}, which stands in for AWS (once, about 40 s)`);
    await pipInstall(python, folder, `moto[server]==${VERSIONS.moto}`, CONSTRAINTS);
  });
  return { python: python.program, packages };
}
