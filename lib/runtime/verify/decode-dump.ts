import { contentsDifferences, showDifference } from '../../domain/backup/contents-difference.ts';
import type { DatabaseReceipt, DumpContents } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import { BoundedWriter } from '../bounded-writer.ts';
import { type ChildExit, showExit, succeeded } from '../child.ts';
import type { PostgresClient } from '../postgres/clients.ts';
import { CopyScanner } from '../postgres/copy-scanner.ts';
import { pgRestoreCommand } from '../postgres/dump-commands.ts';
import { startWriter, type Writer } from '../start-writer.ts';
import type { ContentCheck } from './content-check.ts';

/** What may wait for pg_restore. */
const BACKLOG_BYTES = 1024 ** 2;

/** How a program dies of bytes that it cannot make sense of. Any other signal was sent by somebody, and proves nothing. */
const CRASHES: ReadonlySet<string> = new Set(['SIGSEGV', 'SIGBUS', 'SIGABRT', 'SIGFPE', 'SIGILL', 'SIGTRAP']);

/** The whole archive decoded again by pg_restore: the rows, bytes and SHA-256 of every table, large objects and sequences. */
export function decodeDump(receipt: DatabaseReceipt, client: PostgresClient): ContentCheck {
  const decoder = new Decoder(client);
  return {
    looksAtFront: false,
    feed: (chunk) => decoder.feed(chunk),
    async finish() {
      const [first, ...more] = contentsDifferences(await decoder.finish(receipt.key), receipt.contents);
      if (first === undefined) return {};
      const others = more.length > 0 ? `, and ${more.length} more differences` : '';
      throw new Failure('damaged', `${receipt.key}: ${showDifference(first)}${others}`);
    },
    stop: () => decoder.stop(),
  };
}

class Decoder {
  readonly #client: PostgresClient;
  readonly #scanner = new CopyScanner();
  #running: Promise<Writer> | undefined;
  #input: BoundedWriter | undefined;
  #scanFault: unknown;
  #closed = false;

  constructor(client: PostgresClient) {
    this.#client = client;
  }

  /** Takes the next bytes; false once pg_restore takes no more. */
  async feed(chunk: Buffer): Promise<boolean> {
    await this.#start();
    if (!this.#closed) await this.#input?.write(chunk)?.catch(() => this.#close());
    return !this.#closed;
  }

  /** What the archive holds. Throws `damaged` where it is none, or not whole. */
  async finish(key: string): Promise<DumpContents> {
    const { child, output } = await this.#start();
    await this.#input?.end().catch(() => this.#close());
    const [exit] = await Promise.all([child.exited, output.ended.catch(() => undefined)]);
    if (this.#scanFault) throw damaged(key, this.#scanFault);
    refuse(key, exit);
    try {
      return this.#scanner.finish();
    } catch (fault) {
      throw damaged(key, fault);
    }
  }

  async stop(): Promise<void> {
    const started = await this.#running?.catch(() => undefined);
    await started?.child.stop();
    started?.output.close();
  }

  #start(): Promise<Writer> {
    this.#running ??= this.#begin();
    return this.#running;
  }

  async #begin(): Promise<Writer> {
    const started = await startWriter(pgRestoreCommand(this.#client), 'pipe', (piece) => this.#scan(piece));
    // whoever waits for it has given up where this is not awaited
    started.output.ended.catch(() => undefined);
    this.#input = started.child.stdin && new BoundedWriter(started.child.stdin, BACKLOG_BYTES);
    return started;
  }

  /** What is wrong with the script is kept, and the rest passed over, so that pg_restore comes to its own end. */
  #scan(piece: Buffer): void {
    if (this.#scanFault) return;
    try {
      this.#scanner.push(piece);
    } catch (fault) {
      this.#scanFault = fault;
    }
  }

  #close(): void {
    this.#closed = true;
  }
}

/** Only an end by its own decision, or by what it read, says something of the bytes. */
function refuse(key: string, exit: ChildExit): void {
  if (succeeded(exit)) return;
  if (exit.error) throw new Failure('internal', `pg_restore ${showExit(exit)}`);
  if (exit.signal && !CRASHES.has(exit.signal)) throw new Failure('interrupted', `pg_restore: ${showExit(exit)}`);
  throw new Failure('damaged', `${key} cannot be decoded (pg_restore: ${showExit(exit)})`);
}

const damaged = (key: string, fault: unknown): unknown =>
  fault instanceof Failure && fault.reason === 'decode'
    ? new Failure('damaged', `${key}: ${fault.message}`, { cause: fault })
    : fault;
