import { Decrypter } from 'age-encryption';
import { Failure } from '../../domain/outcomes.ts';

/** Takes encrypted bytes and gives the plain ones; throws where none of the identities is one of their recipients. */
export type Decryption = (encrypted: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;

/**
 * Decrypts with the identities in a text as age-keygen writes it: one a line, comments between them. Whoever gives it bytes has
 * hashed them before: what cannot be opened is not for these identities, and what fails later is damaged.
 */
export function decryptionWith(identities: string): Decryption {
  const decrypter = decrypterWith(identities);
  return async function* plainBytes(encrypted) {
    const plain = await decrypter.decrypt(ReadableStream.from<Uint8Array>(encrypted)).catch((cause: unknown) => {
      if (cause instanceof Failure) throw cause;
      throw new Failure('identity', 'the backup is encrypted to others than these identities', { cause });
    });
    try {
      for await (const { buffer, byteOffset, length } of plain) yield Buffer.from(buffer, byteOffset, length);
    } catch (cause) {
      if (cause instanceof Failure) throw cause;
      throw new Failure('damaged', 'what is encrypted was cut or changed', { cause });
    }
  };
}

/** Nothing of the text is repeated in an error: it holds secret keys. */
function decrypterWith(identities: string): Decrypter {
  const decrypter = new Decrypter();
  const lines = identities.split(/\r?\n/).map((line) => line.trim());
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (keys.length === 0) throw new Failure('identity', 'there is no age identity in it');
  for (const [at, key] of keys.entries()) {
    try {
      decrypter.addIdentity(key);
    } catch {
      throw new Failure('identity', `line ${at + 1} that is no comment is no age identity (AGE-SECRET-KEY-1...)`);
    }
  }
  return decrypter;
}
