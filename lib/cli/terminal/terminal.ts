import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { styleText } from 'node:util';

/** A stream that may be a terminal. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };

/** What is typed, if there is somebody who types. */
export type Input = Readable & { readonly isTTY?: boolean };

export interface TerminalStreams {
  readonly stdin?: Input | undefined;
  readonly stdout: Output;
  readonly stderr: Output;
}

/** What a piece of text tells, and so which colour it has. */
export type Tone = 'good' | 'bad' | 'doubtful' | 'quiet' | 'strong';

const COLOURS = { good: 'green', bad: 'red', doubtful: 'yellow', quiet: 'gray', strong: 'bold' } as const;

const NARROWEST = 40;
const WHERE_UNKNOWN = 80;

/**
 * The one place that writes. Results go to stdout, so that they can be piped and parsed; progress, hints and errors go to stderr.
 * Colours are left out where the stream is no terminal or NO_COLOR is set.
 */
export class Terminal {
  readonly #stdin: Input | undefined;
  readonly #stdout: Output;
  readonly #stderr: Output;
  readonly #cursorMoves: boolean;

  /** `cursorMoves`: false for terminals that cannot go back (TERM=dumb). */
  constructor({ stdin, stdout, stderr }: TerminalStreams, cursorMoves = true) {
    this.#stdin = stdin;
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#cursorMoves = cursorMoves;
  }

  /** Whether progress can be redrawn in place. */
  get canRedraw(): boolean {
    return this.#cursorMoves && this.#stderr.isTTY === true;
  }

  /** Columns that results have to fit into; undefined where they are piped, and then nothing is cut. */
  get resultColumns(): number | undefined {
    return this.#stdout.isTTY ? columnsOf(this.#stdout) : undefined;
  }

  get progressSize(): { readonly columns: number; readonly rows: number } {
    return { columns: columnsOf(this.#stderr), rows: this.#stderr.rows ?? 24 };
  }

  result(lines: readonly string[]): void {
    this.#stdout.write(`${lines.join('\n')}\n`);
  }

  json(document: unknown): void {
    this.#stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  }

  note(line: string): void {
    this.#stderr.write(`${line}\n`);
  }

  /** Bytes for the terminal as they are: cursor movements of a redrawn display. */
  draw(bytes: string): void {
    this.#stderr.write(bytes);
  }

  /** Whether there is somebody to ask. */
  get canAsk(): boolean {
    return this.#stdin?.isTTY === true && this.#stderr.isTTY === true;
  }

  /** Asks for a line; undefined where the input ends. Rejects when the signal is aborted. */
  async ask(question: string, signal: AbortSignal): Promise<string | undefined> {
    if (!this.#stdin) return undefined;
    // not as a terminal of its own: Ctrl-C stays a signal, which the whole command hears
    const lines = createInterface({ input: this.#stdin, output: this.#stderr, terminal: false });
    const ended = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)));
    try {
      return await Promise.race([lines.question(question, { signal }), ended]);
    } finally {
      lines.close();
    }
  }

  error(what: string, remedy: string): void {
    this.note(`${this.paintNote('bad', 'error:')} ${what}`);
    if (remedy !== '') this.note(`${this.paintNote('strong', 'remedy:')} ${remedy}`);
  }

  /** Colours a piece of a result. */
  paint(tone: Tone, text: string): string {
    return styleText(COLOURS[tone], text, { stream: this.#stdout });
  }

  /** Colours a piece of progress or of an error. */
  paintNote(tone: Tone, text: string): string {
    return styleText(COLOURS[tone], text, { stream: this.#stderr });
  }
}

const columnsOf = ({ columns = WHERE_UNKNOWN }: Output): number => Math.max(NARROWEST, columns);
