/**
 * Decoding zstd: every frame variant, dictionaries and checksums, into memory bounded by the
 * caller. Own code because no small package does all of that: decoders on npm skip the checksum,
 * and return garbage for frames that need a dictionary.
 * Spec: RFC 8878.
 */

import {
  BLOCK_BYTES_MAX,
  BLOCK_RAW,
  BLOCK_RLE,
  outputTooLarge,
  walkZstdFrames,
  type ZstdFrame,
  zstdDamaged,
} from "./frame.ts";
import { decodeHuffmanStream, type HuffmanTable, parseHuffmanTable } from "./huffman-decode.ts";
import {
  appendLiterals,
  executeSequences,
  LITERAL_LENGTH_CODE,
  MATCH_LENGTH_CODE,
  OFFSET_CODE,
  parseSequenceTable,
  readSequenceTables,
  type SequenceState,
} from "./sequences.ts";
import { xxh64Low } from "./xxh64.ts";

const DICTIONARY_MAGIC = 0xec30a437;
const CHECKSUM_BYTES = 4;

/** What a frame starts from: nothing, or what a dictionary brings along. */
export interface ZstdDictionary {
  /** 0: raw content, without an id. */
  readonly id: number;
  readonly huffman: HuffmanTable | undefined;
  readonly sequences: SequenceState;
  readonly content: Uint8Array;
}

const NO_DICTIONARY: ZstdDictionary = {
  id: 0,
  huffman: undefined,
  sequences: {
    literalLengths: undefined,
    offsets: undefined,
    matchLengths: undefined,
    repeats: [1, 4, 8],
  },
  content: new Uint8Array(0),
};

/** Parses a trained dictionary; bytes without the magic are a raw-content dictionary. */
export function parseZstdDictionary(bytes: Uint8Array): ZstdDictionary {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8 || view.getUint32(0, true) !== DICTIONARY_MAGIC) {
    return { ...NO_DICTIONARY, content: bytes };
  }
  const end = bytes.length;
  const huffman = parseHuffmanTable(bytes, view, 8, end);
  const offsets = parseSequenceTable(OFFSET_CODE, bytes, huffman.end, end);
  const matchLengths = parseSequenceTable(MATCH_LENGTH_CODE, bytes, offsets.end, end);
  const literalLengths = parseSequenceTable(LITERAL_LENGTH_CODE, bytes, matchLengths.end, end);
  const at = literalLengths.end;
  if (at + 12 > end) zstdDamaged(at, "truncated dictionary");
  const content = bytes.subarray(at + 12);
  const repeat = (index: number): number => {
    const offset = view.getUint32(at + 4 * index, true);
    if (offset === 0 || offset > content.length) zstdDamaged(at, "dictionary has a wrong offset");
    return offset;
  };
  return {
    id: view.getUint32(4, true),
    huffman: huffman.table,
    sequences: {
      literalLengths: literalLengths.table,
      offsets: offsets.table,
      matchLengths: matchLengths.table,
      repeats: [repeat(0), repeat(1), repeat(2)],
    },
    content,
  };
}

/** The frames of `bytes`, refused where they surely exceed `bytesMax` or need another dictionary. */
export function checkedZstdFrames(
  bytes: Uint8Array,
  bytesMax: number,
  dictionaryId: number,
): ZstdFrame[] {
  const frames = walkZstdFrames(bytes);
  let least = 0;
  for (const frame of frames) {
    least += frame.contentBytesMin;
    if (frame.dictionaryId !== 0 && frame.dictionaryId !== dictionaryId) {
      zstdDamaged(frame.start, `frame needs the dictionary ${frame.dictionaryId}`);
    }
  }
  if (least > bytesMax) outputTooLarge(bytesMax);
  return frames;
}

/**
 * Decodes all frames of `bytes` one after another. Never holds more than `bytesMax` bytes of
 * content; verifies checksums where frames have them.
 * @throws {deserialization}
 */
export function decodeZstd(
  bytes: Uint8Array,
  bytesMax: number,
  dictionary: ZstdDictionary = NO_DICTIONARY,
): Uint8Array {
  const frames = checkedZstdFrames(bytes, bytesMax, dictionary.id);
  let most = 0;
  for (const frame of frames) most += frame.contentBytesMax;
  const history = dictionary.content.length;
  const capacity = Math.min(most, bytesMax);
  const output = new Uint8Array(history + capacity);
  output.set(dictionary.content);
  let at = history;
  for (const frame of frames) {
    if (history > 0 && at > history) zstdDamaged(frame.start, "several frames with a dictionary");
    at = decodeFrame(frame, bytes, output, at, dictionary);
  }
  const isExact = history === 0 && at === output.length;
  return isExact ? output : output.slice(history, at);
}

