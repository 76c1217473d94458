/**
 * Finite state entropy, the encoding side: normalised distributions, their description, and the
 * tables that states walk through. Spec: RFC 8878 "FSE".
 */

import type { BitWriter } from "./bit-writer.ts";
import { spreadSymbols } from "./fse-decode.ts";

const ACCURACY_LOG_MIN = 5;

/** An encoding table; fields per symbol are indexed by symbol. */
export interface FseEncoder {
  readonly accuracyLog: number;
  /** Next states, `1 << accuracyLog` of them. */
  readonly states: Uint16Array;
  /** Added to a state, its upper half is the number of bits that the symbol puts out. */
  readonly bitDeltas: Int32Array;
  readonly stateDeltas: Int32Array;
}

/** A table size that suits `total` symbols of which `distinct` are different. */
export function chooseAccuracyLog(total: number, distinct: number, logMax: number): number {
  const bySize = 31 - Math.clz32(Math.max(total - 1, 1)) - 2;
  const byVariety = 33 - Math.clz32(distinct);
  return Math.min(logMax, Math.max(ACCURACY_LOG_MIN, byVariety, bySize));
}

/**
 * Counts scaled so that they add up to `1 << accuracyLog`; -1 marks symbols too rare for a whole
 * cell. At least two symbols must occur, and there must be a cell for each.
 */
export function normalizeCounts(
  counts: Uint32Array,
  total: number,
  accuracyLog: number,
): Int16Array {
  const size = 1 << accuracyLog;
  const normalized = new Int16Array(counts.length);
  let left = size;
  let largest = 0;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    const count = counts[symbol] as number;
    if (count === 0) continue;
    const share = (count * size) / total;
    normalized[symbol] = share < 1 ? -1 : Math.max(1, Math.round(share));
    left -= Math.abs(normalized[symbol] as number);
    if (count > (counts[largest] as number)) largest = symbol;
  }
  if ((normalized[largest] as number) + left >= 2) {
    normalized[largest] = (normalized[largest] as number) + left;
    return normalized;
  }
  // Rounding took more than the largest can give: take from whoever has most, one by one.
  for (; left < 0; left++) {
    let most = 0;
    for (let symbol = 0; symbol < counts.length; symbol++) {
      if ((normalized[symbol] as number) > (normalized[most] as number)) most = symbol;
    }
    normalized[most] = (normalized[most] as number) - 1;
  }
  return normalized;
}

/** Writes the description that `parseFseDescription` reads. */
export function writeFseDescription(
  writer: BitWriter,
  normalized: Int16Array,
  accuracyLog: number,
): void {
  writer.add(accuracyLog - ACCURACY_LOG_MIN, 4);
  let remaining = (1 << accuracyLog) + 1;
  let symbol = 0;
  while (remaining > 1) {
    const count = normalized[symbol++] as number;
    const width = 32 - Math.clz32(remaining);
    const threshold = 1 << (width - 1);
    const short = (1 << width) - 1 - remaining;
    remaining -= Math.abs(count);
    const value = count + 1;
    if (value < short) writer.add(value, width - 1);
    else writer.add(value >= threshold ? value + short : value, width);
    if (count !== 0) continue;
    let zeros = 0;
    while (normalized[symbol + zeros] === 0) zeros++;
    symbol += zeros;
    for (; zeros >= 3; zeros -= 3) writer.add(3, 2);
    writer.add(zeros, 2);
  }
  writer.pad();
}

/** The encoding table of a normalised distribution. */
export function buildFseEncoder(normalized: Int16Array, accuracyLog: number): FseEncoder {
  const size = 1 << accuracyLog;
  const symbols = spreadSymbols(normalized, size);
  const next = new Uint16Array(normalized.length);
  const bitDeltas = new Int32Array(normalized.length);
  const stateDeltas = new Int32Array(normalized.length);
  let total = 0;
  for (let symbol = 0; symbol < normalized.length; symbol++) {
    const cells = Math.abs(normalized[symbol] as number);
    next[symbol] = total;
    if (cells === 0) continue;
    const bitsMax = cells === 1 ? accuracyLog : accuracyLog - (31 - Math.clz32(cells - 1));
    bitDeltas[symbol] = (bitsMax << 16) - (cells << bitsMax);
    stateDeltas[symbol] = total - cells;
    total += cells;
  }
  const states = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const symbol = symbols[state] as number;
    const at = next[symbol] as number;
    states[at] = size + state;
    next[symbol] = at + 1;
  }
  return { accuracyLog, states, bitDeltas, stateDeltas };
}

/** The state that yields `symbol` last, at the cost of no bits. */
export function firstState(encoder: FseEncoder, symbol: number): number {
  const delta = encoder.bitDeltas[symbol] as number;
  const width = (delta + 0x8000) >> 16;
  const value = ((width << 16) - delta) >> width;
  return encoder.states[value + (encoder.stateDeltas[symbol] as number)] as number;
}

/** Puts out the bits that lead from the state of `symbol` to `state`; returns the former. */
export function nextState(
  encoder: FseEncoder,
  writer: BitWriter,
  state: number,
  symbol: number,
): number {
  const width = (state + (encoder.bitDeltas[symbol] as number)) >> 16;
  writer.add(state, width);
  return encoder.states[(state >> width) + (encoder.stateDeltas[symbol] as number)] as number;
}
