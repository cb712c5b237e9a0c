import type { Receipt } from '../../lib/domain/backup/receipt.ts';
import type { Source } from '../../lib/domain/source/source.ts';
import type { ArtifactSink } from '../../lib/runtime/artifact-sink.ts';
import type { UploadTarget } from '../../lib/runtime/upload/open-uploads.ts';
import type { ObjectTags } from '../../lib/runtime/vault.ts';
import type { DumpDependencies, DumpProcesses } from './dump-job.ts';

/** What a producer works with. */
export interface Bench {
  readonly deps: DumpDependencies;
  readonly to: Pick<UploadTarget, 'key'> & { readonly tags: ObjectTags };
  /** Fires when the work is to end, for whatever reason. */
  readonly signal: AbortSignal;
  /** To be called with every piece of the stream. */
  readonly streamed: (bytes: number, processes: DumpProcesses) => void;
  /** To be called whenever anything else has moved. */
  readonly moved: () => void;
}

/** What all receipts have, and the flow knows by itself. */
type CommonField =
  | 'sourceId'
  | 'slot'
  | 'key'
  | 'bytes'
  | 'sha256'
  | 'crc32'
  | 'encryption'
  | 'startedAt'
  | 'finishedAt'
  | 'warnings';
type OwnFields<R> = R extends Receipt ? Omit<R, CommonField> : never;

/** What a receipt says of an artifact of its kind. */
export type KindFacts = OwnFields<Receipt>;

/** An artifact that the sink has all of, made by programs that ended well. */
export interface Produced {
  readonly warnings: readonly string[];
  /** Called when the artifact is worth keeping: stores what lies beside it, and tells what the receipt is to say. */
  facts(): Promise<KindFacts>;
  /** Gives back what was kept for that, called or not. */
  release?(): Promise<void>;
}

/** An artifact that can be made: all that could be asked beforehand was asked. */
export interface Prepared {
  /** How long it may become, as far as anybody knows; the parts of the upload are sized by it. */
  readonly expectedBytes: number;
  /** Writes the artifact into the sink. Whatever happens, no program is left when it settles. */
  produce(sink: ArtifactSink): Promise<Produced>;
}

/** How a kind of source is backed up. Throws a `Failure` where it cannot be, before anything is sent. */
export type Producer<S extends Source> = (source: S, bench: Bench) => Promise<Prepared>;
