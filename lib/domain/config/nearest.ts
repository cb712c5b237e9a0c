/** The word that was probably meant: at most two letters away, or the same but for case. Undefined where none is near. */
export function nearest(written: string, words: readonly string[]): string | undefined {
  const low = written.toLowerCase();
  const ranked = words
    .map((word) => ({ word, distance: distance(low, word.toLowerCase()) }))
    .filter((candidate) => candidate.distance <= Math.min(2, Math.floor(candidate.word.length / 2)))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.word;
}

/** Letters to insert, drop or change to make one word of the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const change = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
