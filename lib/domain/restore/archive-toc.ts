import { Failure } from '../outcomes.ts';

/** One entry of a dump's table of contents, exactly as pg_dump wrote it. */
export interface TocEntry {
  /** Its number in this archive. */
  readonly id: number;
  /** What kind of object: `TABLE`, `TABLE DATA`, `FK CONSTRAINT`, ... */
  readonly type: string;
  /** Oids of the catalogue and of the object's row in it, on the server that was dumped; "0" where there is none. */
  readonly catalogue: string;
  readonly oid: string;
  /** Its schema; "" where it has none. */
  readonly schema: string;
  /** Its name; of what belongs to a table (a trigger, a constraint), the table's name before it. */
  readonly name: string;
  readonly owner: string;
  readonly tablespace: string;
  /** The statements that make it. */
  readonly definition: string;
  /** Numbers of the entries that must be there before it. */
  readonly dependencies: readonly number[];
  /** Whether a block of data follows for it. */
  readonly hasData: boolean;
  /** Where the statement that drops it stands, its length before it. */
  readonly drop: ByteRange;
}

/** From the first byte to the one behind the last. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The front of an archive in pg_dump's custom format. */
export interface ArchiveToc {
  readonly format: string;
  /** The database that was dumped. */
  readonly database: string;
  readonly serverVersion: string;
  readonly clientVersion: string;
  /** How many bytes an integer takes in this archive. */
  readonly intBytes: number;
  /** In the order in which they are restored. */
  readonly entries: readonly TocEntry[];
  /** Where the front ends, and the blocks of data begin. */
  readonly bytes: number;
}

const MAGIC = 'PGDMP';
const CUSTOM = 1;

/** Versions of the format, as 100 * major + minor: what PostgreSQL 14 to 18 write. A newer one may have fields that are not known here. */
const OLDEST = 114;
const NEWEST = 116;

const VERSION = { compressionByte: 115, relationKind: 116 } as const;

/** `K_OFFSET_NO_DATA` */
const NO_DATA = 3;

/**
 * Reads the front of an archive. Undefined where it goes on behind these bytes. Throws `damaged` where it is no archive.
 *
 * It is read here and not off `pg_restore --list`, which prints names without quotes and with their line breaks as spaces: of
 * `TABLE DATA a b c`, nobody can tell schema, name and owner.
 */
export function parseArchiveToc(front: Buffer): ArchiveToc | undefined {
  const reader = new FrontReader(front);
  try {
    return readToc(reader);
  } catch (error) {
    if (error === REACHES_OVER) return undefined;
    throw error;
  }
}

/** Thrown inside of here where the bytes end too early. */
const REACHES_OVER = new Error('the front of the archive goes on');

function readToc(reader: FrontReader): ArchiveToc {
  if (reader.bytes(MAGIC.length).toString('latin1') !== MAGIC) throw notAnArchive('it does not begin with PGDMP');
  const [major, minor, revision] = [reader.byte(), reader.byte(), reader.byte()];
  const version = major * 100 + minor;
  if (version < OLDEST || version > NEWEST)
    throw new Failure('version', `the archive has format ${major}.${minor}; this nightproof reads 1.14 to 1.16`);
  reader.sizes(reader.byte(), reader.byte());
  if (reader.byte() !== CUSTOM) throw notAnArchive("it is not in pg_dump's custom format");
  if (version >= VERSION.compressionByte) reader.byte();
  else reader.int();
  for (const _ of ['second', 'minute', 'hour', 'day', 'month', 'year', 'daylight saving']) reader.int();

  const names = [reader.text(), reader.text(), reader.text()];
  const raw = Array.from({ length: reader.count() }, () => readEntry(reader, version));
  // the first entry says in what encoding all names are
  const encoding = raw.find(({ type }) => type.equals(ENCODING))?.definition.includes("'UTF8'") === false ? 'latin1' : 'utf8';
  const [database = '', serverVersion = '', clientVersion = ''] = names.map((name) => name.toString(encoding));
  return {
    format: `${major}.${minor}-${revision}`,
    database,
    serverVersion,
    clientVersion,
    intBytes: reader.intBytes,
    entries: raw.map((entry) => decoded(entry, encoding)),
    bytes: reader.position,
  };
}

