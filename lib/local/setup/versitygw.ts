import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findPrograms } from './find-program.ts';
import { goFor } from './go.ts';
import type { Machine } from './machine.ts';
import { madeOnce } from './made-once.ts';
import type { Python } from './python.ts';
import { ask, runStep } from './run-step.ts';
import { SetupError } from './setup-error.ts';
import { VERSIONS } from './versions.ts';

const PACKAGE = `github.com/versity/versitygw/cmd/versitygw@v${VERSIONS.versitygw}`;

/** versitygw, an S3 server over plain files: the machine's if it runs, else built once into the cache. */
export async function ensureVersitygw(machine: Machine, python: () => Promise<Python>): Promise<string> {
  for (const program of findPrograms('versitygw', machine.searchPath)) {
    if ((await ask(program, ['--version'])).ok) return program;
  }
  const folder = await madeOnce(machine, `versitygw-${VERSIONS.versitygw}`, (made) => build(machine, python, made));
  return join(folder, 'versitygw');
}

/** Go's own folders lie in a scratch one: some 700 MB of modules and objects would stay behind in the user's home. */
async function build(machine: Machine, python: () => Promise<Python>, folder: string): Promise<void> {
  const scratch = join(folder, 'scratch');
  mkdirSync(scratch);
  const go = await goFor(machine, python, scratch);
  machine.report(`building versitygw ${VERSIONS.versitygw}, which stands in for S3 (once, about 70 s)`);
  const { ok, output } = await runStep(go, ['install', '-ldflags=-s -w', PACKAGE], {
    GOBIN: folder,
    GOPATH: join(scratch, 'path'),
    GOCACHE: join(scratch, 'cache'),
    GOMODCACHE: join(scratch, 'path', 'mod'),
    GOTMPDIR: scratch,
    // the modules are write-protected otherwise, and could not be removed
    GOFLAGS: '-modcacherw -trimpath -buildvcs=false',
    GOTOOLCHAIN: 'local',
    GO111MODULE: 'on',
    GOWORK: 'off',
    CGO_ENABLED: '0',
  });
  if (!ok) throw new SetupError(`versitygw does not build:\n${output}`, `go install ${PACKAGE}  (and its folder in PATH)`);
  rmSync(scratch, { recursive: true });
}
