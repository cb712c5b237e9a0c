import { z } from 'zod';

const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const PREFIX = 'age';
const GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** Says whether a text is the public key of an X25519 pair. Its checksum tells a misspelt one, to which nobody has the identity. */
function isAgeRecipient(text: string): boolean {
  if (!/^age1[02-9ac-hj-np-z]{58}$/.test(text)) return false;
  const data = Array.from(text.slice(PREFIX.length + 1), (letter) => ALPHABET.indexOf(letter));
  return checksum([...expanded(PREFIX), ...data]) === 1;
}

/** Says whether a text is, or begins like, a secret key. */
export const isAgeIdentity = (text: string): boolean => /^age-secret-key-/i.test(text.trim());

export const AgeRecipient = z.string().refine(isAgeRecipient, {
  error: 'must be an age recipient, copied without a slip from what age-keygen prints ("age1" and 58 more)',
});

/** How Bech32 (BIP 173) counts the part before the "1". */
const expanded = (prefix: string): number[] => {
  const codes = Array.from(prefix, (letter) => letter.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
};

function checksum(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    for (const [bit, generator] of GENERATORS.entries()) if ((top >> bit) & 1) sum ^= generator;
  }
  return sum;
}
