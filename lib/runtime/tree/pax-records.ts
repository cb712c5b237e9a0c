import { Failure } from '../../domain/outcomes.ts';

const SPACE = 0x20;
const EQUALS = 0x3d;
const NEWLINE = 0x0a;

/** All that is ever asked for. Others are not kept: those for all members add up, and a stream can have any number of them. */
const KEPT = /^(path|linkpath|size|mtime|ctime|GNU\.sparse\.(name|realsize|major|minor|map|size|numblocks))$/;

/** What stands for a member beside its header, by its keyword. */
export type PaxRecords = ReadonlyMap<string, Buffer>;

/** Reads the records of an extended header, `<length> <keyword>=<value>\n` each; throws where they do not add up. */
export function parsePaxRecords(data: Buffer): PaxRecords {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(SPACE, at);
    const length = Number(/^\d{1,10}$/.exec(data.toString('latin1', at, Math.max(space, at)))?.[0]);
    const end = at + length;
    const equals = data.indexOf(EQUALS, space);
    const fits = space > at && end <= data.length && equals > space && equals < end && data[end - 1] === NEWLINE;
    if (!fits) throw new Failure('decode', 'the tar stream has an extended header that does not add up');
    const keyword = data.toString('utf8', space + 1, equals);
    if (KEPT.test(keyword)) records.set(keyword, Buffer.from(data.subarray(equals + 1, end - 1)));
    at = end;
  }
  return records;
}
