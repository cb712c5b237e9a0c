const NEWLINE = 0x0a;
const QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;
const SEMICOLON = 0x3b;
const DASH = 0x2d;
const BACKSLASH = 0x5c;
const SPACE = 0x20;

/**
 * The longest statement that is kept whole. The longest that matters is the COPY of a table of 1,600 columns whose names
 * are 63 quotes each: 210 KB. `lowrite` carries 16 KiB in hex. A comment can be longer, and nobody reads it.
 */
const LONGEST_STATEMENT = 256 * 1024;

type Within = 'nothing' | 'line' | 'statement' | 'literal' | 'identifier';

/** What was read: up to where, and a statement (without its semicolon) or a line of comment that ended there. */
export interface ReadOn {
  readonly next: number;
  readonly statement?: Buffer;
  readonly comment?: Buffer;
}

/**
 * Cuts the script that pg_restore writes into statements, between blocks of COPY data. Chunks may be cut anywhere.
 *
 * A doubled quote leaves a literal and enters the next at once, so it needs no case of its own. Backslashes need none either:
 * pg_dump doubles them where the server reads them as escapes. So nothing that is quoted can look like a statement.
 */
export class StatementReader {
  #within: Within = 'nothing';
  #pieces: Buffer[] = [];
  #length = 0;

  /** Whether the script may end here. */
  get idle(): boolean {
    return this.#within === 'nothing';
  }

  /** Reads on from `at`, to the end of a statement, of a line of comment, or of the chunk. Of what is too long, the beginning is kept. */
  read(chunk: Buffer, at: number): ReadOn {
    let from = at;
    let position = at;
    while (position < chunk.length) {
      if (this.#within === 'nothing') {
        from = position;
        this.#within = opening(chunk[position] as number);
        if (this.#within === 'nothing') position++;
      } else if (this.#within === 'line') {
        const end = chunk.indexOf(NEWLINE, position);
        if (end >= 0) return { next: end + 1, comment: this.#finish(chunk.subarray(from, end)) };
        position = chunk.length;
      } else if (this.#within === 'literal') {
        position = this.#leaveQuotes(chunk, position, QUOTE);
      } else if (this.#within === 'identifier') {
        position = this.#leaveQuotes(chunk, position, DOUBLE_QUOTE);
      } else {
        const byte = chunk[position++];
        if (byte === QUOTE) this.#within = 'literal';
        else if (byte === DOUBLE_QUOTE) this.#within = 'identifier';
        else if (byte === SEMICOLON) return { next: position, statement: this.#finish(chunk.subarray(from, position - 1)) };
      }
    }
    if (this.#within !== 'nothing') this.#keep(Buffer.from(chunk.subarray(from)));
    return { next: position };
  }

  #leaveQuotes(chunk: Buffer, at: number, quote: number): number {
    const end = chunk.indexOf(quote, at);
    if (end < 0) return chunk.length;
    this.#within = 'statement';
    return end + 1;
  }

  #keep(piece: Buffer): void {
    if (this.#length >= LONGEST_STATEMENT) return;
    this.#pieces.push(piece);
    this.#length += piece.length;
  }

  #finish(last: Buffer): Buffer {
    this.#within = 'nothing';
    if (this.#pieces.length === 0) return last;
    this.#keep(last);
    const statement = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#length = 0;
    return statement;
  }
}

/** What a first byte between statements opens. Comments and psql's `\restrict` last to the end of their line. */
function opening(byte: number): Within {
  if (byte <= SPACE) return 'nothing';
  return byte === DASH || byte === BACKSLASH ? 'line' : 'statement';
}
