/** A block of a tar stream's header with the fields that are named, and a checksum that fits. */
export function tarHeader({
  name = 'a',
  type = '0',
  size = '00000000000',
  mode = '0000644',
  link = '',
  magic = 'ustar\u000000',
} = {}): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0, 100, 'latin1');
  block.write(mode, 100, 'latin1');
  block.write(size, 124, 'latin1');
  block.write('15300247525', 136, 'latin1');
  block.write(type, 156, 'latin1');
  block.write(link, 157, 100, 'latin1');
  block.write(magic, 257, 'latin1');
  return withChecksum(block);
}

/** The same block with a checksum that fits what it says now. */
export function withChecksum(block: Buffer): Buffer {
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** Data, filled up to whole blocks. */
export function tarData(data: string | Buffer): Buffer {
  const bytes = Buffer.from(data as string, 'latin1');
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** An extended header with these records. */
export function paxHeader(records: Readonly<Record<string, string>>, type = 'x'): Buffer {
  const data = Object.entries(records).map(paxRecord).join('');
  return Buffer.concat([tarHeader({ name: 'pax', type, size: octal(Buffer.byteLength(data)) }), tarData(Buffer.from(data))]);
}

export const octal = (size: number): string => size.toString(8).padStart(11, '0');

export const TAR_END = Buffer.alloc(1024);

function paxRecord([keyword, value]: readonly [string, string]): string {
  const rest = Buffer.byteLength(` ${keyword}=${value}\n`);
  let length = rest + 1;
  while (String(length).length + rest !== length) length++;
  return `${length} ${keyword}=${value}\n`;
}
