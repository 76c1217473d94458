/**
 * XXH64, as far as zstd needs it: the low 32 bits with seed 0. 64-bit words are pairs of 32-bit
 * halves: BigInt is fifty times slower, but for an engine that keeps 64-bit words in registers,
 * where long inputs take a third of the time (xxh64-wide.ts).
 * Spec: xxHash "XXH64 algorithm description".
 */
import { lazyPart } from "../../base/lazy-part.ts";

const loadWide = /* @__PURE__ */ lazyPart(() => import("./xxh64-wide.ts"));

// The five primes, high and low halves.
const P1_HIGH = 0x9e3779b1;
const P1_LOW = 0x85ebca87;
const P2_HIGH = 0xc2b2ae3d;
const P2_LOW = 0x27d4eb4f;
const P3_HIGH = 0x165667b1;
const P3_LOW = 0x9e3779f9;
const P4_HIGH = 0x85ebca77;
const P4_LOW = 0xc2b2ae63;
const P5_HIGH = 0x27d4eb2f;
const P5_LOW = 0x165667c5;
const STRIPE_BYTES = 32;
/** Below, what 64-bit words leave to the garbage collector takes longer than they save. */
const WIDE_BYTES_MIN = 2 ** 16;

const V8_MAJOR_MIN = 11;
const WIDE_PROCESSORS: readonly unknown[] = ["x64", "arm64"];

/**
 * Whether this engine computes with 64-bit words at full speed: V8 has kept wrapped BigInts in
 * registers since version 11, on 64-bit processors. Elsewhere each step would allocate, and take a
 * hundred times as long as on halves.
 */
function findWideWords(): boolean {
  const { process } = globalThis as {
    process?: { arch?: unknown; versions?: Readonly<Record<string, string | undefined>> };
  };
  const { v8, bun } = process?.versions ?? {};
  // Bun names a version of V8 that it does not run on.
  if (v8 === undefined || bun !== undefined || !WIDE_PROCESSORS.includes(process?.arch))
    return false;
  return Number.parseInt(v8, 10) >= V8_MAJOR_MIN;
}

const hasWideWords = /* @__PURE__ */ findWideWords();

/** The high 32 bits of the 64-bit product of two unsigned 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = Math.imul(aHigh, bLow);
  const cross = Math.imul(aLow, bHigh);
  const inner = (Math.imul(aLow, bLow) >>> 16) + (middle & 0xffff);
  const sum = (inner + cross) | 0;
  const carry = sum >>> 0 < cross >>> 0 ? 0x1_0000 : 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (sum >>> 16) + carry) | 0;
}

/** A 64-bit accumulator; all operations wrap. */
class Word {
  high = 0;
  low = 0;

  set(high: number, low: number): this {
    this.high = high | 0;
    this.low = low | 0;
    return this;
  }

  add(high: number, low: number): this {
    const sum = (this.low >>> 0) + (low >>> 0);
    this.high = (this.high + high + (sum > 0xffffffff ? 1 : 0)) | 0;
    this.low = sum | 0;
    return this;
  }

  xor(high: number, low: number): this {
    this.high ^= high;
    this.low ^= low;
    return this;
  }

  multiply(high: number, low: number): this {
    this.high =
      (multiplyHigh(this.low, low) + Math.imul(this.low, high) + Math.imul(this.high, low)) | 0;
    this.low = Math.imul(this.low, low);
    return this;
  }

  /** Rotates left by 1 to 31 bits. */
  rotate(bits: number): this {
    const { high, low } = this;
    this.high = (high << bits) | (low >>> (32 - bits));
    this.low = (low << bits) | (high >>> (32 - bits));
    return this;
  }

  /** One round: mixes an input word in. */
  round(high: number, low: number): this {
    const word = scratch.set(high, low).multiply(P2_HIGH, P2_LOW);
    return this.add(word.high, word.low).rotate(31).multiply(P1_HIGH, P1_LOW);
  }
}

const scratch = new Word();

/** Bytes that the four accumulators read one after the other: they stay in the processor's cache. */
const SECTION_BYTES = 2048;

