import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { type ChildCommand, showExit, startChild, succeeded } from '../../lib/runtime/child.ts';

const shell = (script: string, env: Record<string, string> = {}): ChildCommand => ({
  program: '/bin/sh',
  args: ['-c', script],
  env,
});

it('gives a child the environment that it is given and nothing of its own', async () => {
  const child = startChild({ program: '/usr/bin/env', args: [], env: { ONLY: 'this' } });
  expect(await text(child.stdout)).toBe('ONLY=this\n');
});

it('passes arguments as they are, without a shell', async () => {
  const child = startChild({ program: '/bin/echo', args: ['$HOME;', '`id`', 'a  b'], env: {} });
  expect(await text(child.stdout)).toBe('$HOME; `id` a  b\n');
});

it.each([
  ['exit 0', 'exit code 0', true],
  ['exit 3', 'exit code 3', false],
  ['kill -9 $$', 'signal SIGKILL', false],
])('tells how it ended: %s', async (script, shown, success) => {
  const child = startChild(shell(script));
  child.stdout.resume();
  const exit = await child.exited;
  expect([showExit(exit), succeeded(exit)]).toEqual([shown, success]);
});

it('tells that a program is not there', async () => {
  const child = startChild({ program: '/no/such/program', args: [], env: {} });
  expect(showExit(await child.exited)).toBe('could not be started (ENOENT)');
  await child.stop();
});

it('counts the lines of stderr and keeps none', async () => {
  const child = startChild(shell('echo one >&2; echo two >&2'));
  child.stdout.resume();
  await Promise.all([child.exited, text(child.stdout)]);
  await expect.poll(() => child.stderrLines()).toBe(2);
});

it('stops a child that sleeps, one that was stopped itself, and one that has ended', async () => {
  const asleep = startChild(shell('exec sleep 1000'));
  await asleep.stop();
  expect(showExit(await asleep.exited)).toBe('signal SIGTERM');
  await asleep.stop();

  const halted = startChild(shell('kill -STOP $$; sleep 1000'));
  await expect.poll(async () => halted.pid && stateOf(halted.pid)).toBe('T');
  await halted.stop();
  expect(showExit(await halted.exited)).toBe('signal SIGTERM');
});

it('kills a child that does not heed SIGTERM', async () => {
  const stubborn = startChild(shell('trap "" TERM; echo ready; while :; do sleep 1; done'));
  await new Promise((resolve) => stubborn.stdout.once('data', resolve));
  await stubborn.stop();
  expect(showExit(await stubborn.exited)).toBe('signal SIGKILL');
});

async function stateOf(pid: number): Promise<string | undefined> {
  const child = startChild({ program: '/bin/cat', args: [`/proc/${pid}/stat`], env: {} });
  return (await text(child.stdout)).split(' ')[2];
}
