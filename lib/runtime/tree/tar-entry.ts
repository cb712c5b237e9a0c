import { pathText } from '../../domain/backup/path-text.ts';
import type { TreeMember } from '../../domain/backup/tree-contents.ts';
import { Failure } from '../../domain/outcomes.ts';
import type { PaxRecords } from './pax-records.ts';
import { sizeOf, type TarHeader } from './tar-header.ts';

/** What precedes a header and stands for parts of it. */
export interface Extensions {
  readonly global: PaxRecords;
  readonly own?: PaxRecords;
  /** GNU's own way for what does not fit a header. */
  readonly longName?: Buffer;
  readonly longLink?: Buffer;
}

/** A member as its headers tell it, before its content is read. */
export interface TarEntry {
  /** As tar wrote it, but for a slash at the end. */
  readonly path: Buffer;
  readonly type: TreeMember['type'];
  /** Bytes of content in the stream. */
  readonly stored: number;
  /** Bytes of the file that a restore gives. */
  readonly bytes: number;
  /** The content begins with a map of where its data belongs. */
  readonly sparse: boolean;
  readonly mode: string;
  readonly mtime: string;
  readonly ctime: string | undefined;
  readonly linkTarget: string;
}

/** The types of members; anything else would need rules of its own to be read right. */
const TYPES: Readonly<Record<string, TreeMember['type']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'other',
  '4': 'other',
  '5': 'directory',
  '6': 'other',
};

/** Puts a header and what preceded it together; throws for what no restore of ours has been tried with. */
export function entryOf(header: TarHeader, extensions: Extensions): TarEntry {
  const record = (keyword: string) => extensions.own?.get(keyword) ?? extensions.global.get(keyword);
  const written = record('GNU.sparse.name') ?? record('path') ?? extensions.longName ?? header.name;
  const type = typeOf(header, written);
  const stored = integerIn(record('size')) ?? header.size;
  if (type !== 'file' && stored > 0) throw new Failure('decode', `the tar stream has a ${type} with content`);

  const sparse = isSparse(record);
  const linkName = record('linkpath') ?? extensions.longLink ?? header.linkName;
  return {
    path: withoutSlash(written),
    type,
    stored,
    bytes: sparse ? (integerIn(record('GNU.sparse.realsize')) ?? 0) : stored,
    sparse,
    mode: header.mode.toString(8).padStart(4, '0'),
    mtime: timeIn(record('mtime')) ?? String(header.mtime),
    ctime: timeIn(record('ctime')),
    linkTarget: pathText(linkName),
  };
}

/** The member of an entry; `sha256` is of its content, where it is a file. */
export function memberOf({ path, type, bytes, mode, mtime, linkTarget }: TarEntry, sha256: string): TreeMember {
  const named = { path: pathText(path), mode, mtime };
  if (type === 'file') return { ...named, type, bytes, sha256 };
  if (type === 'symlink' || type === 'hardlink') return { ...named, type, linkTarget };
  return { ...named, type };
}

type RecordOf = (keyword: string) => Buffer | undefined;

function typeOf({ type }: TarHeader, path: Buffer): TreeMember['type'] {
  const known = TYPES[type];
  if (!known)
    throw new Failure('decode', `the tar stream has a member of an unknown type (0x${type.charCodeAt(0).toString(16)})`);
  return known === 'file' && path.at(-1) === SLASH ? 'directory' : known;
}

/** Only the one sparse format that tar is told to write; in older ones a name or size alone would look like a plain file. */
function isSparse(record: RecordOf): boolean {
  const major = record('GNU.sparse.major');
  const older = ['GNU.sparse.map', 'GNU.sparse.size', 'GNU.sparse.numblocks'].some((keyword) => record(keyword));
  if (older || (major && (String(major) !== '1' || String(record('GNU.sparse.minor')) !== '0')))
    throw new Failure('decode', 'the tar stream has a sparse file of another format than 1.0');
  return major !== undefined;
}

const SLASH = 0x2f;

function withoutSlash(path: Buffer): Buffer {
  let end = path.length;
  while (end > 1 && path[end - 1] === SLASH) end--;
  if (end === 0) throw new Failure('decode', 'the tar stream has a member without a name');
  return path.subarray(0, end);
}

function integerIn(value: Buffer | undefined): number | undefined {
  if (!value) return undefined;
  return sizeOf(/^\d+$/.test(String(value)) ? Number(value) : Number.NaN);
}

/** A time without zeros at the end of its fraction. */
function timeIn(value: Buffer | undefined): string | undefined {
  if (!value) return undefined;
  const [, seconds, fraction = ''] = /^(-?\d+)(?:\.(\d+))?$/.exec(String(value)) ?? [];
  if (seconds === undefined) throw new Failure('decode', 'the tar stream has a time that is none');
  const kept = fraction.replace(/0+$/, '');
  return kept ? `${seconds}.${kept}` : seconds;
}
