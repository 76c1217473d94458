/** Crockford base32: uppercase, most significant bit first, padded with zero bits, no `=`. */

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODES = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0));
const INVALID = 255;
const VALUES = valuesByCode();

function valuesByCode(): Uint8Array {
  const values = new Uint8Array(128).fill(INVALID);
  for (let value = 0; value < ALPHABET.length; value++) {
    values[CODES[value] as number] = value;
    values[(ALPHABET[value] as string).toLowerCase().charCodeAt(0)] = value;
  }
  for (const [letters, value] of [
    ["oO", 0],
    ["iIlL", 1],
  ] as const) {
    for (const letter of letters) values[letter.charCodeAt(0)] = value;
  }
  return values;
}

/** Characters that `byteCount` bytes take. */
function base32Length(byteCount: number): number {
  return Math.ceil((byteCount * 8) / 5);
}

/** Text of `bytes`; equal lengths sort as their bytes do. */
export function encodeBase32(bytes: Uint8Array): string {
  const codes = new Array<number>(base32Length(bytes.length));
  let pending = 0;
  let pendingBits = 0;
  let at = 0;
  for (let i = 0; i < bytes.length; i++) {
    pending = ((pending & 0xff) << 8) | (bytes[i] as number);
    pendingBits += 8;
    while (pendingBits >= 5) {
      pendingBits -= 5;
      codes[at++] = CODES[(pending >>> pendingBits) & 31] as number;
    }
  }
  if (pendingBits > 0) codes[at] = CODES[(pending << (5 - pendingBits)) & 31] as number;
  return String.fromCharCode.apply(null, codes);
}

/**
 * The `byteCount` bytes that `text` stands for, or `undefined` if it is malformed. Lenient as the
 * official engine: any case, O for 0, I and L for 1, pad bits ignored.
 */
export function decodeBase32(text: string, byteCount: number): Uint8Array | undefined {
  if (text.length !== base32Length(byteCount)) return undefined;
  const bytes = new Uint8Array(byteCount);
  let pending = 0;
  let pendingBits = 0;
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const value = VALUES[text.charCodeAt(i)] ?? INVALID;
    if (value === INVALID) return undefined;
    pending = ((pending & 0xff) << 5) | value;
    pendingBits += 5;
    if (pendingBits < 8) continue;
    pendingBits -= 8;
    bytes[at++] = pending >>> pendingBits;
  }
  return bytes;
}
