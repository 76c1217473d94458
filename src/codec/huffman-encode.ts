/** zstd's Huffman coding of literals, the encoding side. Spec: RFC 8878 "Huffman Coding". */
import {
  buildFseEncoder,
  chooseAccuracyLog,
  firstState,
  nextState,
  normalizeCounts,
  writeFseDescription,
} from "./fse-encode.ts";
import { BitWriter } from "./zstd-bit-writer.ts";

const CODE_BITS_MAX = 11;
const WEIGHT_LOG_MAX = 6;
const DIRECT_WEIGHTS_MAX = 128;

/** Code and length of every byte; length 0: does not occur. */
export interface HuffmanEncoder {
  readonly codes: Uint16Array;
  readonly lengths: Uint8Array;
  /** The tree as zstd stores it. */
  readonly description: Uint8Array;
}

/** The best code for bytes that occur `counts` times, or `undefined` if zstd cannot store it. */
export function buildHuffmanEncoder(counts: Uint32Array): HuffmanEncoder | undefined {
  const lengths = codeLengths(counts);
  const codeBits = lengths.reduce((most, length) => Math.max(most, length), 0);
  const codes = new Uint16Array(256);
  const weights = new Uint8Array(256);
  let last = 0;
  for (let symbol = 0; symbol < 256; symbol++) {
    const length = lengths[symbol] as number;
    if (length === 0) continue;
    weights[symbol] = codeBits + 1 - length;
    last = symbol;
  }
  let cell = 0;
  for (let weight = 1; weight <= codeBits; weight++) {
    for (let symbol = 0; symbol <= last; symbol++) {
      if (weights[symbol] !== weight) continue;
      codes[symbol] = cell >> (weight - 1);
      cell += 1 << (weight - 1);
    }
  }
  // The last symbol's weight follows from the others.
  const description = describeWeights(weights.subarray(0, last));
  return description === undefined ? undefined : { codes, lengths, description };
}

/**
 * Optimal code lengths of at most 11 bits, by the coin collector's method: every level merges the
 * symbols with pairs of the level before; what the last level needs decides.
 */
function codeLengths(counts: Uint32Array): Uint8Array {
  const symbols: number[] = [];
  for (let symbol = 0; symbol < counts.length; symbol++) if (counts[symbol]) symbols.push(symbol);
  symbols.sort((a, b) => (counts[a] as number) - (counts[b] as number));
  const levels: boolean[][] = [];
  let weights: number[] = [];
  for (let level = 0; level < CODE_BITS_MAX; level++) {
    const merged: number[] = [];
    const isSymbol: boolean[] = [];
    let pair = 0;
    for (let i = 0; i < symbols.length || pair + 1 < weights.length; ) {
      const count = i < symbols.length ? (counts[symbols[i] as number] as number) : Infinity;
      const sum =
        pair + 1 < weights.length
          ? (weights[pair] as number) + (weights[pair + 1] as number)
          : Infinity;
      isSymbol.push(count <= sum);
      merged.push(Math.min(count, sum));
      if (count <= sum) i++;
      else pair += 2;
    }
    levels.push(isSymbol);
    weights = merged;
  }
  const lengths = new Uint8Array(256);
  let needed = 2 * symbols.length - 2;
  for (let level = CODE_BITS_MAX - 1; level >= 0 && needed > 0; level--) {
    let leaves = 0;
    for (let i = 0; i < needed; i++) if (levels[level]?.[i]) leaves++;
    for (let i = 0; i < leaves; i++) {
      const symbol = symbols[i] as number;
      lengths[symbol] = (lengths[symbol] as number) + 1;
    }
    needed = 2 * (needed - leaves);
  }
  return lengths;
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

/** FSE with two states that take turns, or `undefined` where it has no form or no gain. */
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

/** Appends the stream of bytes [start, end): last byte first. */
export function writeHuffmanStream(
  encoder: HuffmanEncoder,
  writer: BitWriter,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const { codes, lengths } = encoder;
  for (let i = end - 1; i >= start; i--) {
    const byte = bytes[i] as number;
    writer.add(codes[byte] as number, lengths[byte] as number);
  }
  writer.close();
}
