import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../retention-model/great-vault.ts', import.meta.url));

/** It takes some 3 s and 265 MiB. */
const TIMEOUT = 60_000;
const MAX_MIB = 512;

interface Told {
  readonly objects: number;
  readonly manifests: number;
  readonly decisions: number;
  readonly removed: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly rssMiB: number;
}

it('plans retention and a sweep of 1,000,000 objects with 100,000 manifests in a minute and 512 MiB', {
  timeout: TIMEOUT,
}, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [`--max-old-space-size=${MAX_MIB}`, PROGRAM], {
    timeout: TIMEOUT,
  });
  const told = JSON.parse(stdout) as Told;
  expect(told).toMatchObject({ objects: 1_003_000, manifests: 100_000, decisions: 100_000, removed: 16_000 });
  expect(told.counts).toEqual({ 'no-manifest': 500, 'sweep-cap': 500 });
  expect(told.rssMiB).toBeLessThan(MAX_MIB);
});
