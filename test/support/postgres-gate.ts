import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Type byte and length of a message of PostgreSQL's protocol. */
const HEADER_BYTES = 5;

const COPY_DATA = 'd'.charCodeAt(0);
const COPY_DONE = 'c'.charCodeAt(0);

export interface GateOptions {
  /** How many rows of COPY pass in one session before the next word of the server is held back. */
  readonly rows: number;
  /** How many sessions are held; those after them pass. */
  readonly times: number;
}

/**
 * A way to a PostgreSQL server without TLS. A session of pg_dump stands still at one point of its data, to the row, for as long as
 * a test looks at it or kills somebody; sessions that copy nothing pass.
 */
export class PostgresGate extends EventEmitter<{ held: [] }> {
  readonly #server: Server;
  readonly #to: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  readonly #held: (() => void)[] = [];
  #options: GateOptions = { rows: 0, times: 0 };

  private constructor(to: { readonly host: string; readonly port: number }) {
    super();
    this.#to = to;
    this.#server = createServer((client) => this.#accept(client));
  }

  static async before(to: { readonly host: string; readonly port: number }): Promise<PostgresGate> {
    const gate = new PostgresGate(to);
    gate.#server.listen(0, '127.0.0.1');
    await once(gate.#server, 'listening');
    return gate;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Holds sessions from now on. */
  hold(options: GateOptions): void {
    this.#options = options;
  }

  /** Lets the sessions go on that are held now. */
  release(): void {
    for (const goOn of this.#held.splice(0)) goOn();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(client: Socket): void {
    const upstream = connect(this.#to);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(upstream);
    this.#pass(upstream, client);
  }

  /** Passes the server's words on, message by message, up to the point. */
  #pass(upstream: Socket, client: Socket): void {
    let unread: Buffer = Buffer.alloc(0);
    let copied = 0;
    let released = false;
    const take = (chunk: Buffer): void => {
      unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk]);
      const { rows, times } = this.#options;
      const found = untilHeld(unread, copied, times > 0 && !released ? rows : Number.POSITIVE_INFINITY);
      const passing = unread.subarray(0, found.bytes);
      unread = unread.subarray(found.bytes);
      copied = found.copied;
      if (found.held) {
        upstream.pause();
        this.#options = { rows, times: times - 1 };
        this.#held.push(() => {
          released = true;
          upstream.resume();
          take(Buffer.alloc(0));
        });
        client.write(passing, () => this.emit('held'));
      } else if (!client.write(passing)) {
        upstream.pause();
        client.once('drain', () => upstream.resume());
      }
    };
    upstream.on('data', take);
  }
}

interface Passing {
  /** Whole messages that may pass. */
  readonly bytes: number;
  /** Rows that have passed with them, and before. */
  readonly copied: number;
  readonly held: boolean;
}

/** How far a session may go that has copied so many rows, and whether what follows is to be held back. */
function untilHeld(bytes: Buffer, copied: number, rows: number): Passing {
  let at = 0;
  let passed = copied;
  while (at + HEADER_BYTES <= bytes.length) {
    const type = bytes[at];
    if ((type === COPY_DATA || type === COPY_DONE) && passed >= rows) return { bytes: at, copied: passed, held: true };
    const end = at + 1 + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) break;
    if (type === COPY_DATA) passed++;
    at = end;
  }
  return { bytes: at, copied: passed, held: false };
}
