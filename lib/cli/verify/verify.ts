import { inTurn } from '../../runtime/in-turn.ts';
import { clientFolders, findClients, type PostgresClient } from '../../runtime/postgres/clients.ts';
import type { Vault } from '../../runtime/vault.ts';
import { type DeepFinding, deepVerify } from '../../runtime/verify/deep-verify.ts';
import { recordDamage } from '../../runtime/verify/record-damage.ts';
import type { Place } from '../place/backend.ts';
import type { CliContext } from '../place/context.ts';
import { withBackend } from '../place/with-backend.ts';
import { CliError, Interrupted } from '../terminal/cli-error.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { askedFor, keysOf, type VerifyOptions } from './verify-choice.ts';
import { verifyLines } from './verify-lines.ts';
import { type VerifiedAgain, VerifyOutput } from './verify-output.ts';
import { type VerifyProgress, verifyProgress } from './verify-progress.ts';

/** Reads every byte of stored backups from here, and says of each whether it is still what it was. */
export async function verify(
  context: CliContext,
  place: Place,
  written: readonly string[],
  options: VerifyOptions,
): Promise<ExitCode> {
  const asked = askedFor(written, options);
  return withBackend(context, place, { does: 'download' }, async (backend) => {
    const { vault } = backend;
    const at = context.now();
    const keys = await keysOf(vault, asked, at);
    if (keys.length === 0) throw nothingToRead(options, backend.flags);
    const backups = await readAll(context, vault, keys);
    const count = (result: DeepFinding['result']): number => backups.filter((one) => one.result === result).length;
    const counts = { intact: count('intact'), damaged: count('damaged'), unread: count('unread') };
    if (options.json)
      context.terminal.json(
        VerifyOutput.parse({ version: 1, kind: 'verify', vault: vault.bucket, at: at.toISOString(), ...counts, backups }),
      );
    else context.terminal.result(verifyLines(backups, backend, context.terminal));
    if (counts.damaged > 0) return EXIT.unverified;
    return counts.unread > 0 ? EXIT.unreachable : EXIT.done;
  });
}

/** A small share of few backups can be none. */
function nothingToRead({ sample, source }: VerifyOptions, flags: string): CliError {
  const of = source === undefined ? '' : ` of ${source}`;
  if (sample !== undefined)
    return new CliError(EXIT.nothingToDo, `no backup${of} has its turn this month`, 'Take a larger share, or --all.');
  return new CliError(EXIT.unverified, `there is no verified backup${of}`, `See what there is: nightproof list${flags}`);
}

async function readAll({ terminal, now, interrupt }: CliContext, vault: Vault, keys: readonly string[]) {
  const clients = await findClients(await clientFolders(process.env.PATH ?? ''));
  const sizes = await inTurn(keys, async (key) => (await vault.head(key))?.bytes ?? 0);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const progress = verifyProgress(terminal, { backups: keys.length, bytes }, now);
  try {
    const read: VerifiedAgain[] = [];
    for (const key of keys) read.push(await readOne(key, { vault, clients, progress, interrupt, now }));
    return read;
  } catch (error) {
    if (interrupt.aborted) throw new Interrupted();
    throw error;
  } finally {
    progress.stop();
  }
}

interface Reading {
  readonly vault: Vault;
  readonly clients: readonly PostgresClient[];
  readonly progress: VerifyProgress;
  readonly interrupt: AbortSignal;
  readonly now: () => Date;
}

async function readOne(key: string, { vault, clients, progress, interrupt, now }: Reading): Promise<VerifiedAgain> {
  progress.next(key);
  const finding = await deepVerify(key, { vault, clients, signal: interrupt, onBytes: progress.seen });
  const said = { key, result: finding.result, bytes: null, decoded: null, problem: null, recorded: null, failure: null };
  switch (finding.result) {
    case 'intact':
      return { ...said, bytes: finding.bytes, decoded: finding.decoded };
    case 'damaged':
      return { ...said, problem: finding.problem, recorded: await record(vault, key, finding.problem, now()) };
    case 'unread':
      return { ...said, failure: finding.failure };
  }
}

/** Whoever may read the vault need not be let write there: then it is only said. */
const record = (vault: Vault, key: string, problem: string, at: Date): Promise<'written' | 'exists' | 'refused'> =>
  recordDamage(vault, { key, foundAt: at.toISOString(), foundBy: 'verify', problem }).catch(() => 'refused' as const);
