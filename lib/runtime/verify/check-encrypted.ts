import type { Receipt } from '../../domain/backup/receipt.ts';
import { Failure } from '../../domain/outcomes.ts';
import { AgeHeaderReader, encryptedBytes } from '../encryption/age-header.ts';
import type { ContentCheck } from './content-check.ts';

/**
 * What can be told of encrypted bytes without a private key, which is nowhere in the cloud: that it is a file in age's format, to
 * as many recipients as the receipt names, and of exactly the length that the plain bytes make. That these were a good backup was
 * seen by the task, which read them back before it encrypted them; that they are still the same is seen by their SHA-256.
 */
export function checkEncrypted({ key, bytes }: Receipt, encryption: NonNullable<Receipt['encryption']>): ContentCheck {
  const reader = new AgeHeaderReader();
  return {
    looksAtFront: true,
    feed: async (chunk) => !reader.take(chunk),
    async finish() {
      const header = reader.header();
      if (!header) throw new Failure('damaged', `${key} does not begin as a file that age encrypted`);
      const { recipients, plainBytes } = encryption;
      if (header.stanzas !== recipients.length)
        throw new Failure(
          'damaged',
          `${key} is encrypted to ${header.stanzas} recipients, the receipt names ${recipients.length}`,
        );
      const expected = encryptedBytes(header, plainBytes);
      if (bytes !== expected)
        throw new Failure('damaged', `${key} has ${bytes} bytes; ${plainBytes} plain ones make ${expected} encrypted`);
      return {};
    },
    stop: async () => undefined,
  };
}
