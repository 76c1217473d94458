/** zstd's Huffman coding of literals, the encoding side. Spec: RFC 8878 "Huffman Coding". */

import { BitWriter } from "./bit-writer.ts";
import {
  buildFseEncoder,
  chooseAccuracyLog,
  firstState,
  nextState,
  normalizeCounts,
  writeFseDescription,
} from "./fse-encode.ts";

const BYTES = 256;
const CODE_BITS_MAX = 11;
const WEIGHT_LOG_MAX = 6;
const DIRECT_WEIGHTS_MAX = 128;

/** How every byte is coded. */
export interface HuffmanEncoder {
  /** The code in the lower 16 bits, its length above; length 0: does not occur. */
  readonly codes: Uint32Array;
  readonly lengths: Uint8Array;
  /** The tree as zstd stores it. */
  readonly description: Uint8Array;
}

/** The best code for bytes that occur `counts` times, or `undefined` if zstd cannot store it. */
export function buildHuffmanEncoder(counts: Uint32Array): HuffmanEncoder | undefined {
  const lengths = codeLengths(counts);
  let codeBits = 0;
  let last = 0;
  for (let symbol = 0; symbol < BYTES; symbol++) {
    const length = lengths[symbol] as number;
    if (length === 0) continue;
    if (length > codeBits) codeBits = length;
    last = symbol;
  }
  // Cells of the table are dealt out from the longest codes to the shortest, by symbol.
  const cells = new Uint32Array(CODE_BITS_MAX + 2);
  for (let symbol = 0; symbol <= last; symbol++) {
    const length = lengths[symbol] as number;
    if (length !== 0) cells[length] = (cells[length] as number) + (1 << (codeBits - length));
  }
  for (let length = codeBits, cell = 0; length > 0; length--) {
    const count = cells[length] as number;
    cells[length] = cell;
    cell += count;
  }
  const codes = new Uint32Array(BYTES);
  const weights = new Uint8Array(BYTES);
  for (let symbol = 0; symbol <= last; symbol++) {
    const length = lengths[symbol] as number;
    if (length === 0) continue;
    const cell = cells[length] as number;
    cells[length] = cell + (1 << (codeBits - length));
    codes[symbol] = (cell >> (codeBits - length)) | (length << 16);
    weights[symbol] = codeBits + 1 - length;
  }
  // The last symbol's weight follows from the others.
  const description = describeWeights(weights.subarray(0, last));
  return description === undefined ? undefined : { codes, lengths, description };
}

// Scratch of `codeLengths`, which runs for every block. A level holds the symbols and as many pairs.
const LEVEL_ENTRIES = 2 * BYTES;
const sortedKeys = new Uint32Array(BYTES);
const isSymbol = new Uint8Array(CODE_BITS_MAX * LEVEL_ENTRIES);
let weightsOfLevel = new Uint32Array(LEVEL_ENTRIES);
let weightsBefore = new Uint32Array(LEVEL_ENTRIES);

/**
 * Optimal code lengths of at most 11 bits, by the coin collector's method: every level merges the
 * symbols with pairs of the level before; what the last level needs decides.
 */
function codeLengths(counts: Uint32Array): Uint8Array {
  let symbolCount = 0;
  for (let symbol = 0; symbol < BYTES; symbol++) {
    const count = counts[symbol] as number;
    if (count > 0) sortedKeys[symbolCount++] = count * BYTES + symbol;
  }
  const keys = sortedKeys.subarray(0, symbolCount).sort();
  let entryCount = 0;
  for (let level = 0; level < CODE_BITS_MAX; level++)
    entryCount = mergeLevel(keys, level, entryCount >> 1);
  const lengths = new Uint8Array(BYTES);
  let needed = 2 * symbolCount - 2;
  for (let level = CODE_BITS_MAX - 1; level >= 0 && needed > 0; level--) {
    let leaves = 0;
    const start = level * LEVEL_ENTRIES;
    for (let i = start; i < start + needed; i++) leaves += isSymbol[i] as number;
    for (let i = 0; i < leaves; i++) {
      const symbol = (keys[i] as number) & (BYTES - 1);
      lengths[symbol] = (lengths[symbol] as number) + 1;
    }
    needed = 2 * (needed - leaves);
  }
  return lengths;
}

