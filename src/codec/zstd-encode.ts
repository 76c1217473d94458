/**
 * Compressing zstd in TypeScript, for platforms that cannot: Node before 22.15 and browsers. One
 * frame, with content size and checksum. Finds what zstd's levels 1 to 4 find; higher levels get
 * larger tables and windows, no more. Loaded on the first write.
 * Spec: RFC 8878.
 */

import { concatBytes } from "../base/bytes.ts";
import {
  buildFseEncoder,
  chooseAccuracyLog,
  type FseEncoder,
  firstState,
  nextState,
  normalizeCounts,
  writeFseDescription,
} from "./fse-encode.ts";
import { buildHuffmanEncoder, type HuffmanEncoder, writeHuffmanStream } from "./huffman-encode.ts";
import { xxh64Low } from "./xxh64.ts";
import { BitWriter } from "./zstd-bit-writer.ts";
import { BLOCK_BYTES_MAX, BLOCK_COMPRESSED, BLOCK_RAW, BLOCK_RLE } from "./zstd-frame.ts";
import { MatchFinder, Sequences } from "./zstd-matches.ts";
import {
  LITERAL_LENGTH_BASES,
  LITERAL_LENGTH_BITS,
  LITERAL_LENGTH_CODE,
  MATCH_LENGTH_BASES,
  MATCH_LENGTH_BITS,
  MATCH_LENGTH_CODE,
  OFFSET_CODE,
  type SequenceCode,
} from "./zstd-sequences.ts";

/** Window of low levels (2 MiB, as zstd's level 3) and of high ones (8 MiB). */
const WINDOW_LOG = 21;
const WINDOW_LOG_HIGH = 23;
const HIGH_LEVEL = 10;
const TABLE_LOG_MIN = 8;
const TABLE_LOG_MAX = 14;
const TABLE_LOG_MAX_HIGH = 17;
/** Frame header, at most: magic, descriptor, window, content size. */
const HEADER_BYTES_MAX = 14;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
/** Below, Huffman's tree costs more than it saves; below 256 one stream is enough. */
const HUFFMAN_BYTES_MIN = 32;
const FOUR_STREAMS_BYTES_MIN = 256;
/** Literals and sequences of one block, coded as badly as can be. */
const BLOCK_SCRATCH_BYTES = 640 * 1024;

/** A whole frame. `level` is 1 to 22. */
export function encodeZstd(content: Uint8Array, level: number): Uint8Array {
  const isHigh = level >= HIGH_LEVEL;
  const windowLog = isHigh ? WINDOW_LOG_HIGH : WINDOW_LOG;
  const header = new Uint8Array(HEADER_BYTES_MAX);
  const headerBytes = writeFrameHeader(new DataView(header.buffer), content.length, windowLog);
  const parts: Uint8Array[] = [header.subarray(0, headerBytes)];
  const sizeLog = 32 - Math.clz32(Math.max(content.length - 1, 1));
  const tableLog = Math.min(isHigh ? TABLE_LOG_MAX_HIGH : TABLE_LOG_MAX, sizeLog);
  const encoder = new BlockEncoder(content, 2 ** windowLog, Math.max(tableLog, TABLE_LOG_MIN));
  const blockCount = Math.max(1, Math.ceil(content.length / BLOCK_BYTES_MAX));
  for (let block = 0; block < blockCount; block++) {
    const start = block * BLOCK_BYTES_MAX;
    const end = Math.min(content.length, start + BLOCK_BYTES_MAX);
    parts.push(encoder.encode(start, end, block === blockCount - 1));
  }
  const checksum = new Uint8Array(CHECKSUM_BYTES);
  new DataView(checksum.buffer).setUint32(0, xxh64Low(content), true);
  parts.push(checksum);
  return concatBytes(parts);
}

function writeFrameHeader(view: DataView, contentBytes: number, windowLog: number): number {
  view.setUint32(0, 0xfd2fb528, true);
  const isSingleSegment = contentBytes <= 2 ** windowLog;
  const sizeCode =
    contentBytes < 256 ? 0 : contentBytes < 65_792 ? 1 : contentBytes < 2 ** 32 ? 2 : 3;
  const checksumFlag = 0x04;
  view.setUint8(4, (sizeCode << 6) | (isSingleSegment ? 0x20 : 0) | checksumFlag);
  let at = 5;
  if (!isSingleSegment) view.setUint8(at++, (windowLog - 10) << 3);
  if (sizeCode === 0) view.setUint8(at, contentBytes);
  else if (sizeCode === 1) view.setUint16(at, contentBytes - 256, true);
  else {
    view.setUint32(at, contentBytes, true);
    if (sizeCode === 3) view.setUint32(at + 4, Math.floor(contentBytes / 2 ** 32), true);
  }
  return at + (1 << sizeCode);
}