function consumeStripes(bytes: Uint8Array, view: DataView, hash: Word): number {
  const accumulators: readonly Word[] = [
    new Word().set(P1_HIGH, P1_LOW).add(P2_HIGH, P2_LOW),
    new Word().set(P2_HIGH, P2_LOW),
    new Word(),
    new Word().set(~P1_HIGH, ~P1_LOW).add(0, 1), // The seed minus the first prime.
  ];
  const end = bytes.length - (bytes.length % STRIPE_BYTES);
  for (let start = 0; start < end; start += SECTION_BYTES) {
    const sectionEnd = Math.min(end, start + SECTION_BYTES);
    for (let accumulator = 0; accumulator < 4; accumulator++)
      consumeAccumulator(
        accumulators[accumulator] as Word,
        view,
        start + 8 * accumulator,
        sectionEnd,
      );
  }
  const copy = new Word();
  for (const [accumulator, bits] of [1, 7, 12, 18].entries()) {
    const { high, low } = accumulators[accumulator] as Word;
    copy.set(high, low).rotate(bits);
    hash.add(copy.high, copy.low);
  }
  for (const { high, low } of accumulators) {
    copy.set(0, 0).round(high, low);
    hash.xor(copy.high, copy.low).multiply(P1_HIGH, P1_LOW).add(P4_HIGH, P4_LOW);
  }
  return end;
}

/** `accumulator.round` of every fourth word from `start` on, in registers. */
function consumeAccumulator(accumulator: Word, view: DataView, start: number, end: number): void {
  let { high, low } = accumulator;
  for (let at = start; at < end; at += STRIPE_BYTES) {
    const inLow = view.getInt32(at, true);
    const inHigh = view.getInt32(at + 4, true);
    const mixedLow = Math.imul(inLow, P2_LOW);
    const mixedHigh =
      multiplyHigh(inLow, P2_LOW) + Math.imul(inLow, P2_HIGH) + Math.imul(inHigh, P2_LOW);
    const sum = (low + mixedLow) | 0;
    const sumHigh = (high + mixedHigh + (sum >>> 0 < mixedLow >>> 0 ? 1 : 0)) | 0;
    const turnedLow = (sum << 31) | (sumHigh >>> 1);
    const turnedHigh = (sumHigh << 31) | (sum >>> 1);
    high =
      (multiplyHigh(turnedLow, P1_LOW) +
        Math.imul(turnedLow, P1_HIGH) +
        Math.imul(turnedHigh, P1_LOW)) |
      0;
    low = Math.imul(turnedLow, P1_LOW);
  }
  accumulator.set(high, low);
}

/** The low 32 bits, unsigned, of the XXH64 of `bytes` with seed 0. */
export function xxh64Low(bytes: Uint8Array): number {
  if (hasWideWords && bytes.length >= WIDE_BYTES_MIN && bytes.byteOffset % 8 === 0) {
    if (loadWide.loaded !== undefined) return loadWide.loaded.xxh64LowWide(bytes);
    void loadWide().catch(() => undefined); // Until it is there, and should it not come, halves do.
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const hash = new Word();
  let at = 0;
  if (bytes.length >= STRIPE_BYTES) at = consumeStripes(bytes, view, hash);
  else hash.set(P5_HIGH, P5_LOW);
  hash.add(Math.floor(bytes.length / 2 ** 32), bytes.length);
  const word = new Word();
  for (; at + 8 <= bytes.length; at += 8) {
    word.set(0, 0).round(view.getInt32(at + 4, true), view.getInt32(at, true));
    hash.xor(word.high, word.low).rotate(27).multiply(P1_HIGH, P1_LOW).add(P4_HIGH, P4_LOW);
  }
  if (at + 4 <= bytes.length) {
    word.set(0, view.getInt32(at, true)).multiply(P1_HIGH, P1_LOW);
    hash.xor(word.high, word.low).rotate(23).multiply(P2_HIGH, P2_LOW).add(P3_HIGH, P3_LOW);
    at += 4;
  }
  for (; at < bytes.length; at++) {
    word.set(0, bytes[at] as number).multiply(P5_HIGH, P5_LOW);
    hash.xor(word.high, word.low).rotate(11).multiply(P1_HIGH, P1_LOW);
  }
  return avalanche(hash);
}

function avalanche(hash: Word): number {
  hash.xor(0, hash.high >>> 1).multiply(P2_HIGH, P2_LOW); // Shift right by 33.
  hash.xor(hash.high >>> 29, (hash.low >>> 29) | (hash.high << 3)).multiply(P3_HIGH, P3_LOW);
  hash.xor(0, hash.high); // Shift right by 32.
  return hash.low >>> 0;
}
