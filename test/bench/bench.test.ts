import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { spreadOf } from './spread.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const RATIOS = /\d+\.\d\d \/ \d+\.\d\d \/ \d+\.\d\d \(min \/ median \/ max\) times as long as/;

const bench = (...args: readonly string[]) => promisify(execFile)(process.execPath, [MAIN, ...args]);

it('measures all it promises, on a database two hundred times smaller', { timeout: 300_000 }, async () => {
  const { stdout } = await bench('--size', '0.005', '--runs', '1');
  const [, alone = '', byHand = '', memory = ''] = stdout.split(/^[abc]\. /m);
  expect(alone).toMatch(RATIOS);
  expect(byHand).toMatch(byHand.startsWith('Not measured') ? /no AWS CLI/ : RATIOS);
  expect(memory.match(/MB for .* of stream/g)).toHaveLength(3);
  expect(stdout).toMatch(/cores .*^PostgreSQL +\d+\./ms);
});

it('refuses what it does not know before it starts anything', async () => {
  await expect(bench('--size', '0')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('a number above 0') });
  await expect(bench('--postgres', 'newest')).rejects.toMatchObject({ code: 2 });
});

it('takes the middle of an odd number of ratios, and the mean of the two middle ones of an even number', () => {
  expect(spreadOf([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 });
  expect(spreadOf([4, 1, 2, 3])).toEqual({ min: 1, median: 2.5, max: 4 });
  expect(spreadOf([7])).toEqual({ min: 7, median: 7, max: 7 });
});
