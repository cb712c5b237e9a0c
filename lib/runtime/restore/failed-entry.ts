import type { ArchiveToc, TocEntry } from '../../domain/restore/archive-toc.ts';

/** What pg_restore says, in a form that is fixed, before it says what went wrong: the number of the entry that it was at. */
const AT_ENTRY = /from TOC entry (\d+); /;

const NEWLINE = '\n';

/** Enough for the beginning of a line; what the server said can be megabytes of somebody's rows. */
const LONGEST_START = 512;

/** How a line begins that is no news of progress, of which it writes one for each object. */
const WARNING = /^pg_restore: warning: $/;
const WARNING_START = 'pg_restore: warning: '.length;

/** Listens to stderr of pg_restore for the entry at which it failed, and counts its warnings. Nothing else of it is kept. */
export class FailedEntry {
  #line = '';
  #id: number | undefined;
  #warnings = 0;

  get warnings(): number {
    return this.#warnings;
  }

  push = (chunk: Buffer): void => {
    const [first = '', ...more] = chunk.toString('latin1').split(NEWLINE);
    this.#extend(first);
    for (const start of more) {
      this.#line = '';
      this.#extend(start);
    }
  };

  /** The entry, as the archive names it. */
  in({ entries }: ArchiveToc): TocEntry | undefined {
    return entries.find(({ id }) => id === this.#id);
  }

  #extend(text: string): void {
    if (this.#line.length >= LONGEST_START) return;
    const known = this.#line.length;
    this.#line += text.slice(0, LONGEST_START);
    if (known < WARNING_START && WARNING.test(this.#line.slice(0, WARNING_START))) this.#warnings++;
    if (this.#id !== undefined) return;
    const id = AT_ENTRY.exec(this.#line)?.[1];
    // the number may go on in the next chunk: the expression asks for what stands behind it
    if (id !== undefined) this.#id = Number(id);
  }
}

/** `CONSTRAINT public.orders orders_pkey` */
export const showEntry = ({ type, schema, name }: TocEntry): string => `${type} ${schema === '' ? '' : `${schema}.`}${name}`;
