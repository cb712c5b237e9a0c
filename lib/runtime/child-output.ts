import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What one read takes at most. */
const READ_BYTES = 256 * 1024;

const LOOPBACK = '127.0.0.1';

/** The output of a child that writes much. */
export interface ChildOutput {
  /** Becomes the child's stdout; to be destroyed here as soon as the child has it. */
  readonly writeEnd: Socket;
  /** Settles when the child has closed its output and all of it was taken; rejects with what the taker threw. */
  readonly ended: Promise<void>;
  close(): void;
}

/**
 * A pipe for the output of PostgreSQL's programs, which write 4 KiB at a time. Through the socket pair that `spawn` makes,
 * each of these writes becomes a read, a new buffer and a trip through the event loop here. A TCP connection to ourselves
 * gathers them, and one buffer takes them all: 2.8 s of CPU for decoding 585 MB instead of 3.7 s, both processes together
 * (PostgreSQL 15, Node 24, 2026-11).
 *
 * `take` is given a view that is valid until it returns, or until the promise that it returns settles; meanwhile nothing is read.
 */
export async function openChildOutput(take: (piece: Buffer) => void | Promise<void>): Promise<ChildOutput> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const readEnd = reader(port, take);
  try {
    return { writeEnd: await ownConnection(server, readEnd), ended: endOf(readEnd), close: () => void readEnd.destroy() };
  } finally {
    server.close();
  }
}

function reader(port: number, take: (piece: Buffer) => void | Promise<void>): Socket {
  const socket: Socket = connect({
    port,
    host: LOOPBACK,
    onread: {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback(length, buffer) {
        const later = attempt(socket, () => take((buffer as Buffer).subarray(0, length)));
        later?.then(
          () => socket.resume(),
          (error: Error) => socket.destroy(error),
        );
        return later === undefined;
      },
    },
  });
  return socket;
}

/** An error that is thrown inside the read callback would end the process. */
function attempt(socket: Socket, take: () => void | Promise<void>): Promise<void> | undefined {
  try {
    return take() ?? undefined;
  } catch (error) {
    socket.destroy(error as Error);
    return undefined;
  }
}

/** The connection that came from our own end; the port is open to every process of the machine for a moment. */
async function ownConnection(server: ReturnType<typeof createServer>, readEnd: Socket): Promise<Socket> {
  const accepted = new Promise<Socket>((resolve) => {
    server.on('connection', (socket) => {
      if (readEnd.connecting) readEnd.once('connect', () => decide(socket));
      else decide(socket);
    });
    const decide = (socket: Socket) => {
      if (socket.remotePort === readEnd.localPort) resolve(socket);
      else socket.destroy();
    };
  });
  const failed = once(readEnd, 'error').then(([error]) => Promise.reject(error as Error));
  return Promise.race([accepted, failed]);
}

function endOf(socket: Socket): Promise<void> {
  const ended = new Promise<void>((resolve, reject) => {
    socket.once('end', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the output was closed before its end')));
  });
  // whoever stopped the child does not wait for its output any more
  ended.catch(() => undefined);
  return ended;
}
