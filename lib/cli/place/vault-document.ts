import { type ZodType, z } from 'zod';
import type { Vault } from '../../runtime/vault.ts';

/** What lies under a key that should hold a document of ours. A damaged one is a finding, never a crash. */
export type VaultDocument<T> = { readonly found: T } | { readonly damaged: string } | { readonly absent: true };

/** Something in the vault that is not as it should be. */
export interface Finding {
  readonly key: string;
  readonly problem: string;
}

const Versioned = z.looseObject({ version: z.number() });

/** Reads a document. Throws only where the vault itself cannot be read. */
export async function readDocument<T>(vault: Vault, key: string, schema: ZodType<T>): Promise<VaultDocument<T>> {
  let document = await vault.readJson(key, z.unknown());
  if (document === undefined) {
    if (!(await vault.head(key))) return { absent: true };
    // written between the two looks, and not damaged for that
    document = await vault.readJson(key, z.unknown());
    if (document === undefined) return { damaged: 'is not JSON' };
  }

  const parsed = schema.safeParse(document);
  if (parsed.success) return { found: parsed.data };
  const version = Versioned.safeParse(document);
  if (version.success && version.data.version > 1)
    return { damaged: `was written by a newer nightproof (version ${version.data.version})` };
  const [issue] = parsed.error.issues;
  return {
    damaged: `is not what nightproof writes there (${issue?.path.join('.') || 'document'}: ${issue?.message ?? 'unreadable'})`,
  };
}
