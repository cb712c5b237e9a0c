import type { Machine } from './machine.ts';

const PREFIXES = { night: 'by-hand', restore: 'restore', drill: 'drill', patrol: 'patrol' } as const satisfies Record<
  Machine,
  string
>;

/**
 * What an execution that somebody starts is called: `restore-20261127T080000Z-ab12cd34`. `id` is a part that no other has. Restores,
 * drills and patrols lie under this name in the vault, so it holds nothing but what `isExecutionName` takes.
 */
export const executionName = (machine: Machine, now: Date, id: string): string =>
  `${PREFIXES[machine]}-${now.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z-${id}`;
