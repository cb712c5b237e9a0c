import { type Document, type ErrorCode, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

/** Where something stands in a file; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export type Path = readonly (string | number)[];

/** A fault of the YAML itself. */
export interface YamlFault extends Position {
  readonly message: string;
}

export interface YamlFile {
  readonly value: unknown;
  readonly faults: readonly YamlFault[];
  /** Where the value at a path begins, or the nearest thing above it that is there. */
  positionOf(path: Path): Position;
  /** Where a key of the map at a path is written. */
  positionOfKey(path: Path, key: string): Position;
}

/** Texts of our own: those of the parser quote the file, and a line of it may hold a password that should not be there. */
const FAULTS: Partial<Record<ErrorCode, string>> = {
  DUPLICATE_KEY: 'this key is written twice in the same map',
  TAB_AS_INDENT: 'a tab where only spaces may indent',
  BAD_INDENT: 'the indentation does not fit the lines above, or a bracket is open',
  MULTIPLE_DOCS: 'a second document begins here; the file must hold one',
  BAD_ALIAS: 'the alias refers to an anchor that is not above it',
  TAG_RESOLVE_FAILED: 'tags are not allowed',
  MULTILINE_IMPLICIT_KEY: 'the key has no value, or a ":" is missing',
  BLOCK_AS_IMPLICIT_KEY: 'a key inside a value: quote the value, or put the key on a line of its own',
  MISSING_CHAR: 'a quote, a bracket, a ":" or a "," is missing',
  NON_STRING_KEY: 'a key must be plain text',
};

/** Parses YAML and remembers where everything stands. */
export function parseYaml(text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true, merge: true });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };

  const faults = [...document.errors, ...document.warnings].map(({ code, pos }) => ({
    ...at(pos[0]),
    message: FAULTS[code] ?? `not valid YAML (${code})`,
  }));
  const { value, fault } = faults.length > 0 ? {} : contentOf(document);
  return {
    value,
    faults: fault ? [...faults, { ...at(0), message: fault }] : faults,
    positionOf: (path) => at(offsetOf(document, path)),
    positionOfKey: (path, key) => at(offsetOf(document, path, key)),
  };
}

function contentOf(document: Document): { value?: unknown; fault?: string } {
  try {
    return { value: document.toJS() };
  } catch {
    // Aliases of aliases that unfold to millions of values, or a map that merges itself.
    return { fault: 'the aliases of this file do not resolve to plain values' };
  }
}

function offsetOf(document: Document, path: Path, key?: string): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const step of path) {
    node = child(document, node, step)?.value;
    if (node === undefined) return offset;
    offset = startOf(node) ?? offset;
  }
  return key === undefined ? offset : (startOf(child(document, node, key)?.key) ?? offset);
}

function child(document: Document, node: unknown, step: string | number): { key: unknown; value: unknown } | undefined {
  const target = isAlias(node) ? node.resolve(document) : node;
  if (isSeq(target)) return { key: undefined, value: target.items[Number(step)] };
  if (!isMap(target)) return undefined;
  return target.items.find(({ key }) => isScalar(key) && key.value === step);
}

const startOf = (node: unknown): number | undefined => (node as Node | undefined)?.range?.[0];
