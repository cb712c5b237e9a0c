import { Failure } from '../../domain/outcomes.ts';

export const BLOCK = 512;

/** Where the fields of a header lie: offset and length. */
const NAME = [0, 100] as const;
const MODE = [100, 8] as const;
const SIZE = [124, 12] as const;
const MTIME = [136, 12] as const;
const CHECKSUM = [148, 8] as const;
const TYPE = 156;
const LINK_NAME = [157, 100] as const;
const MAGIC = [257, 6] as const;
const PREFIX = [345, 155] as const;

type Field = readonly [offset: number, length: number];

/** One header block of a tar stream, as it stands. */
export interface TarHeader {
  readonly name: Buffer;
  readonly type: string;
  readonly mode: number;
  readonly size: number;
  readonly mtime: number;
  readonly linkName: Buffer;
}

export const isZeroBlock = (block: Buffer): boolean => ZEROS.equals(block);
const ZEROS = Buffer.alloc(BLOCK);

/** Reads a header; throws where its checksum does not fit or a field is no number. */
export function parseHeader(block: Buffer): TarHeader {
  if (sumOf(block) !== numberIn(block, CHECKSUM))
    throw new Failure('decode', 'the tar stream has a header with a wrong checksum');
  // GNU's own format keeps times where POSIX keeps the beginning of a long name
  const isPosix = textIn(block, MAGIC).toString('latin1') === 'ustar';
  const prefix = isPosix ? textIn(block, PREFIX) : EMPTY;
  const name = textIn(block, NAME);
  return {
    name: prefix.length > 0 ? Buffer.concat([prefix, SLASH, name]) : name,
    type: String.fromCharCode(block[TYPE] as number),
    mode: numberIn(block, MODE) & 0o7777,
    size: sizeOf(numberIn(block, SIZE)),
    mtime: numberIn(block, MTIME),
    linkName: textIn(block, LINK_NAME),
  };
}

/** A size that can be counted with; throws for any other. */
export function sizeOf(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new Failure('decode', 'the tar stream has a member of an impossible size');
  return value;
}

const EMPTY = Buffer.alloc(0);
const SLASH = Buffer.from('/');
const SPACE = 0x20;

/** The sum of all bytes, those of the checksum itself taken as spaces. */
function sumOf(block: Buffer): number {
  const [from, length] = CHECKSUM;
  let sum = length * SPACE;
  for (let at = 0; at < BLOCK; at++) if (at < from || at >= from + length) sum += block[at] as number;
  return sum;
}

/** A copy of the bytes up to the first NUL. */
function textIn(block: Buffer, [offset, length]: Field): Buffer {
  const field = block.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end));
}

/** Octal digits; or, for what they cannot hold, the bytes themselves after a first byte of 0x80 (0xff where negative). */
function numberIn(block: Buffer, [offset, length]: Field): number {
  const field = block.subarray(offset, offset + length);
  if ((field[0] as number) & 0x80) {
    const value = BigInt(`0x${field.toString('hex')}`);
    return Number(BigInt.asIntN(length * 8 - 1, value));
  }
  const digits = textIn(block, [offset, length]).toString('latin1').trim();
  if (!/^[0-7]*$/.test(digits)) throw new Failure('decode', 'the tar stream has a header with a number that is none');
  return Number.parseInt(digits || '0', 8);
}
