import type { ZodType } from 'zod';
import type { Vault } from '../../runtime/vault.ts';
import { type Finding, readDocument } from './vault-document.ts';

/** Documents of the vault, for somebody who looks again and again: they never change once they are written, so each is read once. */
export class KnownDocuments {
  readonly #vault: Vault;
  readonly #known = new Map<string, unknown>();
  readonly #findings = new Map<string, Finding>();

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** What was found damaged so far. */
  get findings(): readonly Finding[] {
    return [...this.#findings.values()];
  }

  isDamaged = (key: string): boolean => this.#findings.has(key);

  /** Undefined where it is not there yet, or damaged. */
  async read<T>(key: string, schema: ZodType<T>): Promise<T | undefined> {
    if (this.#known.has(key)) return this.#known.get(key) as T;
    const document = await readDocument(this.#vault, key, schema);
    if ('damaged' in document) this.#findings.set(key, { key, problem: document.damaged });
    const found = 'found' in document ? document.found : undefined;
    if (found !== undefined) this.#known.set(key, found);
    return found;
  }
}
