import { constants, createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib';
import type { TREE_COMPRESSIONS } from '../../domain/source/source.ts';

export type TreeCompression = (typeof TREE_COMPRESSIONS)[number];
export type CompressionMethod = 'gzip' | 'zstd';

/** What is packed or unpacked at a time. */
const PIECE_BYTES = 128 * 1024;

/** What may wait for that. */
const BACKLOG_BYTES = 1024 ** 2;

const SIZES = { chunkSize: PIECE_BYTES, highWaterMark: BACKLOG_BYTES };

export const methodOf = (compression: TreeCompression): CompressionMethod => (compression.startsWith('zstd') ? 'zstd' : 'gzip');

/** What makes plain `tar -xzf`, or `tar --zstd -xf`, read it. zstd keeps a checksum of the content only when asked. */
export function compressorFor(compression: TreeCompression) {
  const level = Number(compression.split(':')[1]);
  if (methodOf(compression) === 'gzip') return createGzip({ level, ...SIZES });
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
  return createZstdCompress({ params, ...SIZES });
}

export const decompressorFor = (method: CompressionMethod) =>
  method === 'gzip' ? createGunzip({ ...SIZES }) : createZstdDecompress({ ...SIZES });