/** Merges the symbols with `pairCount` pairs of the level before; how many entries that makes. */
function mergeLevel(keys: Uint32Array, level: number, pairCount: number): number {
  [weightsOfLevel, weightsBefore] = [weightsBefore, weightsOfLevel];
  const before = weightsBefore;
  const weights = weightsOfLevel;
  const start = level * LEVEL_ENTRIES;
  const symbolCount = keys.length;
  const entryCount = symbolCount + pairCount;
  for (let symbol = 0, pair = 0; symbol + pair < entryCount; ) {
    const count = symbol < symbolCount ? (keys[symbol] as number) >>> 8 : Infinity;
    const sum =
      pair < pairCount ? (before[2 * pair] as number) + (before[2 * pair + 1] as number) : Infinity;
    const takesSymbol = count <= sum;
    isSymbol[start + symbol + pair] = takesSymbol ? 1 : 0;
    weights[symbol + pair] = takesSymbol ? count : sum;
    if (takesSymbol) symbol++;
    else pair++;
  }
  return entryCount;
}

function describeWeights(weights: Uint8Array): Uint8Array | undefined {
  const packed = packWeights(weights);
  if (weights.length > DIRECT_WEIGHTS_MAX) return packed;
  const direct = new Uint8Array(1 + ((weights.length + 1) >> 1));
  if (packed !== undefined && packed.length < direct.length) return packed;
  direct[0] = 127 + weights.length;
  for (let i = 0; i < weights.length; i++) {
    const at = 1 + (i >> 1);
    direct[at] = (direct[at] as number) | ((weights[i] as number) << (i % 2 === 0 ? 4 : 0));
  }
  return direct;
}

/** FSE with two states that take turns, or `undefined` where that is impossible or saves nothing. */
function packWeights(weights: Uint8Array): Uint8Array | undefined {
  const counts = new Uint32Array(CODE_BITS_MAX + 2);
  for (const weight of weights) counts[weight] = (counts[weight] as number) + 1;
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  if (weights.length < 3 || most === weights.length || most === 1) return undefined;
  const distinct = counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  const accuracyLog = chooseAccuracyLog(weights.length, distinct, WEIGHT_LOG_MAX);
  const normalized = normalizeCounts(counts, weights.length, accuracyLog);
  const encoder = buildFseEncoder(normalized, accuracyLog);
  const writer = new BitWriter(new Uint8Array(512));
  writer.position = 1;
  writeFseDescription(writer, normalized, accuracyLog);
  let i = weights.length - 1;
  const states = [0, 0];
  states[i & 1] = firstState(encoder, weights[i--] as number);
  states[i & 1] = firstState(encoder, weights[i--] as number);
  for (; i >= 0; i--) {
    states[i & 1] = nextState(encoder, writer, states[i & 1] as number, weights[i] as number);
  }
  writer.add(states[1] as number, accuracyLog);
  writer.add(states[0] as number, accuracyLog);
  writer.close();
  const packedBytes = writer.position - 1;
  if (packedBytes >= 128) return undefined;
  writer.bytes[0] = packedBytes;
  return writer.bytes.slice(0, writer.position);
}

/**
 * Bytes coded per call: the compiler then sees a short function called often. A loop over all of
 * them would be compiled while it runs, again for every block (measured: half of all time).
 */
const CODED_PER_CALL = 1024;

/** Appends the stream of bytes [start, end): last byte first. */
export function writeHuffmanStream(
  encoder: HuffmanEncoder,
  writer: BitWriter,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const evenEnd = end - ((end - start) % 2);
  if (evenEnd < end) {
    const code = encoder.codes[bytes[evenEnd] as number] as number;
    writer.add(code & 0xffff, code >>> 16);
  }
  for (let to = evenEnd; to > start; to -= CODED_PER_CALL)
    addCodes(encoder.codes, writer, bytes, Math.max(start, to - CODED_PER_CALL), to);
  writer.close();
}

/** Of an even number of bytes. */
function addCodes(
  codes: Uint32Array,
  writer: BitWriter,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const { view } = writer;
  let { position, pending, pendingBits } = writer; // At most 7 bits: two codes of 11 fit.
  for (let i = end - 1; i > start; i -= 2) {
    const code = codes[bytes[i] as number] as number;
    pending |= (code & 0xffff) << pendingBits;
    pendingBits += code >>> 16;
    const next = codes[bytes[i - 1] as number] as number;
    pending |= (next & 0xffff) << pendingBits;
    pendingBits += next >>> 16;
    // Whole bytes leave without a branch that the processor would have to guess.
    view.setInt32(position, pending, true);
    position += pendingBits >> 3;
    pending >>>= pendingBits & 24;
    pendingBits &= 7;
  }
  writer.position = position;
  writer.pending = pending;
  writer.pendingBits = pendingBits;
}
