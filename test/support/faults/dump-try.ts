import type { S3Client } from '@aws-sdk/client-s3';
import type { PartSizes } from '../../../lib/domain/store/part-plan.ts';
import { S3Vault } from '../../../lib/runtime/s3-vault.ts';
import { MultipartUpload } from '../../../lib/runtime/upload/multipart-upload.ts';
import type { RetryPolicy } from '../../../lib/runtime/upload/retry.ts';
import type { DumpDependencies, DumpObserver } from '../../../tasks/dump/dump-job.ts';
import { dumpTask } from '../../../tasks/dump/dump-task.ts';
import { type CaseContext, jobOf } from './case-context.ts';
import type { TaskEnd } from './night-of-case.ts';

const MIB = 1024 ** 2;

/** As many as the product makes, without the waits. */
const RETRIES: RetryPolicy = { attempts: 8, baseMs: 1, capMs: 20 };

/** The smallest parts that S3 takes, so that a dump of some MB has several. */
const SMALL_PARTS: PartSizes = () => 5 * MIB;

/** Parts of this size lie on disk while they are filled. */
export const PARTS_ON_DISK: PartSizes = () => 33 * MIB;

export interface DumpTry {
  /** The way to the store. */
  readonly s3: S3Client;
  /** The port of the database's server: its own, or that of a gate. */
  readonly port: number;
  readonly partSizes?: PartSizes;
  readonly observer?: DumpObserver;
  /** Hears what made the try fail. */
  readonly failed?: (thrown: unknown) => void;
}

/** One try of the real dump task, in this process. */
export async function dumpTry(context: CaseContext, tried: DumpTry): Promise<TaskEnd> {
  const { rig, store, clock } = context;
  const { s3, partSizes = SMALL_PARTS } = tried;
  const vault = new S3Vault(s3, store.bucket);
  const deps: DumpDependencies = {
    vault,
    newUpload: ({ key, tags, stored }) =>
      new MultipartUpload(s3, {
        bucket: store.bucket,
        key,
        tags,
        stored,
        partSizes,
        retries: RETRIES,
        head: (present) => vault.head(present),
      }),
    credentials: {
      secretText: async () => secretOf(context, tried.port),
      iamToken: async () => {
        throw new Error('no IAM authentication here');
      },
    },
    clients: async () => rig.clients,
    tar: async () => rig.tar,
    volumeFolder: rig.places.volume,
    now: () => clock.now(),
    ticker: clock.ticker,
    stop: new AbortController().signal,
    observer: tried.observer ?? {},
  };
  const report = { started() {}, done() {}, unrecorded() {}, failed: (_: unknown, thrown: unknown) => tried.failed?.(thrown) };
  const { planKey, id: sourceId } = jobOf(context);
  return { exitCode: await dumpTask({ planKey, sourceId }, deps, report) };
}

/** The login of the server's superuser, in the shape that RDS writes. */
export function secretOf({ gated: { server } }: CaseContext, port: number): string {
  const { host, user, password } = server;
  return JSON.stringify({ engine: 'postgres', host, port, username: user, password });
}

/** A whole other task for the same slot, past proxy and gate. */
export const dumpDirectly = (context: CaseContext): Promise<TaskEnd> =>
  dumpTry(context, { s3: context.rig.s3, port: context.gated.server.port });
