import type { ZodType } from 'zod';
import { Failure } from '../domain/outcomes.ts';
import type { Vault } from './vault.ts';

/** Writes a document under a key that a repeated call would take as well, and returns what lies there: this one, or that of an earlier call. */
export async function writeOrFind<T>(vault: Vault, key: string, document: T, schema: ZodType<T>): Promise<T> {
  if ((await vault.putOnce(key, document)) === 'written') return document;
  const earlier = await vault.readJson(key, schema);
  if (!earlier) throw new Failure('storage', `${key} exists but cannot be read`);
  return earlier;
}
