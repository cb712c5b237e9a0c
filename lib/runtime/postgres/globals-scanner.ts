import type { GlobalsContents } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import { StatementReader } from './statement-reader.ts';

/** The last comment of the script. */
const END_MARK = '-- PostgreSQL database cluster dump complete';

const NAME = '(?:"(?:[^"]|"")*"|[^\\s"]+)';
const SETTING = new RegExp(`^ALTER (?:ROLE|DATABASE) ${NAME}(?: IN DATABASE ${NAME})? SET `);

/** The beginning of a statement is enough: two names of 63 quotes each, doubled, and the words between. */
const START_BYTES = 512;

/**
 * Reads the script of `pg_dumpall --globals-only` as it streams by and counts what it makes. It holds hashes of passwords, so
 * nothing of it is kept, quoted or logged.
 */
export class GlobalsScanner {
  readonly #statements = new StatementReader();
  #roles = 0;
  #settings = 0;
  #tablespaces = 0;
  #ended = false;

  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const { next, statement, comment } = this.#statements.read(chunk, at);
      if (statement) this.#understand(statement.toString('latin1', 0, START_BYTES));
      else if (comment?.toString('latin1') === END_MARK) this.#ended = true;
      at = next;
    }
  }

  /** What the script makes. Throws where it does not end as pg_dumpall ends it. */
  finish(): Omit<GlobalsContents, 'passwords'> {
    if (!this.#ended || !this.#statements.idle) throw new Failure('truncated', 'the script of pg_dumpall has no end mark');
    return { roles: this.#roles, settings: this.#settings, tablespaces: this.#tablespaces };
  }

  #understand(start: string): void {
    // what comes after the mark was not written by pg_dumpall
    this.#ended = false;
    if (start.startsWith('CREATE ROLE ')) this.#roles++;
    else if (start.startsWith('CREATE TABLESPACE ')) this.#tablespaces++;
    else if (SETTING.test(start)) this.#settings++;
  }
}
