import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { localBucket } from '../../lib/cli/place/local-vault.ts';
import { scratchFolder } from '../support/scratch-folder.ts';

function folder(...buckets: readonly string[]): string {
  const dir = scratchFolder();
  for (const bucket of buckets) mkdirSync(join(dir, 'vault', bucket), { recursive: true });
  return dir;
}

it('is the only bucket there', () => {
  expect(localBucket(folder('nightproof-vault', '.sgwtmp'))).toBe('nightproof-vault');
});

it('is the one that the local cloud noted', () => {
  const dir = folder('logs', 'nightproof-vault');
  writeFileSync(join(dir, 'cloud.json'), JSON.stringify({ vaultBucket: 'nightproof-vault', names: {} }));

  expect(localBucket(dir)).toBe('nightproof-vault');
});

it.each([
  ['no folder at all', '/nonexistent', 'holds no vault'],
  ['no bucket', folder, 'holds no vault'],
  ['several', () => folder('a', 'b'), 'holds 2 buckets'],
])('is refused with %s', (_, dir, what) => {
  const path = typeof dir === 'string' ? dir : dir();

  expect(() => localBucket(path)).toThrow(what);
});
