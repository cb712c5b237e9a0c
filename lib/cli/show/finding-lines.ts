import { wrapped } from '../../domain/plain-text.ts';
import type { Finding } from '../place/vault-document.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** What is not as it should be, where the eye falls on it. */
export const findingLines = (findings: readonly Finding[], terminal: Terminal): readonly string[] => [
  terminal.paint('bad', 'FINDINGS'),
  ...findings.flatMap(({ key, problem }) => [...wrapped(key, '  '), ...wrapped(problem, '    ')]),
];
