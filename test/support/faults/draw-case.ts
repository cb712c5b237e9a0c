import { type DrawnFault, FAULT_KINDS, FAULTS, type FaultKind } from './fault-kinds.ts';
import { Seeded } from './seeded.ts';

/** What is backed up: a small database or one whose dump has several parts, a small tree or a larger one. */
const SHAPES = ['small', 'parts', 'tree', 'large-tree'] as const;
type DrawnShape = (typeof SHAPES)[number];

/** The last, whose archive has two parts of the product's own size, is for kill points only. */
export type Shape = DrawnShape | 'long-tree';

/** A night with one source and what befalls it. */
export interface DrawnCase {
  readonly seed: number;
  readonly index: number;
  readonly shape: Shape;
  /** Which of the servers at hand, as a share. */
  readonly server: number;
  readonly compression: 'gzip:1' | 'none';
  /** How often the SDK sends a request by itself. One: the fault reaches our own code at once. */
  readonly sdkAttempts: 1 | 3;
  readonly faults: readonly DrawnFault[];
}

const SHAPE_WEIGHTS: Record<DrawnShape, number> = { small: 62, parts: 8, tree: 15, 'large-tree': 15 };

/** Draws a case: the same for the same seed and number. `without`: kinds that cannot be inflicted on this machine. */
export function drawCase(seed: number, index: number, without: readonly FaultKind[] = []): DrawnCase {
  const random = new Seeded(seed, index);
  const shape = random.weighted(SHAPES, (one) => SHAPE_WEIGHTS[one]);
  const source = shape === 'small' || shape === 'parts' ? 'database' : shape;
  const kinds = FAULT_KINDS.filter((kind) => ['any', source].includes(FAULTS[kind].source));
  const faults: DrawnFault[] = [];
  const count = random.weighted([1, 2, 3], (n) => [35, 40, 25][n - 1] ?? 0);
  while (faults.length < count) {
    const drawn = drawFault(random, kinds, faults);
    if (!without.includes(drawn.kind)) faults.push(drawn);
    else if (count === 1 || random.chance(0.5)) break;
  }
  const compression = random.chance(0.6) ? 'gzip:1' : 'none';
  return { seed, index, shape, server: random.next(), compression, sdkAttempts: random.chance(0.5) ? 1 : 3, faults };
}

function drawFault(random: Seeded, kinds: readonly FaultKind[], earlier: readonly DrawnFault[]): DrawnFault {
  const kind = random.weighted(kinds, (one) => FAULTS[one].weight);
  const times = random.weighted([1, 2, 3, 8], (n) => ({ 1: 60, 2: 15, 3: 15, 8: 10 })[n] ?? 0);
  // one thing at a time happens to the programs of a try
  const inTry = FAULTS[kind].on === 'wire' ? 1 : 1 + earlier.filter((fault) => FAULTS[fault.kind].on !== 'wire').length;
  return { kind, at: random.next(), vary: random.next(), times, inTry };
}
