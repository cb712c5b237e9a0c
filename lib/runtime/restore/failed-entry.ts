import type { ArchiveToc, TocEntry } from '../../domain/restore/archive-toc.ts';

/** What pg_restore says, in a form that is fixed, before it says what went wrong: the number of the entry that it was at. */
const AT_ENTRY = /from TOC entry (\d+); /;

const NEWLINE = '\n';

/** Enough for the beginning of a line; what the server said can be megabytes of somebody's rows. */
const LONGEST_START = 512;

/** Listens to stderr of pg_restore for the entry at which it failed. Nothing else of it is kept. */
export class FailedEntry {
  #line = '';
  #id: number | undefined;

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
    if (this.#id !== undefined || this.#line.length >= LONGEST_START) return;
    this.#line += text.slice(0, LONGEST_START);
    const id = AT_ENTRY.exec(this.#line)?.[1];
    // the number may go on in the next chunk: the expression asks for what stands behind it
    if (id !== undefined) this.#id = Number(id);
  }
}

/** `CONSTRAINT public.orders orders_pkey` */
export const showEntry = ({ type, schema, name }: TocEntry): string => `${type} ${schema === '' ? '' : `${schema}.`}${name}`;
