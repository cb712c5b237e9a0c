import { expect, it } from 'vitest';
import { buildProgram } from '../../lib/cli/program.ts';
import { EXIT_MEANINGS } from '../../lib/cli/terminal/exit-codes.ts';
import { cli, transcript } from '../support/cli-rig.ts';

it.each([
  ['help', ['--help']],
  ['help-run', ['run', '--help']],
  ['help-list', ['list', '--help']],
  ['help-show', ['show', '--help']],
  ['help-restore', ['restore', '--help']],
  ['help-drill', ['drill', '--help']],
  ['help-status', ['status', '--help']],
  ['help-doctor', ['doctor', '--help']],
  ['help-verify', ['verify', '--help']],
  ['help-download', ['download', '--help']],
  ['help-retention', ['retention', '--help']],
  ['help-command', ['command', '--help']],
])('teaches by %s', async (name, args) => {
  await expect(transcript(args, await cli(args))).toMatchFileSnapshot(`golden/${name}.txt`);
});

it('shows every exit code in the help', async () => {
  const { stdout } = await cli(['--help']);

  for (const [code] of EXIT_MEANINGS) expect(stdout).toMatch(new RegExp(`^ {2}${code} `, 'm'));
});

it('ends with 2 and shows the commands where none was given', async () => {
  const { code, stdout, stderr } = await cli([]);

  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain('run [options] [sources...]');
});

it('fits help into 80 columns', async () => {
  const commands = buildProgram(() => undefined).commands.map((command) => [command.name(), '--help']);
  for (const args of [['--help'], ...commands]) {
    const { stdout } = await cli(args);
    // examples are shown as they are typed
    const prose = stdout.split('\n').filter((line) => !line.startsWith('  $ '));
    expect(prose.filter((line) => line.length > 80)).toEqual([]);
  }
});
