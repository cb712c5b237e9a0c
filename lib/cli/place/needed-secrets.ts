import { type ConfiguredSource, connectionOf } from '../../domain/source/source.ts';

/** The secrets that sources name, each once. */
export const secretsIn = (sources: readonly ConfiguredSource[]): readonly string[] => [
  ...new Set(sources.flatMap((source) => connectionOf(source)?.secret ?? [])),
];
