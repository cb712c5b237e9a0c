import { S3Client } from '@aws-sdk/client-s3';
import { vaultClient } from '../../lib/local/cloud/endpoints.ts';
import { makeLongStream, padDatabase } from './long-stream.ts';
import { NullS3 } from './null-s3.ts';
import type { Stand } from './stand.ts';
import { TaskStage } from './task-stage.ts';

const SHORT_BYTES = 100_000_000;
const LONG_BYTES = 10_000_000_000;

/** The peak of the task's Node process over one stream. */
export interface PeakMemory {
  readonly streamBytes: number;
  /** Whether PostgreSQL told a size that fits, so that parts are small and wait in memory; else they grow, and wait on disk. */
  readonly expected: boolean;
  readonly peakBytes: number;
}

/** Dumps databases without compression, so that the stream is as long as their contents, into an S3 that keeps nothing. */
export async function peakMemory(stand: Stand, size: number): Promise<readonly PeakMemory[]> {
  const { server } = stand;
  await makeLongStream(server, 'short', SHORT_BYTES * size);
  await makeLongStream(server, 'long', LONG_BYTES * size);

  const nowhere = await NullS3.start();
  const endpoints = { ...stand.endpoints, s3: nowhere.endpoint };
  const s3 = new S3Client(vaultClient(endpoints));
  const stage = new TaskStage({ ...stand, endpoints, s3 });
  const peak = async (database: string, expected: boolean): Promise<PeakMemory> => {
    const { receipt, peakBytes } = await stage.run(database, 'none');
    return { streamBytes: receipt.bytes, expected, peakBytes };
  };
  try {
    const unexpected = await peak('long', false);
    await padDatabase(server, 'short', SHORT_BYTES * size);
    await padDatabase(server, 'long', LONG_BYTES * size);
    return [await peak('short', true), await peak('long', true), unexpected];
  } finally {
    s3.destroy();
    await nowhere.stop();
  }
}
