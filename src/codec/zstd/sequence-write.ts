/**
 * The sequences section of a zstd block, the encoding side. Each of its three codes is kept from
 * block to block as long as it serves about as well as a new one: rows look alike.
 * Spec: RFC 8878 "Sequences Section".
 */

import { BitWriter } from "./bit-writer.ts";
import {
  buildFseEncoder,
  chooseAccuracyLog,
  type FseEncoder,
  firstState,
  normalizeCounts,
  writeFseDescription,
} from "./fse-encode.ts";
import type { Sequences } from "./matches.ts";
import {
  LITERAL_LENGTH_BASES,
  LITERAL_LENGTH_BITS,
  LITERAL_LENGTH_CODE,
  MATCH_LENGTH_BASES,
  MATCH_LENGTH_BITS,
  MATCH_LENGTH_CODE,
  OFFSET_CODE,
  type SequenceCode,
} from "./sequences.ts";

const LENGTH_MIN = 3; // Of a match.
/** Codes of short lengths by length; longer ones have one code per power of two. */
const LITERAL_CODES = codesByLength(64, LITERAL_LENGTH_BASES, 0);
const MATCH_CODES = codesByLength(128, MATCH_LENGTH_BASES, LENGTH_MIN);
/** Sequences coded per call: see `writeHuffmanStream`. */
const CODED_PER_CALL = 512;
/** An old code may take so much more than the counts would need at least: part and bits. */
const KEPT_CODE_SLACK = 1 / 64;
const KEPT_CODE_SLACK_BITS = 64;

function codesByLength(count: number, bases: ArrayLike<number>, first: number): Uint8Array {
  const codes = new Uint8Array(count);
  for (let length = 0, code = 0; length < count; length++) {
    while ((bases[code + 1] as number) <= length + first) code++;
    codes[length] = code;
  }
  return codes;
}

/** How one of the three fields of all sequences of a block is coded. */
interface ChosenCode {
  /** 0 predefined, 1 one symbol, 2 described here, 3 as in the block before. */
  readonly mode: number;
  readonly description: Uint8Array;
  readonly encoder: FseEncoder;
  /** `undefined`: one symbol only. */
  readonly normalized: Int16Array | undefined;
}

const NO_DESCRIPTION = new Uint8Array(0);
const predefinedCodes = new Map<SequenceCode, ChosenCode>();

/** For a single symbol: one state, no bits. */
const SILENT_ENCODER: FseEncoder = {
  accuracyLog: 0,
  states: Uint16Array.of(0),
  bitDeltas: new Int32Array(256),
  stateDeltas: new Int32Array(256),
};

/** One field: its codes by sequence, how often each occurs, and what the decoder knows. */
class Field {
  readonly code: SequenceCode;
  readonly codes: Uint8Array;
  readonly counts: Uint32Array;
  chosen: ChosenCode | undefined;
  /** Of `chosen`, for the block that is being written. */
  encoder: FseEncoder = SILENT_ENCODER;

  constructor(code: SequenceCode, countMax: number) {
    this.code = code;
    this.codes = new Uint8Array(countMax);
    this.counts = new Uint32Array(code.symbolCount);
  }
}

/** What a decoder remembers of earlier blocks. */
type KeptCodes = readonly (ChosenCode | undefined)[];

/** Writes the sequences of one block after the other. */
export class SequenceWriter {
  readonly #literals: Field;
  readonly #offsets: Field;
  readonly #matches: Field;
  readonly #fields: readonly Field[];
  #literalState = 0;
  #offsetState = 0;
  #matchState = 0;

  /** For blocks of at most this many sequences. */
  constructor(countMax: number) {
    this.#literals = new Field(LITERAL_LENGTH_CODE, countMax);
    this.#offsets = new Field(OFFSET_CODE, countMax);
    this.#matches = new Field(MATCH_LENGTH_CODE, countMax);
    this.#fields = [this.#literals, this.#offsets, this.#matches];
  }

  /** To be put back where a block is not written as it was coded. */
  get kept(): KeptCodes {
    return this.#fields.map(({ chosen }) => chosen);
  }

  set kept(kept: KeptCodes) {
    for (const [i, field] of this.#fields.entries()) field.chosen = kept[i];
  }

  write(writer: BitWriter, sequences: Sequences): void {
    const { count } = sequences;
    if (count < 128) writer.add(count, 8);
    else if (count < 0x7f00) {
      writer.add((count >> 8) + 128, 8);
      writer.add(count, 8);
    } else {
      writer.add(255, 8);
      writer.add(count - 0x7f00, 16);
    }
    if (count === 0) return;
    this.#code(sequences);
    const [literals, offsets, matches] = this.#fields.map((field) =>
      chooseCode(field, count),
    ) as unknown as readonly [ChosenCode, ChosenCode, ChosenCode];
    writer.add((literals.mode << 6) | (offsets.mode << 4) | (matches.mode << 2), 8);
    for (const { description } of [literals, offsets, matches]) {
      writer.bytes.set(description, writer.position);
      writer.position += description.length;
    }
    this.#writeStream(writer, sequences);
  }

