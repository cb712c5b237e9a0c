/** What a probe's exit code says. */
export const PROBE_EXITS = {
  healthy: { code: 0, means: 'it answered as it should' },
  silent: { code: 10, means: 'it did not answer' },
  status: { code: 11, means: 'it answered with another status' },
  contents: { code: 12, means: 'its answer does not hold the text' },
} as const;
