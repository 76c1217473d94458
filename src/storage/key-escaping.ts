/**
 * Object paths <-> file names. Escaped are the characters that the official engine escapes, in
 * the same way (percent, two upper-case hex digits per UTF-8 byte), so that both see the same
 * files. On Windows a colon still means an alternate stream: ids and ref names have none.
 *
 * Spec: docs/format.md "Local file names".
 */
import { encodeUtf8 } from "../base/bytes.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped.
const ESCAPED = /[\\{}^%[\]"><~#|*?`\u0000-\u001f\u007f]|[^\u0000-\u007f]+/g;

function percentEncode(text: string): string {
  let encoded = "";
  for (const byte of encodeUtf8(text))
    encoded += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  return encoded;
}

/** The file name of one segment of an object path. */
export function escapeSegment(segment: string): string {
  return segment.replace(ESCAPED, percentEncode);
}

/** The segment that a file name stands for, or `undefined` if no segment is written that way. */
export function unescapeSegment(name: string): string | undefined {
  if (!name.includes("%") && !ESCAPED.test(name)) return name;
  ESCAPED.lastIndex = 0; // `test` on a global expression remembers where it stopped.
  let segment: string;
  try {
    segment = decodeURIComponent(name);
  } catch (error) {
    if (error instanceof URIError) return undefined; // A foreign file: not one of our names.
    throw error;
  }
  return escapeSegment(segment) === name ? segment : undefined;
}