  /** Finds the codes and counts them. */
  #code(sequences: Sequences): void {
    const { count } = sequences;
    for (const { counts } of this.#fields) counts.fill(0);
    for (let start = 0; start < count; start += CODED_PER_CALL) {
      const end = Math.min(count, start + CODED_PER_CALL);
      codeLengths(sequences.literalLengths, 0, LITERAL_CODES, 50, this.#literals, start, end);
      codeLengths(sequences.matchLengths, LENGTH_MIN, MATCH_CODES, 67, this.#matches, start, end);
      codeOffsets(sequences.offsets, this.#offsets, start, end);
    }
  }

  /** From the last sequence to the first, since the decoder reads from the end. */
  #writeStream(writer: BitWriter, sequences: Sequences): void {
    const last = sequences.count - 1;
    const literals = this.#literals.encoder;
    const offsets = this.#offsets.encoder;
    const matches = this.#matches.encoder;
    this.#matchState = firstState(matches, this.#matches.codes[last] as number);
    this.#offsetState = firstState(offsets, this.#offsets.codes[last] as number);
    this.#literalState = firstState(literals, this.#literals.codes[last] as number);
    this.#addExtraBits(writer, sequences, last);
    for (let end = last; end > 0; end -= CODED_PER_CALL)
      this.#addSequences(writer, sequences, Math.max(0, end - CODED_PER_CALL), end);
    writer.add(this.#matchState, matches.accuracyLog);
    writer.add(this.#offsetState, offsets.accuracyLog);
    writer.add(this.#literalState, literals.accuracyLog);
    writer.close();
  }

  #addExtraBits(writer: BitWriter, sequences: Sequences, at: number): void {
    const literalCode = this.#literals.codes[at] as number;
    const matchCode = this.#matches.codes[at] as number;
    writer.add(
      (sequences.literalLengths[at] as number) - (LITERAL_LENGTH_BASES[literalCode] as number),
      LITERAL_LENGTH_BITS[literalCode] as number,
    );
    writer.add(
      (sequences.matchLengths[at] as number) - (MATCH_LENGTH_BASES[matchCode] as number),
      MATCH_LENGTH_BITS[matchCode] as number,
    );
    writer.add(sequences.offsets[at] as number, this.#offsets.codes[at] as number);
  }

  /** Sequences [start, end), the last one first: changes of state, then extra bits. */
  #addSequences(writer: BitWriter, sequences: Sequences, start: number, end: number): void {
    const literals = this.#literals.encoder;
    const offsets = this.#offsets.encoder;
    const matches = this.#matches.encoder;
    const { literalLengths, matchLengths, offsets: distances } = sequences;
    const literalCodes = this.#literals.codes;
    const offsetCodes = this.#offsets.codes;
    const matchCodes = this.#matches.codes;
    const { view } = writer;
    let literalState = this.#literalState;
    let offsetState = this.#offsetState;
    let matchState = this.#matchState;
    let { position, pending, pendingBits } = writer;
    for (let i = end - 1; i >= start; i--) {
      const literalCode = literalCodes[i] as number;
      const offsetCode = offsetCodes[i] as number;
      const matchCode = matchCodes[i] as number;
      let width = (offsetState + (offsets.bitDeltas[offsetCode] as number)) >> 16;
      pending |= (offsetState & ((1 << width) - 1)) << pendingBits;
      pendingBits += width;
      const offsetAt = (offsetState >> width) + (offsets.stateDeltas[offsetCode] as number);
      offsetState = offsets.states[offsetAt] as number;
      width = (matchState + (matches.bitDeltas[matchCode] as number)) >> 16;
      pending |= (matchState & ((1 << width) - 1)) << pendingBits;
      pendingBits += width;
      const matchAt = (matchState >> width) + (matches.stateDeltas[matchCode] as number);
      matchState = matches.states[matchAt] as number;
      // At most 7 + 8 + 9 bits wait here. Whole bytes leave without a branch, nor a loop to guess.
      view.setInt32(position, pending, true);
      position += pendingBits >> 3;
      pending >>>= pendingBits & 24;
      pendingBits &= 7;
      width = (literalState + (literals.bitDeltas[literalCode] as number)) >> 16;
      pending |= (literalState & ((1 << width) - 1)) << pendingBits;
      pendingBits += width;
      const literalAt = (literalState >> width) + (literals.stateDeltas[literalCode] as number);
      literalState = literals.states[literalAt] as number;
      const literalWidth = LITERAL_LENGTH_BITS[literalCode] as number;
      const matchWidth = MATCH_LENGTH_BITS[matchCode] as number;
      view.setInt32(position, pending, true);
      position += pendingBits >> 3;
      pending >>>= pendingBits & 24;
      pendingBits &= 7;
      if ((literalWidth | matchWidth | offsetCode) === 0) continue;
      const literalRest =
        (literalLengths[i] as number) - (LITERAL_LENGTH_BASES[literalCode] as number);
      pending |= literalRest << pendingBits;
      pendingBits += literalWidth;
      view.setInt32(position, pending, true);
      position += pendingBits >> 3;
      pending >>>= pendingBits & 24;
      pendingBits &= 7;
      pending |=
        ((matchLengths[i] as number) - (MATCH_LENGTH_BASES[matchCode] as number)) << pendingBits;
      pendingBits += matchWidth;
      view.setInt32(position, pending, true);
      position += pendingBits >> 3;
      pending >>>= pendingBits & 24;
      pendingBits &= 7;
      pending |= ((distances[i] as number) & ((1 << offsetCode) - 1)) << pendingBits;
      pendingBits += offsetCode;
      view.setInt32(position, pending, true);
      position += pendingBits >> 3;
      pending >>>= pendingBits & 24;
      pendingBits &= 7;
    }
    writer.position = position;
    writer.pending = pending;
    writer.pendingBits = pendingBits;
    this.#literalState = literalState;
    this.#offsetState = offsetState;
    this.#matchState = matchState;
  }
}

/** Codes of lengths [start, end); above the table, `longBase` less the leading zeros. */
function codeLengths(
  lengths: Int32Array,
  lengthMin: number,
  table: Uint8Array,
  longBase: number,
  { codes, counts }: Field,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) {
    const length = (lengths[i] as number) - lengthMin;
    const code = length < table.length ? (table[length] as number) : longBase - Math.clz32(length);
    codes[i] = code;
    counts[code] = (counts[code] as number) + 1;
  }
}

function codeOffsets(
  offsets: Int32Array,
  { codes, counts }: Field,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) {
    const code = 31 - Math.clz32(offsets[i] as number);
    codes[i] = code;
    counts[code] = (counts[code] as number) + 1;
  }
}

/** The cheapest way to code a field, about; it is what the decoder knows from now on. */
function chooseCode(field: Field, total: number): ChosenCode {
  const chosen = cheapestCode(field, total);
  field.chosen = chosen;
  field.encoder = chosen.encoder;
  return chosen;
}

function cheapestCode({ code, codes, counts, chosen: kept }: Field, total: number): ChosenCode {
  const first = codes[0] as number;
  if (counts[first] === total && total > 2) {
    const description = Uint8Array.of(first);
    return { mode: 1, description, encoder: SILENT_ENCODER, normalized: undefined };
  }
  const predefined = predefinedCode(code);
  const plainBits = codedBits(counts, predefined);
  if (kept?.normalized !== undefined) {
    const keptBits = codedBits(counts, kept);
    const bitsMax = leastBits(counts, total) * (1 + KEPT_CODE_SLACK) + KEPT_CODE_SLACK_BITS;
    if (keptBits <= Math.min(plainBits, bitsMax))
      return { ...kept, mode: 3, description: NO_DESCRIPTION };
  }
  let distinct = 0;
  for (let symbol = 0; symbol < counts.length; symbol++) if (counts[symbol] !== 0) distinct++;
  if (distinct === 1) return predefined;
  const accuracyLog = chooseAccuracyLog(total, distinct, code.accuracyLogMax);
  const normalized = normalizeCounts(counts, total, accuracyLog);
  const writer = new BitWriter(new Uint8Array(128));
  writeFseDescription(writer, normalized, accuracyLog);
  const description = writer.bytes.slice(0, writer.position);
  const encoder = buildFseEncoder(normalized, accuracyLog);
  const described = { mode: 2, description, encoder, normalized };
  const describedBits = codedBits(counts, described) + description.length * 8;
  return describedBits < plainBits ? described : predefined;
}

function predefinedCode(code: SequenceCode): ChosenCode {
  let found = predefinedCodes.get(code);
  if (found === undefined) {
    const encoder = buildFseEncoder(code.predefined, code.predefinedLog);
    found = { mode: 0, description: NO_DESCRIPTION, encoder, normalized: code.predefined };
    predefinedCodes.set(code, found);
  }
  return found;
}

/** About how many bits symbols that occur `counts` times take; infinite if the code lacks one. */
function codedBits(counts: Uint32Array, { normalized, encoder }: ChosenCode): number {
  let bits = 0;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    const count = counts[symbol] as number;
    if (count === 0) continue;
    const cells = Math.abs(normalized?.[symbol] ?? 0);
    if (cells === 0) return Infinity;
    bits += count * (encoder.accuracyLog - Math.log2(cells));
  }
  return bits;
}

/** How many bits `total` symbols that occur `counts` times take in the best case. */
function leastBits(counts: Uint32Array, total: number): number {
  let bits = 0;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    const count = counts[symbol] as number;
    if (count !== 0) bits += count * Math.log2(total / count);
  }
  return bits;
}