const ENCODING = Buffer.from('ENCODING');

type RawEntry = { readonly [K in keyof TocEntry]: TocEntry[K] extends string ? Buffer : TocEntry[K] };

function readEntry(reader: FrontReader, version: number): RawEntry {
  const id = reader.int();
  const hasData = reader.int() !== 0;
  const [catalogue, oid, name, type] = [reader.text(), reader.text(), reader.text(), reader.text()];
  reader.int(); // its section
  const definition = reader.text();
  const start = reader.position;
  reader.text();
  const drop = { start, end: reader.position };
  reader.text(); // how its data is copied
  const [schema, tablespace] = [reader.text(), reader.text()];
  reader.text(); // its access method
  if (version >= VERSION.relationKind) reader.int();
  const owner = reader.text();
  reader.text(); // "false": tables have no oids any more
  const dependencies: number[] = [];
  for (let next = reader.textOrEnd(); next; next = reader.textOrEnd()) dependencies.push(Number(next.toString('latin1')));
  const data = reader.offsetFlag() !== NO_DATA;
  return {
    id,
    type,
    catalogue,
    oid,
    schema,
    name,
    owner,
    tablespace,
    definition,
    dependencies,
    hasData: hasData && data,
    drop,
  };
}

function decoded(entry: RawEntry, encoding: 'utf8' | 'latin1'): TocEntry {
  const { type, catalogue, oid, schema, name, owner, tablespace, definition } = entry;
  const text = (bytes: Buffer): string => bytes.toString(encoding);
  return {
    ...entry,
    type: text(type),
    catalogue: text(catalogue),
    oid: text(oid),
    schema: text(schema),
    name: text(name),
    owner: text(owner),
    tablespace: text(tablespace),
    definition: text(definition),
  };
}

const notAnArchive = (why: string): Failure => new Failure('damaged', `this is no archive that can be restored: ${why}`);

const EMPTY = Buffer.alloc(0);

/** Integers are a sign and their bytes, the lowest first; texts are their length, negative for none, and their bytes. */
class FrontReader {
  position = 0;
  intBytes = 4;
  #offsetBytes = 8;
  readonly #front: Buffer;

  constructor(front: Buffer) {
    this.#front = front;
  }

  sizes(intBytes: number, offsetBytes: number): void {
    if (intBytes < 1 || intBytes > 6 || offsetBytes < 1 || offsetBytes > 8)
      throw notAnArchive(`it has integers of ${intBytes} and offsets of ${offsetBytes} bytes`);
    this.intBytes = intBytes;
    this.#offsetBytes = offsetBytes;
  }

  bytes(length: number): Buffer {
    const end = this.position + length;
    if (end > this.#front.length) throw REACHES_OVER;
    const bytes = this.#front.subarray(this.position, end);
    this.position = end;
    return bytes;
  }

  byte(): number {
    return this.bytes(1)[0] as number;
  }

  int(): number {
    const negative = this.byte() !== 0;
    const value = this.bytes(this.intBytes).readUIntLE(0, this.intBytes);
    return negative ? -value : value;
  }

  count(): number {
    const count = this.int();
    // no entry takes fewer bytes than the integers in it; a length out of thin air must not take all memory
    if (count < 0 || count > MOST_ENTRIES) throw notAnArchive(`it says that it has ${count} entries`);
    return count;
  }

  textOrEnd(): Buffer | undefined {
    const length = this.int();
    return length < 0 ? undefined : this.bytes(length);
  }

  text(): Buffer {
    return this.textOrEnd() ?? EMPTY;
  }

  /** How the offset of an entry's data is to be taken; the offset itself is not needed, since archives are read front to back. */
  offsetFlag(): number {
    const flag = this.byte();
    this.bytes(this.#offsetBytes);
    return flag;
  }
}

/** A database of a million tables has some ten million. */
const MOST_ENTRIES = 50_000_000;
