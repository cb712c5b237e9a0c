import { expect, it } from 'vitest';
import { showAge } from '../../lib/cli/status/age.ts';

it.each([
  [-1, 'ahead'],
  [0, '0 min'],
  [3599, '59 min'],
  [3600, '1 h'],
  [26 * 3600 - 1, '25 h'],
  [48 * 3600 - 1, '47 h'],
  [48 * 3600, '2 d'],
  [59 * 86_400, '59 d'],
  [60 * 86_400, '2 mo'],
  [729 * 86_400, '24 mo'],
  [730 * 86_400, '2 y'],
])('shows %i seconds as %s', (seconds, shown) => {
  expect(showAge(seconds)).toBe(shown);
});
