import type { SeededRandom } from './seeded-random.ts';

const LETTERS = '0123456789abcdef'.split('');

type Path = readonly (string | number)[];

/** Changes one value of a document, or takes it out. `spared`: paths that stay as they are, with dots between their parts. */
export function damageJson(document: unknown, spared: ReadonlySet<string>, random: SeededRandom): unknown {
  const changed: unknown = structuredClone(document);
  const path = random.pick([...leaves(changed)].filter((one) => !spared.has(one.join('.'))));
  const holder = path.slice(0, -1).reduce<unknown>((value, part) => (value as Record<string, unknown>)[part], changed);
  const fields = holder as Record<string, unknown>;
  const last = String(path.at(-1));
  if (random.between(0, 9) === 0) delete fields[last];
  else fields[last] = another(fields[last], random);
  return changed;
}

function* leaves(value: unknown, path: Path = []): Iterable<Path> {
  if (typeof value !== 'object' || value === null) yield path;
  else for (const [part, below] of Object.entries(value)) yield* leaves(below, [...path, part]);
}

function another(value: unknown, random: SeededRandom): unknown {
  if (typeof value === 'number') return random.pick([value + 1, value * 2 + 1, value - 1]);
  if (typeof value === 'boolean') return !value;
  const text = String(value);
  const at = random.between(0, Math.max(0, text.length - 1));
  const letter = random.pick(LETTERS.filter((one) => one !== text[at]));
  return text.slice(0, at) + letter + text.slice(at + 1);
}
