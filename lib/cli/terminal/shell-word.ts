const PLAIN = /^[\w./@:+=,%-]+$/;

/** What double quotes do not take away the meaning of. */
const MEANS_SOMETHING = /["$`\\!]/;

/** A text as one word for a shell, in the quotes that are the easiest to read. */
export function shellWord(text: string): string {
  if (PLAIN.test(text)) return text;
  if (text.includes("'") && !MEANS_SOMETHING.test(text)) return `"${text}"`;
  return `'${text.replaceAll("'", "'\\''")}'`;
}