/** Scratch space that calls use one after the other: encoding never awaits. */
interface Scratch {
  readonly blockBytes: number;
  readonly sequences: Sequences;
  readonly writer: BitWriter;
  readonly table: Int32Array;
}

let scratch: Scratch | undefined;

function takeScratch(contentBytes: number, tableLog: number): Scratch {
  // Powers of two, or contents that grow from call to call would need new space each time.
  const blockBytes = Math.min(BLOCK_BYTES_MAX, 2 ** Math.ceil(Math.log2(contentBytes + 1)));
  const hasRoom =
    scratch !== undefined &&
    scratch.blockBytes >= blockBytes &&
    scratch.table.length >= 1 << tableLog;
  if (scratch === undefined || !hasRoom) {
    scratch = {
      blockBytes,
      sequences: new Sequences(blockBytes),
      writer: new BitWriter(new Uint8Array(Math.min(BLOCK_SCRATCH_BYTES, 1024 + 8 * blockBytes))),
      table: new Int32Array(1 << tableLog),
    };
  }
  return scratch;
}

class BlockEncoder {
  readonly #content: Uint8Array;
  readonly #finder: MatchFinder;
  readonly #sequences: Sequences;
  readonly #writer: BitWriter;

  constructor(content: Uint8Array, windowBytes: number, tableLog: number) {
    const { sequences, writer, table } = takeScratch(content.length, tableLog);
    this.#content = content;
    this.#sequences = sequences;
    this.#writer = writer;
    this.#finder = new MatchFinder(content, windowBytes, table.subarray(0, 1 << tableLog).fill(0));
  }

