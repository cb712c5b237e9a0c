import { type Config, ConfigFile } from './config.ts';
import { findingsOf } from './config-problem.ts';
import { type Path, type Position, parseYaml, type YamlFile } from './config-yaml.ts';
import { resolveConfig } from './resolve-config.ts';

/** One thing that is wrong with a configuration file. */
export interface ConfigProblem extends Position {
  readonly file: string;
  /** `sources[1].keep.daily`; empty where the file as a whole is meant. */
  readonly path: string;
  readonly message: string;
}

/** A configuration that cannot be used. Its message has a line for each problem, in the form that editors jump to. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(line).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const line = ({ file, line, column, path, message }: ConfigProblem): string =>
  `${file}:${line}:${column}  ${path === '' ? '' : `${path}: `}${message}`;

/** Reads nightproof.yaml. `file` is its name, for messages; throws `ConfigError` with everything that is wrong. */
export function readConfig(text: string, file: string): Config {
  const yaml = parseYaml(text);
  refuse(yaml.faults.map((fault) => ({ file, path: '', ...fault })));
  if (yaml.value === null || yaml.value === undefined)
    refuse([{ file, line: 1, column: 1, path: '', message: 'the file is empty; it needs at least connections and sources' }]);

  const parsed = ConfigFile.safeParse(yaml.value);
  if (!parsed.success) {
    const findings = parsed.error.issues.flatMap((issue) => findingsOf(issue, yaml.value));
    throw new ConfigError(inOrder(findings.map(({ path, key, message }) => problem(file, yaml, path, message, key))));
  }

  const resolved = resolveConfig(parsed.data);
  if ('config' in resolved) return resolved.config;
  throw new ConfigError(inOrder(resolved.faults.map(({ path, message }) => problem(file, yaml, path, message))));
}

function refuse(problems: readonly ConfigProblem[]): void {
  if (problems.length > 0) throw new ConfigError(problems);
}

function problem(file: string, yaml: YamlFile, path: Path, message: string, key?: string): ConfigProblem {
  const position = key === undefined ? yaml.positionOf(path) : yaml.positionOfKey(path, key);
  return { file, ...position, path: showPath(key === undefined ? path : [...path, key]), message };
}

const showPath = (path: Path): string =>
  path.reduce<string>(
    (shown, step) => (typeof step === 'number' ? `${shown}[${step}]` : shown === '' ? step : `${shown}.${step}`),
    '',
  );

const inOrder = (problems: readonly ConfigProblem[]): readonly ConfigProblem[] =>
  [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
