import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { ZodType } from 'zod';
import { Failure } from '../../lib/domain/outcomes.ts';
import type { ListedObject, ObjectTags, StoredObject, Vault } from '../../lib/runtime/vault.ts';

interface Entry {
  readonly body: Buffer;
  readonly versionId: string;
  readonly tags: ObjectTags;
  readonly lastModified: Date;
}

/** The operations that a test can make fail. */
type Operation = 'putOnce' | 'readJson' | 'head' | 'list' | 'copyOnce' | 'remove';

/** A vault in memory, for flows in which the store itself is not what is looked at. It keeps the contract of `Vault`. */
export class MemoryVault implements Vault {
  readonly bucket = 'vault';
  /** The store's own clock; a test that needs old objects sets it. */
  clock: () => Date = () => new Date();
  readonly #objects = new Map<string, Entry>();
  readonly #faults: { operation: Operation; match: (key: string) => boolean; error: Error; left: number }[] = [];
  readonly #refused = new Map<string, string>();
  readonly removals: string[] = [];
  /** Of copies that were asked for in another class than the usual. */
  readonly storageClasses = new Map<string, string>();
  #versions = 0;

  /** The next `times` calls of this operation that name such a key fail with a storage failure. */
  failing(operation: Operation, keyPart: string, times = 1): this {
    const error = new Failure('storage', `${operation} ${keyPart}: SlowDown (HTTP 503)`);
    this.#faults.push({ operation, match: (key) => key.includes(keyPart), error, left: times });
    return this;
  }

  /** The store refuses to delete this key. */
  refusing(key: string, code = 'AccessDenied'): this {
    this.#refused.set(key, code);
    return this;
  }

  put(key: string, body: Buffer | string | object, tags: ObjectTags = {}): void {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    this.#objects.set(key, { body: bytes, versionId: `v${++this.#versions}`, tags, lastModified: this.clock() });
  }

  keys(prefix = ''): string[] {
    return [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  json(key: string): unknown {
    return JSON.parse(this.#objects.get(key)?.body.toString() ?? 'null');
  }

  tags(key: string): ObjectTags | undefined {
    return this.#objects.get(key)?.tags;
  }

  async putOnce(key: string, document: unknown): Promise<'written' | 'exists'> {
    this.#maybeFail('putOnce', key);
    if (this.#objects.has(key)) return 'exists';
    this.put(key, JSON.stringify(document));
    return 'written';
  }

  async readJson<T>(key: string, schema: ZodType<T>): Promise<T | undefined> {
    this.#maybeFail('readJson', key);
    const found = this.#objects.get(key);
    return found && schema.parse(JSON.parse(found.body.toString()));
  }

  async head(key: string): Promise<StoredObject | undefined> {
    this.#maybeFail('head', key);
    const found = this.#objects.get(key);
    if (!found) return undefined;
    return { key, bytes: found.body.length, crc32: hexCrc(found.body), versionId: found.versionId };
  }

  async read(key: string): Promise<Readable> {
    return Readable.from([this.#objects.get(key)?.body ?? Buffer.alloc(0)]);
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    for (const key of this.keys(prefix)) {
      const { body = Buffer.alloc(0), lastModified = this.clock() } = this.#objects.get(key) ?? {};
      yield { key, bytes: body.length, lastModified };
    }
    // after the first page: what came until then must not be taken for the whole
    this.#maybeFail('list', prefix);
  }

  async copyOnce(from: StoredObject, to: string, tags: ObjectTags, storageClass?: string): Promise<'copied' | 'exists'> {
    this.#maybeFail('copyOnce', to);
    const source = this.#objects.get(from.key);
    const present = this.#objects.get(to);
    if (present) {
      if (hexCrc(present.body) === from.crc32) return 'exists';
      throw new Failure('conflict', `${to} exists and has another content`);
    }
    if (!source || hexCrc(source.body) !== from.crc32) throw new Failure('conflict', `${from.key} has another content`);
    this.put(to, source.body, tags);
    if (storageClass) this.storageClasses.set(to, storageClass);
    return 'copied';
  }

  async remove(keys: readonly string[]): Promise<readonly { key: string; code: string }[]> {
    const refused: { key: string; code: string }[] = [];
    for (const key of keys) {
      this.#maybeFail('remove', key);
      const code = this.#refused.get(key);
      if (code) refused.push({ key, code });
      else if (this.#objects.delete(key)) this.removals.push(key);
    }
    return refused;
  }

  #maybeFail(operation: Operation, key: string): void {
    const fault = this.#faults.find((f) => f.operation === operation && f.left > 0 && f.match(key));
    if (!fault) return;
    fault.left--;
    throw fault.error;
  }

  /** Faults that no call has met: a test that declares one must have met it. */
  get unmetFaults(): number {
    return this.#faults.filter(({ left }) => left > 0).length;
  }
}

const hexCrc = (body: Buffer): string => crc32(body).toString(16).padStart(8, '0');
