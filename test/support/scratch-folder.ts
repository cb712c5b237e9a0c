import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';

/** A temp folder that all users can reach and that is gone after the test. */
export function scratchFolder(): string {
  const folder = newFolder();
  onTestFinished(() => remove(folder));
  return folder;
}

/** One that is gone after all tests of the file, in which this is called. */
export function scratchFolderUntilEnd(): string {
  const folder = newFolder();
  afterAll(() => remove(folder));
  return folder;
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nightproof-test-'));
  chmodSync(folder, 0o755);
  return folder;
}

const remove = (folder: string): void => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
