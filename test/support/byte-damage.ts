import type { SeededRandom } from './seeded-random.ts';

/** What happens to stored bytes: on a disk, in a copy, or by a hand. */
export const BYTE_DAMAGES = {
  truncated: (bytes, random) => bytes.subarray(0, random.between(0, bytes.length - 1)),
  'flipped bit': (bytes, random) => {
    const damaged = Buffer.from(bytes);
    const at = random.between(0, bytes.length - 1);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << random.between(0, 7));
    return damaged;
  },
  'zeroed block': (bytes, random) => {
    const length = Math.min(random.pick([512, 1024, 4096]), bytes.length);
    const at = random.between(0, bytes.length - length);
    return Buffer.from(bytes).fill(0, at, at + length);
  },
  'swapped parts': (bytes, random) => {
    const length = random.between(1, Math.floor(bytes.length / 2));
    const left = random.between(0, bytes.length - 2 * length);
    const right = random.between(left + length, bytes.length - length);
    const damaged = Buffer.from(bytes);
    bytes.copy(damaged, left, right, right + length);
    bytes.copy(damaged, right, left, left + length);
    return damaged;
  },
  'duplicated part': (bytes, random) => {
    const from = random.between(0, bytes.length - 1);
    const to = random.between(from + 1, Math.min(bytes.length, from + 65_536));
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  'appended bytes': (bytes, random) => {
    const more = random.between(1, 4096);
    return Buffer.concat([bytes, random.pick([random.bytes(more), Buffer.alloc(more), bytes.subarray(0, more)])]);
  },
} as const satisfies Record<string, (bytes: Buffer, random: SeededRandom) => Buffer>;

export type ByteDamage = keyof typeof BYTE_DAMAGES;

/** Damages bytes so that they are others than before: a block that was zero already is no damage. */
export function damageBytes(kind: ByteDamage, bytes: Buffer, random: SeededRandom): Buffer {
  for (let again = 0; again < 100; again++) {
    const damaged = BYTE_DAMAGES[kind](bytes, random);
    if (!damaged.equals(bytes)) return damaged;
  }
  throw new Error(`${bytes.length} bytes cannot be damaged in this way: ${kind}`);
}