function decodeFrame(
  frame: ZstdFrame,
  bytes: Uint8Array,
  output: Uint8Array,
  start: number,
  dictionary: ZstdDictionary,
): number {
  const decoder = new BlockDecoder(bytes, output, start - dictionary.content.length, dictionary);
  const blocksEnd = frame.hasChecksum ? frame.end - CHECKSUM_BYTES : frame.end;
  const at = decoder.decodeAll(frame.blocksStart, blocksEnd, start, frame.blockBytesMax);
  if (frame.contentBytes !== undefined && at - start !== frame.contentBytes) {
    zstdDamaged(frame.start, `content has ${at - start} bytes, not ${frame.contentBytes}`);
  }
  if (frame.hasChecksum) checkContent(bytes, blocksEnd, output.subarray(start, at));
  return at;
}

function checkContent(bytes: Uint8Array, at: number, content: Uint8Array): void {
  const stored = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
  if (xxh64Low(content) !== stored) zstdDamaged(at, "content checksum does not match");
}

/** Shared: decoding is synchronous, and a location's frame is a thousand times smaller. */
let literalsScratch: Uint8Array | undefined;

/** Decodes the compressed blocks of one frame, which share tables and offsets. */
class BlockDecoder {
  readonly #bytes: Uint8Array;
  readonly #stream: DataView;
  readonly #output: Uint8Array;
  readonly #historyStart: number;
  readonly #sequences: SequenceState;
  #huffman: HuffmanTable | undefined;
  #literals: Uint8Array = NO_DICTIONARY.content;
  #literalsStart = 0;
  #literalsEnd = 0;

  constructor(
    bytes: Uint8Array,
    output: Uint8Array,
    historyStart: number,
    dictionary: ZstdDictionary,
  ) {
    this.#bytes = bytes;
    this.#stream = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#output = output;
    this.#historyStart = historyStart;
    this.#huffman = dictionary.huffman;
    const { literalLengths, offsets, matchLengths, repeats } = dictionary.sequences;
    const [first, second, third] = repeats;
    this.#sequences = { literalLengths, offsets, matchLengths, repeats: [first, second, third] };
  }

  /** Decodes the blocks in bytes [start, end) to output from `outputStart`; returns their end. */
  decodeAll(start: number, end: number, outputStart: number, blockBytesMax: number): number {
    const bytes = this.#bytes;
    const output = this.#output;
    let at = outputStart;
    let input = start;
    while (input < end) {
      const header =
        (bytes[input] as number) |
        ((bytes[input + 1] as number) << 8) |
        ((bytes[input + 2] as number) << 16);
      const type = (header >> 1) & 3;
      const size = header >> 3;
      input += 3;
      if (type === BLOCK_RAW || type === BLOCK_RLE) {
        if (at + size > output.length) zstdDamaged(input, "output grows too large");
        if (type === BLOCK_RAW) output.set(bytes.subarray(input, input + size), at);
        else output.fill(bytes[input] as number, at, at + size);
        at += size;
        input += type === BLOCK_RAW ? size : 1;
      } else {
        at = this.#decode(input, input + size, at, blockBytesMax);
        input += size;
      }
    }
    return at;
  }

