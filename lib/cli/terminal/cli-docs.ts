import type { Argument, Command, Option } from 'commander';
import { RIGHTS } from '../doctor/rights.ts';
import { EXAMPLES_OF } from '../program.ts';
import { EXIT_MEANINGS } from './exit-codes.ts';
import { ENVIRONMENT, type Example } from './help-text.ts';
import { JSON_OUTPUTS } from './json-outputs.ts';
import { fieldsOf } from './schema-fields.ts';

/** The reference of the CLI, made of the definitions that the CLI itself is made of. `docs/cli.md` is its checked-in copy. */
export function renderCliDocs(program: Command): string {
  const lines = [
    '# The command line',
    '',
    '<!-- Made from the definitions in lib/cli; `npx vitest run test/cli/cli-docs.test.ts --update` writes it anew. -->',
    '',
    program.description(),
    '',
    'In a clone of nightproof: `npx nightproof <command>`. Results go to standard output; progress, hints and errors to standard error.',
    'Colours and redrawn progress appear only on a terminal.',
    '',
    ...program.commands.flatMap(commandLines),
    ...section(
      'Exit codes',
      table(
        ['Code', 'Meaning'],
        EXIT_MEANINGS.map(([code, meaning]) => [String(code), meaning]),
      ),
    ),
    ...section(
      'Environment',
      table(
        ['Variable', 'Meaning'],
        ENVIRONMENT.map(({ name, does }) => [`\`${name}\``, does]),
      ),
    ),
    ...section('The local cloud', LOCAL),
    ...section('Rights', [
      'What your role needs on AWS. None of the commands writes to the vault but `verify`, which writes down what is damaged where it may; none writes to a target of a restore: the state machines do.',
      '',
      ...table(
        ['Command', 'Action', 'On'],
        RIGHTS.map(({ commands, actions, on }) => [commands, actions.map((one) => `\`${one}\``).join(', '), on]),
      ),
    ]),
    ...section('JSON', [
      '`--json` prints one document. Its schema is closed: whatever changes gets a new `version`, and a script should check that.',
      '',
      ...JSON_OUTPUTS.flatMap(outputLines),
    ]),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

const LOCAL = [
  '`--local DIR` works on a vault on this machine instead of AWS: `DIR/vault/<bucket>/` holds the objects as plain files.',
  '',
  '- Commands that only look start an S3 server over it for as long as they run.',
  '- Nothing of the cloud itself is up between two runs: `status` goes by the vault, and `doctor` says what it cannot check.',
  '- `run`, `restore` and `drill` start a local cloud of their own: `run` synthesizes the configuration of `--config` into `DIR/cdk.out`, deploys it there, runs it once and stops it again, and so do the others.',
  '- `DIR/secrets.json` holds the secrets that the configuration names, as Secrets Manager would:',
  '  `{"nightproof/main": {"username": "...", "password": "...", "host": "...", "port": 5432}}`.',
  '  It must be readable for you only: `chmod 600 DIR/secrets.json`.',
  '- `DIR/volumes.json` says which folders stand for the EFS volumes that the configuration names: `{"media": "/srv/media"}`.',
];

function commandLines(command: Command): readonly string[] {
  const words = command.registeredArguments.map(argumentTerm).join(' ');
  const options = command.options.filter(({ hidden }) => !hidden);
  return [
    `## \`nightproof ${command.name()}${words === '' ? '' : ` ${words}`}\``,
    '',
    command.description(),
    '',
    ...(command.registeredArguments.length > 0
      ? [
          ...table(
            ['Argument', ''],
            command.registeredArguments.map((one) => [`\`${argumentTerm(one)}\``, one.description]),
          ),
          '',
        ]
      : []),
    ...table(
      ['Option', ''],
      options.map((option) => [`\`${option.flags}\``, optionText(option)]),
    ),
    '',
    ...exampleLines(EXAMPLES_OF[command.name()] ?? []),
  ];
}

const argumentTerm = (argument: Argument): string => {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
};

function optionText({ description, argChoices, defaultValue, negate }: Option): string {
  const choices = argChoices ? ` (one of ${argChoices.join(', ')})` : '';
  const value = defaultValue === undefined || negate ? '' : ` (default: ${String(defaultValue)})`;
  return `${description}${choices}${value}`;
}

const exampleLines = (examples: readonly Example[]): readonly string[] => [
  '```sh',
  ...examples.flatMap(({ line, does }) => [`# ${does}`, line]),
  '```',
  '',
];

const section = (title: string, lines: readonly string[]): readonly string[] => [`## ${title}`, '', ...lines, ''];

const outputLines = ({ printedBy, schema }: (typeof JSON_OUTPUTS)[number]): readonly string[] => [
  `### ${printedBy}`,
  '',
  ...table(
    ['Field', 'Type', ''],
    fieldsOf(schema).map(({ path, type, meaning }) => [`\`${path}\``, type, meaning]),
  ),
  '',
];

function table(titles: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)];
}
