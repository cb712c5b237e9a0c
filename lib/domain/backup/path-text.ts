import { isUtf8 } from 'node:buffer';

/** Bytes that are no UTF-8 become U+DC80 to U+DCFF, which no valid UTF-8 holds: Python's `surrogateescape`, so `os.fsencode` undoes it. */
const ESCAPED_BYTE = 0xdc00;
const LONGEST_CHARACTER = 4;

/** Characters in what is shown of one path. */
const SHOWN_LENGTH = 120;

/** What a line of text must not carry: control characters, line separators, marks that turn the direction of writing, single surrogates. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu;

/**
 * A path as text. Names are bytes on Linux, in any encoding or none; every path has a text of its own, and `pathBytes` undoes
 * it. JSON carries it as it is: `JSON.stringify` writes the escaped bytes as `\udc80` to `\udcff`.
 */
export function pathText(path: Buffer): string {
  if (isUtf8(path)) return path.toString('utf8');
  let text = '';
  for (let at = 0; at < path.length; ) {
    const character = characterAt(path, at);
    text += character?.toString('utf8') ?? String.fromCharCode(ESCAPED_BYTE + (path[at] as number));
    at += character?.length ?? 1;
  }
  return text;
}

/** The bytes of a path that `pathText` wrote. */
export function pathBytes(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8');
  return Buffer.concat(Array.from(text, bytesOf));
}

/** A path for people, on one line whatever it holds: what would break the line or hide is shown as `\x0a`, a long one is cut. */
export function showPath(text: string): string {
  const shown = text.replace(UNSAFE, escaped);
  const characters = Array.from(shown);
  return characters.length <= SHOWN_LENGTH ? shown : `${characters.slice(0, SHOWN_LENGTH).join('')}...`;
}

function characterAt(path: Buffer, at: number): Buffer | undefined {
  for (let length = 1; length <= LONGEST_CHARACTER && at + length <= path.length; length++) {
    const character = path.subarray(at, at + length);
    if (isUtf8(character)) return character;
  }
  return undefined;
}

function bytesOf(character: string): Buffer {
  const code = character.charCodeAt(0);
  const escapes = character.length === 1 && code >= ESCAPED_BYTE + 0x80 && code <= ESCAPED_BYTE + 0xff;
  return escapes ? Buffer.from([code - ESCAPED_BYTE]) : Buffer.from(character, 'utf8');
}

const escaped = (character: string): string =>
  [...bytesOf(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
