import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { crc32FromBase64 } from '../domain/backup/receipt.ts';

/** The CRC32 of the whole object that S3 computed; undefined where it keeps another checksum, or only one of its parts' checksums. */
export const storedCrc32 = ({ ChecksumType, ChecksumCRC32 }: HeadObjectCommandOutput): string | undefined =>
  ChecksumCRC32 && ChecksumType !== 'COMPOSITE' ? crc32FromBase64(ChecksumCRC32) : undefined;
