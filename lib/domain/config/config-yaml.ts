import {
  type Document,
  type ErrorCode,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';

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

const NO_ANCHOR = 'an alias of no anchor above it; put text that begins with "*" in quotes';

const NO_MERGE = 'only a map can be merged: put the alias of one after "<<:", as "*name"';

/** Texts of our own: those of the parser quote the file, and a line of it may hold a password that should not be there. */
const FAULTS: Partial<Record<ErrorCode, string>> = {
  DUPLICATE_KEY: 'this key is written twice in the same map; keep one',
  TAB_AS_INDENT: 'a tab where only spaces may indent; put spaces there',
  BAD_INDENT: 'the indentation does not fit the lines above, or a bracket is open: keys of one map must begin in one column',
  MULTIPLE_DOCS: 'a second document begins here; the file must hold one, so take the "---" out',
  BAD_ALIAS: NO_ANCHOR,
  TAG_RESOLVE_FAILED: 'tags are not allowed; put text that begins with "!" in quotes',
  MULTILINE_IMPLICIT_KEY: 'a key without a value: a ":", or the space after it, is missing',
  BLOCK_AS_IMPLICIT_KEY: 'a key or a list entry where none can be: check the indentation, or quote a value that has a ": " in it',
  MISSING_CHAR: 'a quote, a bracket, a ":" or a "," is missing here or above; add it',
  NON_STRING_KEY: 'a key must be plain text; put it in quotes',
  BAD_SCALAR_START: 'no text can begin with this character; put it in quotes',
  BAD_DQ_ESCAPE: 'no such escape: write "\\\\" for a backslash, or put the text in single quotes',
  BLOCK_IN_FLOW: 'no "- ..." lines or indented maps can stand inside of brackets; separate entries with ","',
  UNEXPECTED_TOKEN: 'this cannot stand here: put text in quotes, or close the bracket or quote before it',
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
    ...at(code === 'MISSING_CHAR' ? openQuote(document, pos[0]) : pos[0]),
    message: FAULTS[code] ?? `not valid YAML (${code}); put text in quotes where it has other characters than letters`,
  }));
  const references = brokenReferences(document).map(({ offset, message }) => ({ ...at(offset), message }));
  const inText = faults.length > 0 ? firstOfLines(faults) : references;
  const { value, fault } = inText.length > 0 ? {} : contentOf(document);
  return {
    value,
    faults: fault ? [{ ...at(0), message: fault }] : inText,
    positionOf: (path) => at(offsetOf(document, path)),
    positionOfKey: (path, key) => at(offsetOf(document, path, key)),
  };
}

/** What the parser stumbles over after the first fault of a line is mostly that fault again. */
const firstOfLines = (faults: readonly YamlFault[]): readonly YamlFault[] =>
  faults.filter(({ line }, n) => faults.findIndex((other) => other.line === line) === n);

/** A quote that is never closed is found at the end of the file only; it is missing where it was opened. */
function openQuote(document: Document, offset: number): number {
  let opened = offset;
  visit(document, {
    Scalar(_, { type, range }) {
      if (type?.startsWith('QUOTE') && range && range[0] <= offset && offset <= range[1]) opened = range[0];
    },
  });
  return opened;
}

/** Aliases that name nothing, and merges of what is no map: the parser finds them only while it builds values, and does not say where. */
function brokenReferences(document: Document): readonly { readonly offset: number; readonly message: string }[] {
  const found: { offset: number; message: string }[] = [];
  visit(document, {
    Alias(_, alias) {
      if (!alias.resolve(document)) found.push({ offset: startOf(alias) ?? 0, message: NO_ANCHOR });
    },
    Pair(_, { key, value }) {
      if (isScalar(key) && key.value === '<<' && isScalar(value)) found.push({ offset: startOf(value) ?? 0, message: NO_MERGE });
    },
  });
  return found;
}

function contentOf(document: Document): { value?: unknown; fault?: string } {
  try {
    return { value: document.toJS() };
  } catch {
    // Aliases of aliases that unfold to millions of values, or a map that merges itself.
    return { fault: 'the aliases of this file do not resolve to plain values; write the values out' };
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
