import { expect, it } from 'vitest';
import { Failure } from '../../lib/domain/outcomes.ts';
import { type StepLog, told } from '../../lib/runtime/logger.ts';

function listening() {
  const lines: unknown[][] = [];
  const log: StepLog = { info: (...line) => void lines.push(line), error: (...line) => void lines.push(line) };
  return { lines, log };
}

it('says what a step was asked and what came of it', async () => {
  const { lines, log } = listening();
  await told('Plan', async () => ({ jobs: 2 }), { log })({ input: {} });
  expect(lines).toEqual([
    ['Plan:Started', { payload: { input: {} } }],
    ['Plan:Done', { result: { jobs: 2 } }],
  ]);
});

it('names the cause of a failure without printing it, and passes the failure on untouched', async () => {
  const { lines, log } = listening();
  const cause = Object.assign(new Error('Authorization: AWS4-HMAC-SHA256 abc'), { name: 'AccessDenied' });
  const failure = new Failure('storage', 'PutObject runs/x: AccessDenied (HTTP 403)', { cause });

  await expect(told('Plan', () => Promise.reject(failure), { log })({})).rejects.toBe(failure);

  const said = { name: 'Nightproof.storage', message: failure.message, cause: 'AccessDenied' };
  expect(lines[1]).toEqual(['Plan:Failed', { failure: said }]);
});

it('keeps the stack of what nobody expected', async () => {
  const { lines, log } = listening();
  const broken = () => Promise.reject(new TypeError('x is undefined'));
  await expect(told('Plan', broken, { log })({})).rejects.toThrow(/x is undefined/);
  expect(lines[1]).toEqual([
    'Plan:Failed',
    { failure: expect.objectContaining({ name: 'TypeError', stack: expect.stringContaining('logger.test') }) },
  ]);
});

it('says of a result only what may be known', async () => {
  const { lines, log } = listening();
  const work = async () => ({ url: 'https://vault/?signature=abc' });
  expect(await told('Sign', work, { log, shown: () => ({ signed: true }) })({})).toEqual({ url: 'https://vault/?signature=abc' });
  expect(JSON.stringify(lines)).not.toContain('signature');
});