  /** The block of content [start, end). */
  encode(start: number, end: number, isLast: boolean): Uint8Array {
    const content = this.#content.subarray(start, end);
    const size = content.length;
    const writer = this.#writer;
    if (size > 3 && content.every((byte) => byte === content[0])) {
      writer.position = BLOCK_HEADER_BYTES + 1;
      writer.bytes[BLOCK_HEADER_BYTES] = content[0] as number;
      return finishBlock(writer, BLOCK_RLE, size, isLast);
    }
    const { repeats } = this.#finder;
    this.#finder.find(start, end, this.#sequences);
    writer.position = BLOCK_HEADER_BYTES;
    writeLiterals(writer, this.#sequences);
    if (writer.position < size) writeSequences(writer, this.#sequences);
    if (writer.position - BLOCK_HEADER_BYTES < size) {
      const compressedBytes = writer.position - BLOCK_HEADER_BYTES;
      return finishBlock(writer, BLOCK_COMPRESSED, compressedBytes, isLast);
    }
    this.#finder.repeats = repeats; // The decoder learns nothing from a raw block.
    writer.bytes.set(content, BLOCK_HEADER_BYTES);
    writer.position = BLOCK_HEADER_BYTES + size;
    return finishBlock(writer, BLOCK_RAW, size, isLast);
  }
}

/** Writes the header of a block that the writer holds; its bytes. */
function finishBlock(writer: BitWriter, type: number, size: number, isLast: boolean): Uint8Array {
  const end = writer.position;
  writer.position = 0;
  writer.add((size << 3) | (type << 1) | (isLast ? 1 : 0), 24);
  return writer.bytes.slice(0, end);
}

function writeLiterals(writer: BitWriter, sequences: Sequences): void {
  const { literals, literalCount: size } = sequences;
  const counts = new Uint32Array(256);
  for (let i = 0; i < size; i++) {
    const byte = literals[i] as number;
    counts[byte] = (counts[byte] as number) + 1;
  }
  if (size > 3 && counts[literals[0] as number] === size) {
    writePlainHeader(writer, 1, size);
    writer.add(literals[0] as number, 8);
    return;
  }
  const encoder = size >= HUFFMAN_BYTES_MIN ? buildHuffmanEncoder(counts) : undefined;
  if (encoder !== undefined) {
    let bits = 0;
    for (let byte = 0; byte < 256; byte++)
      bits += (counts[byte] as number) * (encoder.lengths[byte] as number);
    const packed = encoder.description.length + (bits >> 3) + 12;
    if (packed < size - (size >> 6)) {
      writeHuffmanLiterals(writer, encoder, literals, size);
      return;
    }
  }
  writePlainHeader(writer, 0, size);
  writer.bytes.set(literals.subarray(0, size), writer.position);
  writer.position += size;
}

function writePlainHeader(writer: BitWriter, type: number, size: number): void {
  if (size < 32) writer.add(type | (size << 3), 8);
  else if (size < 4096) writer.add(type | (1 << 2) | (size << 4), 16);
  else writer.add(type | (3 << 2) | (size << 4), 24);
}

function writeHuffmanLiterals(
  writer: BitWriter,
  encoder: HuffmanEncoder,
  literals: Uint8Array,
  size: number,
): void {
  const isFour = size >= FOUR_STREAMS_BYTES_MIN;
  const sizeBits = size < 1024 ? 10 : size < 16_384 ? 14 : 18;
  const headerAt = writer.position;
  writer.position += (4 + 2 * sizeBits) >> 3;
  const start = writer.position;
  writer.bytes.set(encoder.description, start);
  writer.position += encoder.description.length;
  if (isFour) {
    const jumps = writer.position;
    writer.position += 6;
    const quarter = (size + 3) >> 2;
    for (let stream = 0; stream < 4; stream++) {
      const streamStart = writer.position;
      const end = Math.min(size, (stream + 1) * quarter);
      writeHuffmanStream(encoder, writer, literals, stream * quarter, end);
      const streamBytes = writer.position - streamStart;
      if (stream === 3) break;
      writer.bytes[jumps + 2 * stream] = streamBytes;
      writer.bytes[jumps + 2 * stream + 1] = streamBytes >> 8;
    }
  } else {
    writeHuffmanStream(encoder, writer, literals, 0, size);
  }
  const end = writer.position;
  writer.position = headerAt;
  const format = !isFour ? 0 : sizeBits === 10 ? 1 : sizeBits === 14 ? 2 : 3;
  writer.add(2 | (format << 2), 4); // Type 2: compressed, with its tree.
  writer.add(size, sizeBits);
  writer.add(end - start, sizeBits);
  writer.position = end;
}

function writeSequences(writer: BitWriter, sequences: Sequences): void {
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
  const literalCodes = new Uint8Array(count);
  const offsetCodes = new Uint8Array(count);
  const matchCodes = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    literalCodes[i] = literalLengthCode(sequences.literalLengths[i] as number);
    offsetCodes[i] = 31 - Math.clz32(sequences.offsets[i] as number);
    matchCodes[i] = matchLengthCode(sequences.matchLengths[i] as number);
  }
  const literals = chooseCode(LITERAL_LENGTH_CODE, literalCodes);
  const offsets = chooseCode(OFFSET_CODE, offsetCodes);
  const matches = chooseCode(MATCH_LENGTH_CODE, matchCodes);
  writer.add((literals.mode << 6) | (offsets.mode << 4) | (matches.mode << 2), 8);
  for (const { description } of [literals, offsets, matches]) {
    writer.bytes.set(description, writer.position);
    writer.position += description.length;
  }
  writeSequenceStream(writer, sequences, [
    { encoder: literals.encoder, codes: literalCodes },
    { encoder: offsets.encoder, codes: offsetCodes },
    { encoder: matches.encoder, codes: matchCodes },
  ]);
}

interface Coded {
  readonly encoder: FseEncoder;
  readonly codes: Uint8Array;
}

/** From the last sequence to the first, since the decoder reads from the end. */
function writeSequenceStream(
  writer: BitWriter,
  sequences: Sequences,
  [literals, offsets, matches]: readonly [Coded, Coded, Coded],
): void {
  const last = sequences.count - 1;
  let matchState = firstState(matches.encoder, matches.codes[last] as number);
  let offsetState = firstState(offsets.encoder, offsets.codes[last] as number);
  let literalState = firstState(literals.encoder, literals.codes[last] as number);
  for (let i = last; i >= 0; i--) {
    const literalCode = literals.codes[i] as number;
    const offsetCode = offsets.codes[i] as number;
    const matchCode = matches.codes[i] as number;
    if (i < last) {
      offsetState = nextState(offsets.encoder, writer, offsetState, offsetCode);
      matchState = nextState(matches.encoder, writer, matchState, matchCode);
      literalState = nextState(literals.encoder, writer, literalState, literalCode);
    }
    const literalLength = sequences.literalLengths[i] as number;
    const matchLength = sequences.matchLengths[i] as number;
    writer.add(
      literalLength - (LITERAL_LENGTH_BASES[literalCode] as number),
      LITERAL_LENGTH_BITS[literalCode] as number,
    );
    writer.add(
      matchLength - (MATCH_LENGTH_BASES[matchCode] as number),
      MATCH_LENGTH_BITS[matchCode] as number,
    );
    writer.add(sequences.offsets[i] as number, offsetCode);
  }
  writer.add(matchState, matches.encoder.accuracyLog);
  writer.add(offsetState, offsets.encoder.accuracyLog);
  writer.add(literalState, literals.encoder.accuracyLog);
  writer.close();
}

function literalLengthCode(length: number): number {
  if (length < 16) return length;
  if (length >= 64) return 50 - Math.clz32(length);
  let code = 16;
  while ((LITERAL_LENGTH_BASES[code + 1] as number) <= length) code++;
  return code;
}

function matchLengthCode(length: number): number {
  if (length < 35) return length - 3;
  if (length - 3 >= 128) return 67 - Math.clz32(length - 3);
  let code = 32;
  while ((MATCH_LENGTH_BASES[code + 1] as number) <= length) code++;
  return code;
}

interface ChosenCode {
  /** 0 predefined, 1 one symbol, 2 described here. */
  readonly mode: number;
  readonly description: Uint8Array;
  readonly encoder: FseEncoder;
}

const NO_DESCRIPTION = new Uint8Array(0);
const predefinedEncoders = new Map<SequenceCode, FseEncoder>();

/** The cheapest way to code `codes`. */
function chooseCode(code: SequenceCode, codes: Uint8Array): ChosenCode {
  const counts = new Uint32Array(code.symbolCount);
  for (const symbol of codes) counts[symbol] = (counts[symbol] as number) + 1;
  const total = codes.length;
  const first = codes[0] as number;
  if (counts[first] === total && total > 2) {
    return { mode: 1, description: Uint8Array.of(first), encoder: SILENT_ENCODER };
  }
  const predefined = predefinedEncoder(code);
  const distinct = counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  if (distinct > 1) {
    const accuracyLog = chooseAccuracyLog(total, distinct, code.accuracyLogMax);
    const normalized = normalizeCounts(counts, total, accuracyLog);
    const writer = new BitWriter(new Uint8Array(128));
    writeFseDescription(writer, normalized, accuracyLog);
    const described = codedBits(counts, normalized, accuracyLog) + writer.position * 8;
    if (described < codedBits(counts, code.predefined, code.predefinedLog)) {
      const encoder = buildFseEncoder(normalized, accuracyLog);
      return { mode: 2, description: writer.bytes.slice(0, writer.position), encoder };
    }
  }
  return { mode: 0, description: NO_DESCRIPTION, encoder: predefined };
}

/** For a single symbol: one state, no bits. */
const SILENT_ENCODER: FseEncoder = {
  accuracyLog: 0,
  states: Uint16Array.of(0),
  bitDeltas: new Int32Array(256),
  stateDeltas: new Int32Array(256),
};

function predefinedEncoder(code: SequenceCode): FseEncoder {
  let encoder = predefinedEncoders.get(code);
  if (encoder === undefined) {
    encoder = buildFseEncoder(code.predefined, code.predefinedLog);
    predefinedEncoders.set(code, encoder);
  }
  return encoder;
}

/** About how many bits symbols that occur `counts` times take under a distribution. */
function codedBits(counts: Uint32Array, normalized: Int16Array, accuracyLog: number): number {
  let bits = 0;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    const count = counts[symbol] as number;
    if (count === 0) continue;
    const cells = Math.abs(normalized[symbol] ?? 0);
    if (cells === 0) return Infinity;
    bits += count * (accuracyLog - Math.log2(cells));
  }
  return bits;
}
