import { expect, it } from 'vitest';
import { showBytes } from '../../lib/domain/bytes.ts';

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1024 ** 2 - 1, '1.0 MiB'],
  [470_000_000, '448.2 MiB'],
  [1.5 * 1024 ** 3, '1.5 GiB'],
  [48.8 * 1024 ** 4, '48.8 TiB'],
  [Number.MAX_SAFE_INTEGER, '8.0 PiB'],
])('shows %d as %s', (bytes, expected) => {
  expect(showBytes(bytes)).toBe(expected);
});
