/** zstd's Huffman tables and streams. Spec: RFC 8878 "Huffman Coding". */

import { readBits, streamBits } from "./bits.ts";
import { zstdDamaged } from "./frame.ts";
import { buildFseTable, type FseTable, parseFseDescription } from "./fse-decode.ts";

const CODE_BITS_MAX = 11;
const WEIGHTS_MAX = 255; // The last symbol's weight is implied.
const WEIGHT_ACCURACY_LOG_MAX = 6;
const WEIGHT_SYMBOLS = CODE_BITS_MAX + 2; // Weights 0 .. 12; above 11 the sum check refuses.

/** A decoding table: cell `next codeBits bits` holds the symbol (bits 0-7) and its length (8-15). */
export interface HuffmanTable {
  readonly cells: Uint16Array;
  readonly codeBits: number;
}

/** Parses the tree description in bytes [start, end). */
export function parseHuffmanTable(
  bytes: Uint8Array,
  stream: DataView,
  start: number,
  end: number,
): { readonly table: HuffmanTable; readonly end: number } {
  if (start >= end) zstdDamaged(start, "truncated Huffman tree");
  const header = bytes[start] as number;
  const weights = new Uint8Array(WEIGHTS_MAX + 1);
  let count: number;
  let at = start + 1;
  if (header >= 128) {
    count = header - 127;
    if (at + ((count + 1) >> 1) > end) zstdDamaged(at, "truncated Huffman weights");
    for (let i = 0; i < count; i++) {
      const pair = bytes[at + (i >> 1)] as number;
      weights[i] = i % 2 === 0 ? pair >> 4 : pair & 15;
    }
    at += (count + 1) >> 1;
  } else {
    if (at + header > end) zstdDamaged(at, "truncated Huffman weights");
    count = decodeWeights(bytes, stream, at, at + header, weights);
    at += header;
  }
  return { table: buildHuffmanTable(weights, count, start), end: at };
}

/** Two FSE states take turns until the stream is used up. Returns the number of weights. */
function decodeWeights(
  bytes: Uint8Array,
  stream: DataView,
  start: number,
  end: number,
  weights: Uint8Array,
): number {
  const parsed = parseFseDescription(bytes, start, end, WEIGHT_ACCURACY_LOG_MAX, WEIGHT_SYMBOLS);
  const { cells, accuracyLog }: FseTable = buildFseTable(parsed.counts, parsed.accuracyLog);
  let bit = streamBits(stream, parsed.end, end);
  const read = (width: number): number => {
    bit -= width;
    return readBits(stream, parsed.end, bit, width);
  };
  if (bit < 2 * accuracyLog) zstdDamaged(start, "truncated Huffman weights");
  const states = [read(accuracyLog), read(accuracyLog)];
  for (let count = 0; count < WEIGHTS_MAX - 1; ) {
    const turn = count & 1;
    const cell = cells[states[turn] as number] as number;
    weights[count++] = cell & 0xff;
    const width = (cell >>> 8) & 0xff;
    if (width > bit) {
      // Used up: the other state still holds one symbol.
      weights[count++] = (cells[states[1 - turn] as number] as number) & 0xff;
      return count;
    }
    states[turn] = (cell >>> 16) + read(width);
  }
  return zstdDamaged(start, "too many Huffman weights");
}

function buildHuffmanTable(weights: Uint8Array, count: number, start: number): HuffmanTable {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const weight = weights[i] as number;
    if (weight > CODE_BITS_MAX) zstdDamaged(start, "Huffman code is too long");
    if (weight > 0) sum += 1 << (weight - 1);
  }
  const codeBits = 32 - Math.clz32(sum);
  if (sum === 0 || codeBits > CODE_BITS_MAX) zstdDamaged(start, "Huffman tree is malformed");
  const left = (1 << codeBits) - sum;
  if ((left & (left - 1)) !== 0) zstdDamaged(start, "Huffman tree is incomplete");
  weights[count] = 32 - Math.clz32(left);
  const cells = new Uint16Array(1 << codeBits);
  let at = 0;
  for (let weight = 1; weight <= codeBits; weight++) {
    for (let symbol = 0; symbol <= count; symbol++) {
      if (weights[symbol] !== weight) continue;
      const cell = symbol | ((codeBits + 1 - weight) << 8);
      cells.fill(cell, at, at + (1 << (weight - 1)));
      at += 1 << (weight - 1);
    }
  }
  return { cells, codeBits };
}

/** Decodes the stream in bytes [start, end) into output [outputStart, outputEnd). */
export function decodeHuffmanStream(
  table: HuffmanTable,
  stream: DataView,
  start: number,
  end: number,
  output: Uint8Array,
  outputStart: number,
  outputEnd: number,
): void {
  const { cells, codeBits } = table;
  const mask = (1 << codeBits) - 1;
  let bit = streamBits(stream, start, end);
  let at = outputStart;
  // One load of 32 bits, 25 of them usable, serves two symbols.
  for (const pairBits = 2 * codeBits; at + 1 < outputEnd && bit >= pairBits; ) {
    const last = (bit + 7) >>> 3;
    const word = stream.getUint32(start + last - 4, true) << (last * 8 - bit);
    const first = cells[word >>> (32 - codeBits)] as number;
    const second = cells[(word << (first >>> 8)) >>> (32 - codeBits)] as number;
    output[at] = first;
    output[at + 1] = second;
    at += 2;
    bit -= (first >>> 8) + (second >>> 8);
  }
  for (; at < outputEnd && bit > 0; at++) {
    const known = Math.min(bit, codeBits);
    const code = readBits(stream, start, bit - known, known) << (codeBits - known);
    const cell = cells[code & mask] as number;
    output[at] = cell;
    bit -= cell >>> 8;
  }
  if (bit !== 0 || at !== outputEnd) zstdDamaged(start, "Huffman stream has a wrong length");
}
