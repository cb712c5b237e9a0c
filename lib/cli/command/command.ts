import { manifestKey } from '../../domain/backup/keys.ts';
import { Manifest } from '../../domain/backup/manifest.ts';
import type { Receipt } from '../../domain/backup/receipt.ts';
import { TIERS } from '../../domain/backup/tiers.ts';
import { type ConfiguredSource, isGroup, type Source } from '../../domain/source/source.ts';
import { slotOf } from '../../domain/time/slot.ts';
import { listBackups } from '../../runtime/backups.ts';
import { foundOf } from '../list/found-of.ts';
import type { Backend, Place } from '../place/backend.ts';
import type { CliContext } from '../place/context.ts';
import { readConfigFile } from '../place/read-config-file.ts';
import { readDocument } from '../place/vault-document.ts';
import { withBackend } from '../place/with-backend.ts';
import { requireSourceId } from '../run/run-input.ts';
import { newestRun, readablePlansOf } from '../show/find-run.ts';
import { CliError } from '../terminal/cli-error.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { shellWord } from '../terminal/shell-word.ts';
import type { ByHand } from './by-hand.ts';
import { CommandOutput } from './command-output.ts';

export interface CommandOptions {
  /** Goes by this file instead of by the newest run. */
  readonly config?: string;
  readonly json?: boolean;
}

/** Prints what the task runs for a source. Nothing is run, and no secret is read. */
export async function command(context: CliContext, place: Place, id: string, options: CommandOptions): Promise<ExitCode> {
  requireSourceId(id);
  const known = options.config === undefined ? await fromVault(context, place, id) : fromFile(options.config, id);
  // loads what the task is made of, which no other command needs
  const { byHand } = await import('./by-hand.ts');
  const told = await byHand(known.source, slotOf(context.now()), known.receipt);
  if (options.json) context.terminal.json(CommandOutput.parse(output(id, told)));
  else context.terminal.result(lines(id, told));
  return EXIT.done;
}

interface Known {
  readonly source: Source;
  /** Of its newest backup, where there is one. */
  readonly receipt?: Receipt;
}

function fromFile(file: string, id: string): Known {
  const { sources } = readConfigFile(file);
  const source = sources.find((one) => one.id === id);
  if (source) return { source: atomic(source) };
  throw new CliError(EXIT.usage, `${file} has no source ${id}`, `It has: ${sources.map((one) => one.id).join(', ')}`);
}

function fromVault(context: CliContext, place: Place, id: string): Promise<Known> {
  return withBackend(context, place, { does: 'read' }, async (backend) => {
    const source = await newestSource(backend, id, context.now());
    const receipt = await newestReceipt(backend, source);
    return { source, ...(receipt && { receipt }) };
  });
}

async function newestSource({ vault, flags }: Backend, id: string, now: Date): Promise<Source> {
  const run = await newestRun(vault, now, { sourceId: id });
  if (!run)
    throw new CliError(
      EXIT.unverified,
      `no run has had the source ${id} yet`,
      `Take it from the configuration: nightproof command ${id} --config nightproof.yaml${flags}`,
    );
  for (const plan of (await readablePlansOf(vault, run)).toReversed()) {
    const found = (await foundOf(vault, plan))?.sources ?? [];
    const source = [...found, ...plan.sources].find((one) => one.id === id);
    if (source)
      return atomic(
        source,
        found.flatMap((one) => (one.foundBy === id ? [one.id] : [])),
      );
  }
  throw new CliError(
    EXIT.unverified,
    `the run ${run.slot} says nothing more of ${id}`,
    'Take it from the configuration, with --config.',
  );
}

/** A group runs no command of its own: what it finds does. */
function atomic(source: ConfiguredSource, found: readonly string[] = []): Source {
  if (!isGroup(source)) return source;
  const remedy =
    found.length > 0 ? `Name one of them: ${found.join(', ')}` : 'What it finds has commands, once a run has found it.';
  throw new CliError(EXIT.usage, `${source.id} is a group, which only finds sources`, remedy);
}

async function newestReceipt({ vault }: Backend, { id, kind }: Source): Promise<Receipt | undefined> {
  if (kind === 'datedFolder') return undefined;
  const backups = (await listBackups(vault, id, TIERS)).filter(({ damaged }) => !damaged);
  const newest = backups.toSorted((a, b) => (a.slot < b.slot ? 1 : -1))[0];
  const document = newest && (await readDocument(vault, manifestKey(newest.key), Manifest));
  return document && 'found' in document ? document.found.receipt : undefined;
}

function lines(id: string, { notes, command: child, input, through, file }: ByHand): readonly string[] {
  const env = Object.entries(child.env).map(([name, value]) => `${name}=${shellWord(value)}`);
  const main = [...env, child.program, ...child.args.map(shellWord)].join(' ');
  const stages = [
    ...(input
      ? [`(cd ${shellWord(input.folder)} && ${input.stages.map((words) => words.map(word).join(' ')).join(' | ')})`]
      : []),
    main,
    ...through.map((words) => words.map(shellWord).join(' ')),
  ];
  return [
    `# ${id}, as the task backs it up. Its file is not part of the vault: nothing verifies it, and nothing removes it.`,
    ...notes.map((note) => `# ${note}`),
    `${stages.join(' \\\n  | ')} \\\n  > ${shellWord(file)}`,
  ];
}

/** Parentheses and `!` of find mean something to a shell, too. */
const word = (text: string): string => (/^[()!]$/.test(text) ? `\\${text}` : shellWord(text));

const output = (sourceId: string, { notes, command: child, input, through, file }: ByHand): CommandOutput => ({
  version: 1,
  kind: 'command',
  sourceId,
  program: child.program,
  args: [...child.args],
  env: { ...child.env },
  inputFolder: input?.folder ?? null,
  input: input ? input.stages.map((words) => [...words]) : null,
  through: through.map((words) => [...words]),
  file,
  notes: [...notes],
});
