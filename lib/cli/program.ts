import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { COMMAND_EXAMPLES, commandCommand } from './command/command-command.ts';
import { DOCTOR_EXAMPLES, doctorCommand } from './doctor/doctor-command.ts';
import { DOWNLOAD_EXAMPLES, downloadCommand } from './download/download-command.ts';
import { DRILL_EXAMPLES, drillCommand } from './drill/drill-command.ts';
import { LIST_EXAMPLES, listCommand } from './list/list-command.ts';
import { RESTORE_EXAMPLES, restoreCommand } from './restore/restore-command.ts';
import { RETENTION_EXAMPLES, retentionCommand } from './retention/retention-command.ts';
import { RUN_EXAMPLES, runCommand } from './run/run-command.ts';
import { SHOW_EXAMPLES, showCommand } from './show/show-command.ts';
import { STATUS_EXAMPLES, statusCommand } from './status/status-command.ts';
import { type Example, examplesText, generalText } from './terminal/help-text.ts';
import type { OnCommand } from './terminal/on-command.ts';
import { VERIFY_EXAMPLES, verifyCommand } from './verify/verify-command.ts';

const HELP_WIDTH = 80;

const EXAMPLES: readonly Example[] = [
  { line: 'nightproof list', does: 'what can be restored, newest first' },
  { line: 'nightproof show latest', does: 'how the newest run went, and what to do about failures' },
  { line: 'nightproof run app', does: 'back up one source now, and wait until it is verified' },
  { line: 'nightproof restore --latest app --dry-run', does: 'what a restore would do, before it does it' },
  { line: 'nightproof status', does: 'whether anything is overdue, and what runs next' },
  { line: 'nightproof list --local ./backups', does: 'the same for a vault on this machine' },
];

/** The examples of each command, by its name. */
export const EXAMPLES_OF: Readonly<Record<string, readonly Example[]>> = {
  run: RUN_EXAMPLES,
  list: LIST_EXAMPLES,
  show: SHOW_EXAMPLES,
  status: STATUS_EXAMPLES,
  doctor: DOCTOR_EXAMPLES,
  restore: RESTORE_EXAMPLES,
  drill: DRILL_EXAMPLES,
  verify: VERIFY_EXAMPLES,
  download: DOWNLOAD_EXAMPLES,
  retention: RETENTION_EXAMPLES,
  command: COMMAND_EXAMPLES,
};

const COMMANDS = [
  runCommand,
  listCommand,
  showCommand,
  restoreCommand,
  drillCommand,
  verifyCommand,
  downloadCommand,
  statusCommand,
  doctorCommand,
  retentionCommand,
  commandCommand,
];

/** All commands, their help and their options. Help and docs/cli.md are made of these definitions alone. */
export function buildProgram(onCommand: OnCommand): Command {
  const program = new Command('nightproof')
    .summary('operate nightproof')
    .description(
      'Backs up PostgreSQL and file trees into S3, and calls a backup good only after proof. Starts runs, restores and restore tests, and shows what there is.',
    )
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .configureHelp({ helpWidth: HELP_WIDTH })
    .addHelpText('after', `${examplesText(EXAMPLES)}\n${generalText()}\n\nMore on a command: nightproof <command> --help`);
  for (const command of COMMANDS) {
    program.addCommand(command(onCommand).helpOption('-h, --help', 'show this help').copyInheritedSettings(program));
  }
  return program;
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return version;
}
