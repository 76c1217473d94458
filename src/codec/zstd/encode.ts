/**
 * Compressing zstd in TypeScript, for platforms that cannot: Node before 22.15 and browsers. One
 * frame, with content size and checksum. Finds what zstd's levels 1 to 4 find; higher levels get
 * larger tables and windows, no more. Loaded on the first write.
 * Spec: RFC 8878.
 */
import { concatBytes } from "../../base/bytes.ts";
import { BlockEncoder } from "./block-encode.ts";
import { BLOCK_BYTES_MAX } from "./frame.ts";
import { encodePieceIndex } from "./piece-index.ts";
import { xxh64Low } from "./xxh64.ts";

/** Window of low levels (2 MiB, as zstd's level 3) and of high ones (8 MiB). */
const WINDOW_LOG = 21;
const WINDOW_LOG_HIGH = 23;
const HIGH_LEVEL = 10;
const TABLE_LOG_MIN = 8;
const TABLE_LOG_MAX = 14;
const TABLE_LOG_MAX_HIGH = 17;
/** Frame header, at most: magic, descriptor, window, content size. */
const HEADER_BYTES_MAX = 14;
/**
 * A piece ends with the block that takes it to this many compressed bytes, or to this much content:
 * each begins anew to learn what repeats, which costs 7 kB at worst (measured), so smaller ones
 * would make files visibly larger, and larger ones take longer to decode.
 */
const PIECE_BYTES_MIN = 128 * 1024;
const PIECE_BLOCKS_MAX = 32;

/** A whole frame. `level` is 1 to 22. */
export function encodeZstd(content: Uint8Array, level: number): Uint8Array {
  const { header, pieces, checksum } = encodePieces(content, level, false);
  return concatBytes([header, ...pieces.map(({ bytes }) => bytes), checksum]);
}

/** As `encodeZstd`, in pieces that can be decoded one by one, and with their index behind. */
export function encodeZstdPieces(content: Uint8Array, level: number): Uint8Array {
  const { header, pieces, checksum } = encodePieces(content, level, true);
  const index = encodePieceIndex(header, pieces, checksum);
  return concatBytes([header, ...pieces.map(({ bytes }) => bytes), checksum, index]);
}

interface EncodedPieces {
  readonly header: Uint8Array;
  readonly pieces: readonly { readonly blockCount: number; readonly bytes: Uint8Array }[];
  readonly checksum: Uint8Array;
}

/** With `isInPieces` false all blocks are one piece, which needs no index. */
function encodePieces(content: Uint8Array, level: number, isInPieces: boolean): EncodedPieces {
  const isHigh = level >= HIGH_LEVEL;
  const windowLog = isHigh ? WINDOW_LOG_HIGH : WINDOW_LOG;
  const header = new Uint8Array(HEADER_BYTES_MAX);
  const headerBytes = writeFrameHeader(new DataView(header.buffer), content.length, windowLog);
  const sizeLog = 32 - Math.clz32(Math.max(content.length - 1, 1));
  const tableLog = Math.min(isHigh ? TABLE_LOG_MAX_HIGH : TABLE_LOG_MAX, sizeLog);
  const encoder = new BlockEncoder(content, 2 ** windowLog, Math.max(tableLog, TABLE_LOG_MIN));
  const pieces = [];
  let blocks: Uint8Array[] = [];
  let pieceBytes = 0;
  for (let start = 0, isLast = false; !isLast; start += BLOCK_BYTES_MAX) {
    const end = Math.min(content.length, start + BLOCK_BYTES_MAX);
    isLast = end === content.length;
    if (isInPieces && blocks.length === 0) encoder.startPiece(start);
    const block = encoder.encode(start, end, isLast);
    blocks.push(block);
    pieceBytes += block.length;
    const isFull = pieceBytes >= PIECE_BYTES_MIN || blocks.length >= PIECE_BLOCKS_MAX;
    if (!isLast && !(isInPieces && isFull)) continue;
    pieces.push({ blockCount: blocks.length, bytes: concatBytes(blocks) });
    blocks = [];
    pieceBytes = 0;
  }
  const checksum = new Uint8Array(Uint32Array.of(xxh64Low(content)).buffer);
  return { header: header.subarray(0, headerBytes), pieces, checksum };
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
