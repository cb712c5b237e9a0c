import { PassThrough, Readable } from 'node:stream';
import { main } from '../../lib/cli/main.ts';
import type { Backend, ExecutionState, Place, Purpose } from '../../lib/cli/place/backend.ts';
import { executionName } from '../../lib/cli/place/execution-name.ts';
import type { Machine } from '../../lib/cli/place/machine.ts';
import { CliError } from '../../lib/cli/terminal/cli-error.ts';
import type { Vault } from '../../lib/runtime/vault.ts';
import { execution, minutesAfter, SUNDAY } from './night.ts';

// CI systems set it, and then colours would be in every golden file
delete process.env.FORCE_COLOR;

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** What a command opens. @default - opening anything is an error */
  readonly backend?: Backend;
  readonly env?: Record<string, string>;
  readonly interrupt?: AbortSignal;
  /** Columns of the terminal; without them nothing is a terminal. */
  readonly columns?: number;
  /** Whether that terminal has colours. @default false */
  readonly colours?: boolean;
  /** What somebody types when asked. @default - nobody is there */
  readonly typed?: string;
  /** Takes the place of waiting. */
  readonly pause?: (ms: number) => Promise<void>;
  /** @default - the clock stands still at `MORNING` */
  readonly now?: Date | (() => Date);
}

/** Where commands were told to work. */
export const opened: { place: Place; purpose: Purpose }[] = [];

/** A morning after the night of `SUNDAY`. */
const MORNING = minutesAfter(SUNDAY, 7 * 60);

/** Runs the CLI in this process over a backend of the test's, with a clock that stands still. */
export async function cli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const stdout = collector(options);
  const stderr = collector(options);
  opened.length = 0;
  const open = async (place: Place, purpose: Purpose): Promise<Backend> => {
    opened.push({ place, purpose });
    if (options.backend) return options.backend;
    throw new CliError(3, 'this test opens nothing', '');
  };
  const code = await main({
    args,
    ...(options.typed !== undefined && { stdin: typing(options.typed) }),
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: options.env ?? {},
    interrupt: options.interrupt ?? new AbortController().signal,
    parts: {
      open,
      now: typeof options.now === 'function' ? options.now : () => (options.now as Date | undefined) ?? MORNING,
      pause: options.pause ?? (async () => undefined),
    },
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

const typing = (line: string) => Object.assign(Readable.from([line]), { isTTY: true });

function collector({ columns, colours = false }: CliOptions) {
  const chunks: string[] = [];
  const stream = new PassThrough();
  stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  if (columns !== undefined)
    Object.assign(stream, {
      isTTY: true,
      columns,
      rows: 24,
      getColorDepth: () => (process.env.NO_COLOR === undefined && colours ? 8 : 1),
    });
  return { stream, text: () => chunks.join('') };
}

/** What a golden file holds: what was typed, both streams and the exit code. */
export const transcript = (args: readonly string[], { code, stdout, stderr }: CliResult): string =>
  [
    `$ nightproof ${args.join(' ')}`,
    stdout.trimEnd(),
    ...(stderr === '' ? [] : ['--- stderr', stderr.trimEnd()]),
    `--- exit ${code}`,
    '',
  ].join('\n');

/** A stack on AWS, as far as a command sees it: a vault, and an execution whose states a test gives one after the other. */
export function backendOver(
  vault: Vault,
  facts: Partial<Backend> & { readonly states?: readonly (ExecutionState | Error)[] } = {},
): Backend & {
  readonly inputs: object[];
  readonly machines: Machine[];
  readonly closed: () => boolean;
} {
  const inputs: object[] = [];
  const machines: Machine[] = [];
  let closed = false;
  const left = [...(facts.states ?? [])];
  return {
    vault,
    name: 'stack nightproof',
    flags: '',
    runsWithoutUs: true,
    pollMs: { first: 2000, most: 15_000 },
    locate: (key) => ({ s3: `s3://${vault.bucket}/${key}` }),
    operations: () => Promise.reject(new Error('this test has nothing but a vault')),
    start: async (machine, input) => {
      machines.push(machine);
      inputs.push(input);
      const state = async (): Promise<ExecutionState> => {
        const next = left.length > 1 ? left.shift() : left[0];
        if (next instanceof Error) throw next;
        return next ?? { status: 'running' };
      };
      const name = machine === 'night' ? 'first' : executionName(machine, MORNING, 'cafe0001');
      return { executionArn: execution(name), name, startedAt: minutesAfter(SUNDAY, 0), state };
    },
    stateOf: async () => undefined,
    close: async () => {
      closed = true;
    },
    ...facts,
    inputs,
    machines,
    closed: () => closed,
  };
}
