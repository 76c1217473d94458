/**
 * The index of a frame in pieces: runs of blocks that refer to nothing before them, so that each
 * can be decoded without the others. It follows the frame as a skippable frame, which every
 * decoder passes over; to them the frame is like any other.
 *
 *   magic | size | "icfp" | per piece: blocks, hash of their bytes | seal
 *
 * All words are u32, little-endian; hashes are the low half of XXH64. The seal covers what no
 * piece's hash does: the frame's header and content checksum, and the index before it.
 * Spec: RFC 8878 "Skippable Frames"; docs/decisions/0006-manifests-in-pieces.md.
 */
import { concatBytes } from "../../base/bytes.ts";
import type { Extent } from "../../base/extent.ts";
import {
  BLOCK_BYTES_MAX,
  BLOCK_RLE,
  walkZstdFrames,
  type ZstdFrame,
  zstdDamaged,
} from "./frame.ts";
import { xxh64Low } from "./xxh64.ts";

const MAGIC = 0x184d2a5c;
const TAG = 0x70666369; // "icfp"
const HEAD_WORDS = 3;
const ENTRY_WORDS = 2;
const CHECKSUM_BYTES = 4;

/** A run of blocks, from its first block header to the end of its last block. */
export interface ZstdPiece extends Extent {
  readonly hash: number;
  /** Its content, in the content of the frame. */
  readonly contentStart: number;
  readonly contentEnd: number;
}

/** The index of a frame whose pieces have these numbers of blocks and of bytes. */
export function encodePieceIndex(
  header: Uint8Array,
  pieces: readonly { readonly blockCount: number; readonly bytes: Uint8Array }[],
  checksum: Uint8Array,
): Uint8Array {
  const entries = pieces.flatMap(({ blockCount, bytes }) => [blockCount, xxh64Low(bytes)]);
  const words = Uint32Array.of(MAGIC, 4 * entries.length + 8, TAG, ...entries, 0);
  words[words.length - 1] = sealOf(header, checksum, words);
  return new Uint8Array(words.buffer);
}

/**
 * The pieces of the one frame of `bytes`; `undefined` if they are anything else than one frame
 * with its index. Nothing is decoded.
 * @throws {deserialization} if frame and index are damaged or do not fit each other
 */
export function parsePieceIndex(
  bytes: Uint8Array,
): { readonly frame: ZstdFrame; readonly pieces: readonly ZstdPiece[] } | undefined {
  const frames = walkZstdFrames(bytes);
  const frame = frames[0] as ZstdFrame;
  const { start, blocksStart, end, contentBytes = 0 } = frame;
  const indexBytes = bytes.length - end;
  if (frames.length > 1 || start !== 0 || indexBytes % 4 !== 0) return undefined;
  // A storage may answer with a Buffer, whose slice() is no copy.
  const words = new Uint32Array(new Uint8Array(bytes.subarray(end)).buffer);
  if (words[0] !== MAGIC || words[1] !== indexBytes - 8 || words[2] !== TAG) return undefined;
  const seal = sealOf(
    bytes.subarray(0, blocksStart),
    bytes.subarray(end - CHECKSUM_BYTES, end),
    words,
  );
  const isFit =
    seal === words.at(-1) &&
    words.length % ENTRY_WORDS === 0 &&
    frame.hasChecksum &&
    frame.dictionaryId === 0 &&
    frame.blockBytesMax >= Math.min(contentBytes, BLOCK_BYTES_MAX);
  if (!isFit) zstdDamaged(end, "index does not fit the frame");
  return { frame, pieces: walkPieces(bytes, frame, words) };
}

function walkPieces(bytes: Uint8Array, frame: ZstdFrame, index: Uint32Array): ZstdPiece[] {
  const contentBytes = frame.contentBytes ?? 0;
  const blocksEnd = frame.end - CHECKSUM_BYTES;
  const pieces: ZstdPiece[] = [];
  let at = frame.blocksStart;
  let contentAt = 0;
  let isFit = true;
  for (let entry = HEAD_WORDS; entry < index.length - 1; entry += ENTRY_WORDS) {
    const start = at;
    const contentStart = contentAt;
    let left = index[entry] as number;
    for (; left > 0 && at < blocksEnd; left--) {
      const low = bytes[at] as number;
      const size =
        (low | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16)) >> 3;
      at += 3 + (((low >> 1) & 3) === BLOCK_RLE ? 1 : size);
      contentAt += BLOCK_BYTES_MAX;
    }
    const contentEnd = Math.min(contentAt, contentBytes);
    isFit &&= left === 0 && contentEnd > contentStart;
    pieces.push({ start, end: at, hash: index[entry + 1] as number, contentStart, contentEnd });
  }
  if (!isFit || at !== blocksEnd || contentAt < contentBytes)
    zstdDamaged(frame.end, "index does not fit the frame");
  return pieces;
}

/** Over all words but the last, which holds it. */
function sealOf(header: Uint8Array, checksum: Uint8Array, index: Uint32Array): number {
  const sealed = new Uint8Array(index.buffer, 0, index.byteLength - 4);
  return xxh64Low(concatBytes([header, checksum, sealed]));
}
