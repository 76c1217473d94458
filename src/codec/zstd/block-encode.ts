/**
 * Compressing one block of a zstd frame: Huffman literals, whose tree is described in every block,
 * then sequences.
 * Spec: RFC 8878 "Blocks".
 */

import { BitWriter } from "./bit-writer.ts";
import { BLOCK_BYTES_MAX, BLOCK_COMPRESSED, BLOCK_RAW, BLOCK_RLE } from "./frame.ts";
import { buildHuffmanEncoder, type HuffmanEncoder, writeHuffmanStream } from "./huffman-encode.ts";
import { MatchFinder, Sequences } from "./matches.ts";
import { SequenceWriter } from "./sequence-write.ts";

const BLOCK_HEADER_BYTES = 3;
/** Below, Huffman's tree costs more than it saves; below 256 one stream is enough. */
const HUFFMAN_BYTES_MIN = 32;
const FOUR_STREAMS_BYTES_MIN = 256;
/** A header, where four streams start, and their last bytes. */
const STREAMS_BYTES = 12;
/** Words counted per call: see `writeHuffmanStream`. */
const COUNTED_PER_CALL = 1024;
/** Literals and sequences of one block, coded as badly as can be. */
const BLOCK_SCRATCH_BYTES = 640 * 1024;

/** Scratch space that calls use one after the other: encoding never awaits. */
interface Scratch {
  readonly blockBytes: number;
  readonly sequences: Sequences;
  readonly sequenceWriter: SequenceWriter;
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
    const sequences = new Sequences(blockBytes);
    scratch = {
      blockBytes,
      sequences,
      sequenceWriter: new SequenceWriter(sequences.countMax),
      writer: new BitWriter(new Uint8Array(Math.min(BLOCK_SCRATCH_BYTES, 1024 + 8 * blockBytes))),
      table: new Int32Array(1 << tableLog),
    };
  }
  return scratch;
}

/** Compresses the blocks of one content, in order. */
export class BlockEncoder {
  readonly #content: Uint8Array;
  readonly #finder: MatchFinder;
  readonly #sequences: Sequences;
  readonly #writer: BitWriter;
  readonly #sequenceWriter: SequenceWriter;

  constructor(content: Uint8Array, windowBytes: number, tableLog: number) {
    const { sequences, sequenceWriter, writer, table } = takeScratch(content.length, tableLog);
    this.#content = content;
    this.#sequences = sequences;
    this.#writer = writer;
    this.#sequenceWriter = sequenceWriter;
    sequenceWriter.kept = []; // A frame's decoder starts with nothing.
    this.#finder = new MatchFinder(content, windowBytes, table.subarray(0, 1 << tableLog).fill(0));
  }

  /** The block of content [start, end). */
  encode(start: number, end: number, isLast: boolean): Uint8Array {
    const content = this.#content.subarray(start, end);
    const size = content.length;
    const writer = this.#writer;
    if (size > 3 && isOneByte(content)) {
      writer.position = BLOCK_HEADER_BYTES + 1;
      writer.bytes[BLOCK_HEADER_BYTES] = content[0] as number;
      return finishBlock(writer, BLOCK_RLE, size, isLast);
    }
    const { repeats } = this.#finder;
    const { kept } = this.#sequenceWriter;
    this.#finder.find(start, end, this.#sequences);
    writer.position = BLOCK_HEADER_BYTES;
    writeLiterals(writer, this.#sequences);
    const sizeEnd = BLOCK_HEADER_BYTES + size;
    if (writer.position < sizeEnd) {
      this.#sequenceWriter.write(writer, this.#sequences); // Or the block would lack its section.
      const compressedBytes = writer.position - BLOCK_HEADER_BYTES;
      if (compressedBytes < size)
        return finishBlock(writer, BLOCK_COMPRESSED, compressedBytes, isLast);
    }
    this.#finder.repeats = repeats; // The decoder learns nothing from a raw block.
    this.#sequenceWriter.kept = kept;
    writer.bytes.set(content, BLOCK_HEADER_BYTES);
    writer.position = BLOCK_HEADER_BYTES + size;
    return finishBlock(writer, BLOCK_RAW, size, isLast);
  }
}

function isOneByte(bytes: Uint8Array): boolean {
  const first = bytes[0];
  for (let i = 1; i < bytes.length; i++) if (bytes[i] !== first) return false;
  return true;
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
  countBytes(literals, size, counts);
  if (size > 3 && counts[literals[0] as number] === size) {
    writePlainHeader(writer, 1, size);
    writer.add(literals[0] as number, 8);
    return;
  }
  const encoder = size >= HUFFMAN_BYTES_MIN ? buildHuffmanEncoder(counts) : undefined;
  if (encoder !== undefined) {
    const packed = encoder.description.length + codedBytes(counts, encoder);
    if (packed < size - (size >> 6)) {
      writeHuffmanLiterals(writer, encoder, literals, size);
      return;
    }
  }
  writePlainHeader(writer, 0, size);
  writer.bytes.set(literals.subarray(0, size), writer.position);
  writer.position += size;
}

/** How many bytes the streams of such literals take. */
function codedBytes(counts: Uint32Array, { lengths }: HuffmanEncoder): number {
  let bits = 0;
  for (let byte = 0; byte < 256; byte++) {
    bits += (counts[byte] as number) * (lengths[byte] as number);
  }
  return (bits >> 3) + STREAMS_BYTES;
}

// One table for each byte of a word: a count that follows its like at once would wait for it.
const wordCounts = new Uint32Array(4 * 256);

/** Adds to `counts` how often each byte occurs. */
function countBytes(bytes: Uint8Array, length: number, counts: Uint32Array): void {
  const wordsEnd = length - (length % 4);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, wordsEnd >> 2);
  wordCounts.fill(0);
  for (let start = 0; start < words.length; start += COUNTED_PER_CALL)
    countWords(words, start, Math.min(words.length, start + COUNTED_PER_CALL));
  for (let byte = 0; byte < 256; byte++)
    for (let table = byte; table < wordCounts.length; table += 256)
      counts[byte] = (counts[byte] as number) + (wordCounts[table] as number);
  for (let i = wordsEnd; i < length; i++) {
    const byte = bytes[i] as number;
    counts[byte] = (counts[byte] as number) + 1;
  }
}

function countWords(words: Int32Array, start: number, end: number): void {
  const counts = wordCounts;
  for (let i = start; i < end; i++) {
    const word = words[i] as number;
    const first = word & 0xff;
    const second = 0x100 | ((word >>> 8) & 0xff);
    const third = 0x200 | ((word >>> 16) & 0xff);
    const fourth = 0x300 | (word >>> 24);
    counts[first] = (counts[first] as number) + 1;
    counts[second] = (counts[second] as number) + 1;
    counts[third] = (counts[third] as number) + 1;
    counts[fourth] = (counts[fourth] as number) + 1;
  }
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
