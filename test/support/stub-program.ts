import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A program of that name in the folder, as a line of shell. */
export function stubProgram(folder: string, name: string, shell: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\n${shell}\n`);
  chmodSync(join(folder, name), 0o755);
}
