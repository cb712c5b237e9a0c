/** Whether a name fits one of the patterns, in which `*` and `?` stand for any characters; upper and lower case differ. */
export function fitsAny(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => expressionOf(pattern).test(name));
}

const expressionOf = (pattern: string): RegExp => {
  const parts = Array.from(pattern, (c) => (c === '*' ? '.*' : c === '?' ? '.' : c.replace(/[\\^$.|+()[\]{}]/, '\\$&')));
  return new RegExp(`^${parts.join('')}$`, 'su');
};
