import type { DumpContents, TableContents } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import { opensCopyData, parseCopyStatement, type TableName } from './copy-statement.ts';
import { countNewlines } from './count-newlines.ts';
import { DigestSum } from './digest-sum.ts';
import { LargeObjectTally } from './large-object-tally.ts';
import { orderedRowHash, type RowHash, unorderedRowHash } from './row-hash.ts';
import { StatementReader } from './statement-reader.ts';

const NEWLINE = 0x0a;

/**
 * What ends a block of COPY data. COPY writes a newline of the data as `\n` and a backslash as `\\`, so these four bytes
 * cannot be data. The first of them still ends the last row, or the COPY statement where there is no row.
 */
const END_OF_DATA = Buffer.from('\n\\.\n');

/**
 * pg_dump's mark on a partition that must be loaded through its root, and whose COPY then names the root: rows of a table that
 * is partitioned by the hash of an enum may belong to another partition after the restore, so their order means nothing.
 */
const VIA_ROOT = '-- load via partition root ';

interface OpenTable extends TableName {
  readonly hash: RowHash;
  rows: number;
  bytes: number;
}

/**
 * Reads the script of `pg_restore --data-only` as it streams by, and counts and hashes the rows of each table, the large objects
 * and the sequences. Memory does not depend on the size of the data.
 *
 * Data-only, because then the script has no function bodies, defaults or view definitions, in which anybody may have written
 * something that looks like a COPY block.
 */
export class CopyScanner {
  readonly #statements = new StatementReader();
  readonly #tables = new Map<string, TableContents>();
  readonly #largeObjects = new LargeObjectTally();
  #encoding: 'utf8' | 'latin1' = 'utf8';
  #sequences = 0;
  #blocks = 0;
  #viaRoot = false;
  #table: OpenTable | undefined;
  /** The newline after `FROM stdin;` is still to come. */
  #headerOpen = false;
  /** How many bytes of `END_OF_DATA` the data seen so far ends with; they are not counted yet. */
  #held = 0;
  /** The first held byte is the newline of the COPY statement, not one of the data. */
  #heldHeader = false;

  /** Blocks of COPY data seen, one for each table (or partition) that was dumped. */
  get blocks(): number {
    return this.#blocks;
  }

  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) at = this.#table ? this.#readData(this.#table, chunk, at) : this.#readScript(chunk, at);
  }

  /** What the script held. Throws where it ended inside a block or a statement: the archive is not whole then. */
  finish(): DumpContents {
    if (this.#table) throw new Failure('decode', `the data of table ${this.#table.schema}.${this.#table.name} has no end`);
    if (!this.#statements.idle) throw new Failure('decode', 'the decoded dump ends inside a statement');
    return {
      tables: [...this.#tables.values()],
      largeObjects: this.#largeObjects.total(),
      sequences: this.#sequences,
    };
  }

  #readScript(chunk: Buffer, at: number): number {
    const { next, statement, comment } = this.#statements.read(chunk, at);
    if (comment?.toString('latin1', 0, VIA_ROOT.length) === VIA_ROOT) this.#viaRoot = true;
    if (statement) this.#understand(statement);
    return next;
  }

  #understand(statement: Buffer): void {
    const start = statement.toString('latin1', 0, 64);
    if (opensCopyData(start)) this.#openTable(statement);
    else if (start.startsWith('SELECT pg_catalog.lowrite(')) this.#largeObjects.wrote(statement);
    else if (start.startsWith('SELECT pg_catalog.lo_open(')) this.#largeObjects.opened(/\d+/.exec(start)?.[0] ?? '');
    else if (start.startsWith('SELECT pg_catalog.lo_close(')) this.#largeObjects.closed();
    else if (start.startsWith('SELECT pg_catalog.setval(')) this.#sequences++;
    else if (start.startsWith('SET client_encoding = ')) this.#encoding = start.includes("'UTF8'") ? 'utf8' : 'latin1';
  }

  #openTable(statement: Buffer): void {
    const name = parseCopyStatement(statement, this.#encoding);
    if (!name) throw new Failure('decode', 'the decoded dump has a COPY statement of an unknown form');
    this.#table = { ...name, hash: this.#viaRoot ? unorderedRowHash() : orderedRowHash(), rows: 0, bytes: 0 };
    this.#viaRoot = false;
    this.#headerOpen = true;
    this.#blocks++;
  }

  #readData(table: OpenTable, chunk: Buffer, start: number): number {
    let at = start;
    if (this.#headerOpen) {
      if (chunk[at] !== NEWLINE) throw new Failure('decode', 'the decoded dump has a COPY statement that data does not follow');
      this.#headerOpen = false;
      this.#heldHeader = true;
      this.#held = 1;
      at++;
    }
    for (; this.#held > 0 && at < chunk.length; at++) {
      if (chunk[at] !== END_OF_DATA[this.#held]) {
        this.#releaseHeld(table, this.#held);
        break;
      }
      if (++this.#held === END_OF_DATA.length) {
        this.#releaseHeld(table, 1);
        this.#closeTable(table);
        return at + 1;
      }
    }
    return at < chunk.length ? this.#readRows(table, chunk, at) : at;
  }

  /** Reads from a place where no part of the end mark is pending. */
  #readRows(table: OpenTable, chunk: Buffer, at: number): number {
    const end = chunk.indexOf(END_OF_DATA, at);
    if (end >= 0) {
      add(table, chunk.subarray(at, end + 1));
      this.#closeTable(table);
      return end + END_OF_DATA.length;
    }
    this.#held = heldAtEnd(chunk, at);
    add(table, chunk.subarray(at, chunk.length - this.#held));
    return chunk.length;
  }

  /** Counts the first `length` held bytes as data after all, but for a newline that belongs to the COPY statement. */
  #releaseHeld(table: OpenTable, length: number): void {
    add(table, END_OF_DATA.subarray(this.#heldHeader ? 1 : 0, length));
    this.#held = 0;
    this.#heldHeader = false;
  }

  #closeTable({ schema, name, hash, rows, bytes }: OpenTable): void {
    this.#table = undefined;
    const key = JSON.stringify([schema, name]);
    const block = { schema, name, rows, bytes, sha256: hash.digest() };
    const before = this.#tables.get(key);
    this.#tables.set(key, before ? joined(before, block) : block);
  }
}

/** Partitions that are loaded through one root make one table, in whatever order they come. */
function joined(before: TableContents, block: TableContents): TableContents {
  const sum = new DigestSum();
  sum.add(before.sha256);
  sum.add(block.sha256);
  return { ...before, rows: before.rows + block.rows, bytes: before.bytes + block.bytes, sha256: sum.hex };
}

function add(table: OpenTable, data: Buffer): void {
  if (data.length === 0) return;
  table.hash.update(data);
  table.bytes += data.length;
  table.rows += countNewlines(data);
}

/** How many of the chunk's last bytes, from `at` on, may begin the end mark. */
function heldAtEnd(chunk: Buffer, at: number): number {
  for (let length = Math.min(END_OF_DATA.length - 1, chunk.length - at); length > 0; length--) {
    if (END_OF_DATA.compare(chunk, chunk.length - length, chunk.length, 0, length) === 0) return length;
  }
  return 0;
}
