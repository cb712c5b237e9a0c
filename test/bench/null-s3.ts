import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { LOOPBACK } from '../../lib/local/servers/free-port.ts';

/** An object: a document with its content, or a dump of which only size and checksum are known. */
interface Stored {
  readonly bytes: number;
  readonly crc32?: string;
  readonly content?: Buffer;
}

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly key: string;
  readonly query: URLSearchParams;
}

/**
 * Just enough of S3 for one dump task, with nothing where the disk would be: parts are read and thrown away, and the size and
 * checksum that the task sends are believed. So a stream of any length fits, and nothing waits for a disk.
 */
export class NullS3 {
  readonly #server: Server;
  readonly #objects = new Map<string, Stored>();

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<NullS3> {
    const s3 = new NullS3();
    await new Promise<void>((resolve) => s3.#server.listen(0, LOOPBACK, resolve));
    return s3;
  }

  get endpoint(): string {
    return `http://${LOOPBACK}:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://s3');
    const key = decodeURIComponent(pathname.split('/').slice(2).join('/'));
    const asked = { request, response, key, query };
    if (key === '') return this.#ofBucket(asked);
    if (request.method === 'POST') return query.has('uploads') ? create(asked) : this.#complete(asked);
    if (request.method === 'PUT') return query.has('partNumber') ? discard(asked) : this.#put(asked);
    return this.#get(asked);
  }

  #ofBucket({ request, response, query }: Asked): void {
    if (request.method === 'POST') answer(response, '<DeleteResult/>');
    else if (query.has('uploads')) answer(response, '<ListMultipartUploadsResult/>');
    else {
      const keys = [...this.#objects.keys()].filter((key) => key.startsWith(query.get('prefix') ?? '')).sort();
      const contents = keys.map((key) => `<Contents><Key>${key}</Key><Size>${this.#objects.get(key)?.bytes}</Size></Contents>`);
      answer(response, `<ListBucketResult>${contents.join('')}<IsTruncated>false</IsTruncated></ListBucketResult>`);
    }
  }

  async #put({ request, response, key }: Asked): Promise<void> {
    const content = await buffer(request);
    this.#objects.set(key, { bytes: content.length, content });
    response.end();
  }

  async #complete({ request, response, key }: Asked): Promise<void> {
    await buffer(request);
    const { 'x-amz-mp-object-size': size, 'x-amz-checksum-crc32': crc32 } = request.headers;
    this.#objects.set(key, { bytes: Number(size), crc32: String(crc32) });
    answer(response, '<CompleteMultipartUploadResult><ETag>"0-1"</ETag></CompleteMultipartUploadResult>');
  }

  #get({ response, key }: Asked): void {
    const stored = this.#objects.get(key);
    if (!stored) {
      response.writeHead(404).end();
      return;
    }
    if (stored.crc32) response.setHeader('x-amz-checksum-crc32', stored.crc32).setHeader('x-amz-checksum-type', 'FULL_OBJECT');
    response.setHeader('Content-Length', stored.bytes).end(stored.content);
  }
}

function create({ response }: Asked): void {
  answer(response, '<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>');
}

async function discard({ request, response }: Asked): Promise<void> {
  await finished(request.resume());
  response.setHeader('ETag', '"0"').end();
}

function answer(response: ServerResponse, xml: string): void {
  response.setHeader('Content-Type', 'application/xml').end(`<?xml version="1.0" encoding="UTF-8"?>${xml}`);
}
