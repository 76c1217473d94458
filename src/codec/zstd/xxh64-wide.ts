/** XXH64 on 64-bit integers, for engines that keep them in registers: see xxh64.ts. */

const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;
const STRIPE_WORDS = 4;
/** Words that the four accumulators read one after the other: they stay in the processor's cache. */
const SECTION_WORDS = 256;

const wrap = (word: bigint): bigint => BigInt.asUintN(64, word);
const rotate = (word: bigint, bits: bigint): bigint => wrap(word << bits) | (word >> (64n - bits));
const round = (accumulator: bigint, word: bigint): bigint =>
  wrap(rotate(wrap(accumulator + word * P2), 31n) * P1);

/** The low 32 bits of the XXH64 of `bytes`, 32 or more, which start at a multiple of 8. */
export function xxh64LowWide(bytes: Uint8Array): number {
  const { length } = bytes;
  const words = new BigUint64Array(bytes.buffer, bytes.byteOffset, length >>> 3);
  const end = words.length - (words.length % STRIPE_WORDS);
  let hash = hashOfStripes(words, end) + BigInt(length);
  for (let at = end; at < words.length; at++) {
    hash = wrap(rotate(wrap(hash) ^ round(0n, words[at] as bigint), 27n) * P1 + P4);
  }
  let at = length - (length % 8);
  if (at + 4 <= length) {
    const word = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
    hash = wrap(rotate(wrap(hash) ^ wrap(BigInt(word) * P1), 23n) * P2 + P3);
    at += 4;
  }
  for (; at < length; at++) {
    hash = wrap(rotate(wrap(hash) ^ wrap(BigInt(bytes[at] as number) * P5), 11n) * P1);
  }
  hash = wrap(hash);
  hash = wrap((hash ^ (hash >> 33n)) * P2);
  hash = wrap((hash ^ (hash >> 29n)) * P3);
  return Number((hash ^ (hash >> 32n)) & 0xffff_ffffn);
}

function hashOfStripes(words: BigUint64Array, end: number): bigint {
  let first = P1 + P2;
  let second = P2;
  let third = 0n;
  let fourth = -P1;
  for (let start = 0; start < end; start += SECTION_WORDS) {
    const sectionEnd = Math.min(end, start + SECTION_WORDS);
    first = advance(first, words, start, sectionEnd);
    second = advance(second, words, start + 1, sectionEnd);
    third = advance(third, words, start + 2, sectionEnd);
    fourth = advance(fourth, words, start + 3, sectionEnd);
  }
  let hash = rotate(first, 1n) + rotate(second, 7n) + rotate(third, 12n) + rotate(fourth, 18n);
  for (const accumulator of [first, second, third, fourth]) {
    hash = wrap((wrap(hash) ^ round(0n, accumulator)) * P1 + P4);
  }
  return hash;
}

/** An accumulator after the rounds of every fourth word from `start` on. */
function advance(accumulator: bigint, words: BigUint64Array, start: number, end: number): bigint {
  let value = BigInt.asUintN(64, accumulator);
  for (let at = start; at < end; at += 4) {
    const mixed = BigInt.asUintN(64, (words[at] as bigint) * P2);
    const sum = BigInt.asUintN(64, value + mixed);
    const turned = BigInt.asUintN(64, sum << 31n) | BigInt.asUintN(64, sum >> 33n);
    value = BigInt.asUintN(64, BigInt.asUintN(64, turned) * P1);
  }
  return value;
}