  /** Decodes the block in bytes [start, end) to output from `outputStart`; returns its end. */
  #decode(start: number, end: number, outputStart: number, blockBytesMax: number): number {
    const bytes = this.#bytes;
    let at = this.#readLiterals(start, end, blockBytesMax);
    if (at >= end) zstdDamaged(at, "truncated sequences section");
    let count = bytes[at++] as number;
    if (count >= 128) {
      const extra = count === 255 ? 2 : 1;
      if (at + extra > end) zstdDamaged(at, "truncated sequences section");
      if (count < 255) count = ((count - 128) << 8) + (bytes[at] as number);
      else count = 0x7f00 + (bytes[at] as number) + ((bytes[at + 1] as number) << 8);
      at += extra;
    }
    const target = {
      literals: this.#literals,
      literalsEnd: this.#literalsEnd,
      output: this.#output,
      historyStart: this.#historyStart,
      outputStart,
      outputEnd: Math.min(this.#output.length, outputStart + blockBytesMax),
    };
    if (count > 0) {
      const streamStart = readSequenceTables(this.#sequences, bytes, at, end);
      return executeSequences(
        this.#sequences,
        count,
        this.#stream,
        streamStart,
        end,
        target,
        this.#literalsStart,
      );
    }
    if (at !== end) zstdDamaged(at, "bytes are left behind the block");
    return appendLiterals(target, this.#literalsStart, outputStart);
  }

  /** Reads the literals section; returns where it ends. */
  #readLiterals(start: number, end: number, blockBytesMax: number): number {
    const bytes = this.#bytes;
    if (start >= end) zstdDamaged(start, "empty block");
    const first = bytes[start] as number;
    const type = first & 3;
    const format = (first >> 2) & 3;
    const isPlain = type < 2;
    const headerBytes = isPlain
      ? ([1, 2, 1, 3][format] as number)
      : ([3, 3, 4, 5][format] as number);
    if (start + headerBytes > end) zstdDamaged(start, "truncated literals section");
    const byte = (index: number): number =>
      index < headerBytes ? (bytes[start + index] as number) : 0;
    const low =
      byte(0) + byte(1) * 2 ** 8 + byte(2) * 2 ** 16 + byte(3) * 2 ** 24 + byte(4) * 2 ** 32;
    const at = start + headerBytes;
    if (isPlain) {
      const size = Math.floor(low / (headerBytes === 1 ? 8 : 16));
      if (size > blockBytesMax) zstdDamaged(start, "too many literals");
      return this.#plainLiterals(type === 0, at, end, size);
    }
    const sizeBits = format < 2 ? 10 : format === 2 ? 14 : 18;
    const size = Math.floor(low / 16) % 2 ** sizeBits;
    const storedBytes = Math.floor(low / 2 ** (4 + sizeBits)) % 2 ** sizeBits;
    if (size > blockBytesMax) zstdDamaged(start, "too many literals");
    if (at + storedBytes > end) zstdDamaged(start, "truncated literals section");
    this.#huffmanLiterals(type === 2, format !== 0, at, at + storedBytes, size);
    return at + storedBytes;
  }

  #plainLiterals(isRaw: boolean, at: number, end: number, size: number): number {
    const stored = isRaw ? size : 1;
    if (at + stored > end) zstdDamaged(at, "truncated literals");
    if (isRaw) {
      this.#literals = this.#bytes;
      this.#literalsStart = at;
      this.#literalsEnd = at + size;
    } else {
      this.#useScratch(size).fill(this.#bytes[at] as number, 0, size);
    }
    return at + stored;
  }

  #useScratch(size: number): Uint8Array {
    literalsScratch ??= new Uint8Array(BLOCK_BYTES_MAX);
    this.#literals = literalsScratch;
    this.#literalsStart = 0;
    this.#literalsEnd = size;
    return literalsScratch;
  }

  #huffmanLiterals(
    hasTree: boolean,
    isFour: boolean,
    start: number,
    end: number,
    size: number,
  ): void {
    const bytes = this.#bytes;
    let at = start;
    if (hasTree) {
      const parsed = parseHuffmanTable(bytes, this.#stream, at, end);
      this.#huffman = parsed.table;
      at = parsed.end;
    }
    const table = this.#huffman ?? zstdDamaged(start, "Huffman table reused before the first");
    const literals = this.#useScratch(size);
    if (!isFour) {
      decodeHuffmanStream(table, this.#stream, at, end, literals, 0, size);
      return;
    }
    if (at + 6 > end) zstdDamaged(at, "truncated literals");
    const quarter = (size + 3) >> 2;
    if (3 * quarter > size) zstdDamaged(start, "too few literals for four streams");
    let streamStart = at + 6;
    for (let stream = 0; stream < 4; stream++) {
      const jump =
        (bytes[at + 2 * stream] as number) | ((bytes[at + 2 * stream + 1] as number) << 8);
      const streamEnd = stream < 3 ? streamStart + jump : end;
      if (streamEnd > end) zstdDamaged(at, "literal stream reaches behind the block");
      const to = stream < 3 ? (stream + 1) * quarter : size;
      decodeHuffmanStream(
        table,
        this.#stream,
        streamStart,
        streamEnd,
        literals,
        stream * quarter,
        to,
      );
      streamStart = streamEnd;
    }
  }
}
