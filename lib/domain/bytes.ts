import { z } from 'zod';

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** A size for people: `512 B`, `448.3 MiB`. */
export function showBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes / 1024;
  let unit = 0;
  // 1023.95 would be shown as 1024.0
  while (value >= 1023.95 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(1)} ${UNITS[unit]}`;
}

const SIZE_UNITS = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
} as const;

/** Bytes in a size as people write it ("100MB", "1.5GiB"); undefined where it is none. */
export function parseByteSize(written: string): number | undefined {
  const [, digits = '', unit = ''] = /^(\d{1,6}(?:\.\d{1,3})?) ?(B|[KMGT]i?B)$/.exec(written) ?? [];
  const bytes = unit === '' ? 0 : Math.round(Number(digits) * SIZE_UNITS[unit as keyof typeof SIZE_UNITS]);
  return bytes > 0 ? bytes : undefined;
}

const SIZE_FORMS = 'must be a size: a number and B, KB, MB, GB, TB, KiB, MiB, GiB or TiB, as "100MB"';

export const ByteSizeText = z
  .string({ error: SIZE_FORMS })
  .refine((written) => parseByteSize(written) !== undefined, { error: SIZE_FORMS });
