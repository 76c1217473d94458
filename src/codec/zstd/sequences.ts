/**
 * The sequences section of a zstd block: its three tables and the copying that it describes.
 * Spec: RFC 8878 "Sequences Section" and "Sequence Execution".
 */

import { readBits, streamBits } from "./bits.ts";
import { zstdDamaged } from "./frame.ts";
import {
  buildFseTable,
  type FseTable,
  parseFseDescription,
  singleSymbolTable,
} from "./fse-decode.ts";

/** Base of each literal length code, and its number of extra bits. */
export const LITERAL_LENGTH_BASES: Int32Array = Int32Array.of(
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 28, 32, 40, 48],
  ...[64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536],
);
export const LITERAL_LENGTH_BITS: Uint8Array = Uint8Array.of(
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4],
  ...[6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
);
/** Base of each match length code, and its number of extra bits. */
export const MATCH_LENGTH_BASES: Int32Array = Int32Array.of(
  ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26],
  ...[27, 28, 29, 30, 31, 32, 33, 34, 35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515],
  ...[1027, 2051, 4099, 8195, 16387, 32771, 65539],
);
export const MATCH_LENGTH_BITS: Uint8Array = Uint8Array.of(
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  ...[0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
);
/** An offset code is its number of extra bits; larger ones point beyond any window. */
const OFFSET_CODE_MAX = 31;

/** Up to here a loop beats copyWithin's call. */
const COPY_LOOP_MAX = 64;
/** The distance between two buffers. */
const FAR = 2 ** 30;

/** Limits and the predefined distribution of one of the three kinds of code. */
export interface SequenceCode {
  readonly accuracyLogMax: number;
  readonly symbolCount: number;
  readonly predefinedLog: number;
  readonly predefined: Int16Array;
}

export const LITERAL_LENGTH_CODE: SequenceCode = {
  accuracyLogMax: 9,
  symbolCount: 36,
  predefinedLog: 6,
  predefined: Int16Array.of(
    ...[4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1],
    ...[1, 1, 1, 1, -1, -1, -1, -1],
  ),
};
export const OFFSET_CODE: SequenceCode = {
  accuracyLogMax: 8,
  symbolCount: OFFSET_CODE_MAX + 1,
  predefinedLog: 5,
  predefined: Int16Array.of(
    ...[1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    ...[-1, -1, -1, -1, -1],
  ),
};
export const MATCH_LENGTH_CODE: SequenceCode = {
  accuracyLogMax: 9,
  symbolCount: 53,
  predefinedLog: 6,
  predefined: Int16Array.of(
    ...[1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    ...[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1],
  ),
};

/** What blocks of one frame hand on to each other, besides the Huffman table. */
export interface SequenceState {
  literalLengths: FseTable | undefined;
  offsets: FseTable | undefined;
  matchLengths: FseTable | undefined;
  /** The three latest offsets, newest first. */
  readonly repeats: [number, number, number];
}

const predefinedTables = new Map<SequenceCode, FseTable>();

function predefinedTable(code: SequenceCode): FseTable {
  let table = predefinedTables.get(code);
  if (table === undefined) {
    table = buildFseTable(code.predefined, code.predefinedLog);
    predefinedTables.set(code, table);
  }
  return table;
}

/** Parses one FSE description; returns the table and where the description ends. */
export function parseSequenceTable(
  code: SequenceCode,
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly table: FseTable; readonly end: number } {
  const parsed = parseFseDescription(bytes, start, end, code.accuracyLogMax, code.symbolCount);
  return { table: buildFseTable(parsed.counts, parsed.accuracyLog), end: parsed.end };
}

/** The tables of a section whose mode byte stands at `at`; updates `state`. Returns their end. */
export function readSequenceTables(
  state: SequenceState,
  bytes: Uint8Array,
  at: number,
  end: number,
): number {
  if (at >= end) zstdDamaged(at, "truncated sequences section");
  const modes = bytes[at++] as number;
  if ((modes & 3) !== 0) zstdDamaged(at - 1, "reserved bits are set");
  const choose = (mode: number, code: SequenceCode, previous: FseTable | undefined): FseTable => {
    if (mode === 0) return predefinedTable(code);
    if (mode === 3) return previous ?? zstdDamaged(at, "table repeated before the first");
    if (at >= end) zstdDamaged(at, "truncated sequences section");
    if (mode === 1) {
      const symbol = bytes[at++] as number;
      if (symbol >= code.symbolCount) zstdDamaged(at - 1, `code ${symbol} does not exist`);
      return singleSymbolTable(symbol);
    }
    const parsed = parseSequenceTable(code, bytes, at, end);
    at = parsed.end;
    return parsed.table;
  };
  state.literalLengths = choose(modes >> 6, LITERAL_LENGTH_CODE, state.literalLengths);
  state.offsets = choose((modes >> 4) & 3, OFFSET_CODE, state.offsets);
  state.matchLengths = choose((modes >> 2) & 3, MATCH_LENGTH_CODE, state.matchLengths);
  return at;
}

/** Where sequences read literals from and write to. */
interface SequenceTarget {
  readonly literals: Uint8Array;
  readonly literalsEnd: number;
  readonly output: Uint8Array;
  /** First byte that a match may reach back to. */
  readonly historyStart: number;
  readonly outputStart: number;
  /** Behind the last byte that may be written. */
  readonly outputEnd: number;
}

/**
 * Executes `count` sequences, coded in bytes [start, end), then appends the literals left over.
 * Returns the output position behind the last byte written.
 */
export function executeSequences(
  state: SequenceState,
  count: number,
  stream: DataView,
  start: number,
  end: number,
  target: SequenceTarget,
  literalsStart: number,
): number {
  const { literals, literalsEnd, output, historyStart, outputEnd } = target;
  const { cells: lengths, accuracyLog: lengthLog } = state.literalLengths as FseTable;
  const { cells: offsets, accuracyLog: offsetLog } = state.offsets as FseTable;
  const { cells: matches, accuracyLog: matchLog } = state.matchLengths as FseTable;
  const repeats = state.repeats;
  const outputView = new DataView(output.buffer, output.byteOffset, output.byteLength);
  const literalsView = new DataView(literals.buffer, literals.byteOffset, literals.byteLength);
  // All bits of a sequence are checked to be there before the first is read.
  let bit = streamBits(stream, start, end) - lengthLog - offsetLog - matchLog;
  if (bit < 0) zstdDamaged(start, "sequences end too early");
  let matchState = readBits(stream, start, bit, matchLog);
  let offsetState = readBits(stream, start, bit + matchLog, offsetLog);
  let lengthState = readBits(stream, start, bit + matchLog + offsetLog, lengthLog);
  let literal = literalsStart;
  let at = target.outputStart;
  for (let i = count - 1; i >= 0; i--) {
    const lengthCell = lengths[lengthState] as number;
    const offsetCell = offsets[offsetState] as number;
    const matchCell = matches[matchState] as number;
    const offsetBits = offsetCell & 0xff;
    const matchBits = MATCH_LENGTH_BITS[matchCell & 0xff] as number;
    const lengthBits = LITERAL_LENGTH_BITS[lengthCell & 0xff] as number;
    bit -= offsetBits + matchBits + lengthBits;
    if (bit < 0) zstdDamaged(start, "sequences end too early");
    let offsetValue = (1 << offsetBits) >>> 0;
    if (offsetBits > 0)
      offsetValue += readBits(stream, start, bit + matchBits + lengthBits, offsetBits);
    let matchLength = MATCH_LENGTH_BASES[matchCell & 0xff] as number;
    let length = LITERAL_LENGTH_BASES[lengthCell & 0xff] as number;
    if (matchBits + lengthBits > 0) {
      matchLength += readBits(stream, start, bit + lengthBits, matchBits);
      length += readBits(stream, start, bit, lengthBits);
    }
    if (i > 0) {
      const lengthStep = (lengthCell >>> 8) & 0xff;
      const matchStep = (matchCell >>> 8) & 0xff;
      const offsetStep = (offsetCell >>> 8) & 0xff;
      const steps = lengthStep + matchStep + offsetStep; // 26 at most.
      bit -= steps;
      if (bit < 0) zstdDamaged(start, "sequences end too early");
      const word = readBits(stream, start, bit, steps);
      lengthState = (lengthCell >>> 16) + (word >>> (offsetStep + matchStep));
      matchState = (matchCell >>> 16) + ((word >>> offsetStep) & ((1 << matchStep) - 1));
      offsetState = (offsetCell >>> 16) + (word & ((1 << offsetStep) - 1));
    }
    // The value 1 behind literals, by far the most frequent, repeats the latest offset.
    const offset =
      offsetValue === 1 && length > 0 ? repeats[0] : resolveOffset(repeats, offsetValue, length);
    if (literal + length > literalsEnd) zstdDamaged(start, "sequences want more literals");
    if (at + length + matchLength > outputEnd) zstdDamaged(start, "output grows too large");
    copyRange(literalsView, literal, outputView, at, length, FAR);
    literal += length;
    at += length;
    const from = at - offset;
    if (offset <= 0 || from < historyStart) zstdDamaged(start, `match reaches ${offset} back`);
    copyRange(outputView, from, outputView, at, matchLength, offset);
    at += matchLength;
  }
  if (bit !== 0) zstdDamaged(start, "bits are left behind the sequences");
  return appendLiterals(target, literal, at);
}

/** The offset that a stored value means, after which it is the newest of the three latest. */
function resolveOffset(repeats: SequenceState["repeats"], value: number, length: number): number {
  const first = repeats[0];
  const which = length === 0 ? value + 1 : value; // Of the small values.
  if (value <= 3 && which === 1) return first;
  const second = repeats[1];
  let offset = second;
  if (value > 3) offset = value - 3;
  else if (which === 4) offset = first - 1;
  else if (which === 3) offset = repeats[2];
  if (which !== 2 || value > 3) repeats[2] = second;
  repeats[1] = first;
  repeats[0] = offset;
  return offset;
}

/**
 * Copies `length` bytes forward to a range that starts `distance` bytes behind theirs, or in
 * another buffer: nearer than four bytes one by one, since they repeat then. May write up to three
 * bytes more, which whatever follows overwrites, but not behind the buffer's end.
 */
function copyRange(
  from: DataView,
  fromStart: number,
  to: DataView,
  toStart: number,
  length: number,
  distance: number,
): void {
  const end = toStart + length;
  const shift = fromStart - toStart;
  if (length > COPY_LOOP_MAX && distance >= length) {
    bytesOf(to, toStart, length).set(bytesOf(from, fromStart, length));
  } else if (distance >= 4 && end + 3 <= to.byteLength && end + shift + 3 <= from.byteLength) {
    for (let at = toStart; at < end; at += 4)
      to.setInt32(at, from.getInt32(at + shift, true), true);
  } else {
    for (let at = toStart; at < end; at++) to.setUint8(at, from.getUint8(at + shift));
  }
}

function bytesOf(view: DataView, start: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + start, length);
}

/** Copies the literals from `literal` on behind `at`; returns the position behind them. */
export function appendLiterals(target: SequenceTarget, literal: number, at: number): number {
  const end = at + target.literalsEnd - literal;
  if (end > target.outputEnd) zstdDamaged(literal, "output grows too large");
  target.output.set(target.literals.subarray(literal, target.literalsEnd), at);
  return end;
}
