/**
 * Finite state entropy tables as zstd stores them: parsing a distribution and laying out its
 * decoding table. Spec: RFC 8878 "FSE".
 */
import { zstdDamaged } from "./frame.ts";

/**
 * A decoding table: cell `state` holds the symbol (bits 0-7), the number of bits to read (8-15)
 * and the base of the next state (16-31).
 */
export interface FseTable {
  readonly cells: Uint32Array;
  readonly accuracyLog: number;
}

/** A parsed distribution and where its description ends. */
interface FseDescription {
  readonly counts: Int16Array;
  readonly accuracyLog: number;
  readonly end: number;
}

/** A table that always yields `symbol` and reads no bits. */
export function singleSymbolTable(symbol: number): FseTable {
  return { cells: Uint32Array.of(symbol), accuracyLog: 0 };
}

/** Parses the description in bytes [start, end): at most `symbolsMax` symbols. */
export function parseFseDescription(
  bytes: Uint8Array,
  start: number,
  end: number,
  accuracyLogMax: number,
  symbolsMax: number,
): FseDescription {
  const bitAt = (bit: number): number => {
    const at = start + (bit >>> 3);
    const byte = (offset: number): number =>
      at + offset < end ? (bytes[at + offset] as number) : 0;
    return (byte(0) | (byte(1) << 8) | (byte(2) << 16)) >>> (bit & 7);
  };
  const accuracyLog = (bitAt(0) & 15) + 5;
  if (accuracyLog > accuracyLogMax) zstdDamaged(start, `accuracy log ${accuracyLog} is too large`);
  const counts = new Int16Array(symbolsMax);
  let bit = 4;
  let remaining = (1 << accuracyLog) + 1;
  let symbol = 0;
  while (remaining > 1 && symbol < symbolsMax) {
    const width = 32 - Math.clz32(remaining); // Bits of the largest value still possible.
    const short = (1 << width) - 1 - remaining; // Values below need one bit less.
    let value = bitAt(bit) & ((1 << width) - 1);
    const low = value & ((1 << (width - 1)) - 1);
    if (low < short) {
      value = low;
      bit += width - 1;
    } else {
      if (value >= 1 << (width - 1)) value -= short;
      bit += width;
    }
    const count = value - 1; // -1: less than one cell, but one all the same.
    remaining -= count < 0 ? 1 : count;
    counts[symbol++] = count;
    if (count !== 0) continue;
    for (let repeat = 3; repeat === 3; ) {
      repeat = bitAt(bit) & 3;
      bit += 2;
      symbol += repeat;
      if (symbol > symbolsMax) zstdDamaged(start, "distribution has too many symbols");
    }
  }
  const descriptionEnd = start + ((bit + 7) >>> 3);
  if (remaining !== 1) zstdDamaged(start, "distribution does not add up");
  if (descriptionEnd > end) zstdDamaged(end, "truncated distribution");
  return { counts, accuracyLog, end: descriptionEnd };
}

/** Lays out the decoding table of a distribution whose counts add up. */
export function buildFseTable(counts: Int16Array, accuracyLog: number): FseTable {
  const size = 1 << accuracyLog;
  const symbols = spreadSymbols(counts, size);
  const next = new Uint16Array(counts.length);
  for (let symbol = 0; symbol < counts.length; symbol++) {
    next[symbol] = Math.abs(counts[symbol] as number);
  }
  const cells = new Uint32Array(size);
  for (let state = 0; state < size; state++) {
    const symbol = symbols[state] as number;
    const following = next[symbol] as number;
    next[symbol] = following + 1;
    const bits = accuracyLog - (31 - Math.clz32(following));
    cells[state] = symbol | (bits << 8) | (((following << bits) - size) << 16);
  }
  return { cells, accuracyLog };
}

/** The symbol of each state, in the order that encoder and decoder agree on. */
export function spreadSymbols(counts: Int16Array, size: number): Uint8Array {
  const symbols = new Uint8Array(size);
  let high = size - 1;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    if (counts[symbol] === -1) symbols[high--] = symbol;
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let position = 0;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    for (let i = 0; i < (counts[symbol] as number); i++) {
      symbols[position] = symbol;
      do position = (position + step) & (size - 1);
      while (position > high);
    }
  }
  return symbols;
}
