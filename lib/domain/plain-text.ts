const COLUMNS = 80;

/** A text on one line: control characters, line breaks among them, become spaces. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
export const oneLine = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();

/** Lines of at most 80 columns, each indented; a word that is longer (a key, an ARN) is not broken. */
export function wrapped(text: string, indent: string): readonly string[] {
  const lines: string[] = [];
  for (const word of oneLine(text).split(/ +/)) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= COLUMNS) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`${indent}${word}`);
  }
  return lines;
}

/** The text, or as many of its whole lines as fit into a number of bytes, with a last line that says so. */
export function fitted(lines: readonly string[], maxBytes: number, cutLine: string): string {
  const whole = `${lines.join('\n')}\n`;
  if (Buffer.byteLength(whole) <= maxBytes) return whole;

  let room = maxBytes - Buffer.byteLength(cutLine) - 1;
  const fitting: string[] = [];
  for (const line of lines) {
    room -= Buffer.byteLength(line) + 1;
    if (room < 0) break;
    fitting.push(line);
  }
  return `${[...fitting, cutLine].join('\n')}\n`;
}

/** `1 table`, `1,204 rows` */
export const plural = (n: number, unit: string): string => `${n.toLocaleString('en-US')} ${unit}${n === 1 ? '' : 's'}`;
