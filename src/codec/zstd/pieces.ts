/**
 * Decoding a frame in pieces one by one, when their content is asked for. A piece's bytes are
 * checked against its hash before they are decoded, so that damage is noticed when it is reached,
 * and no content counts before. Pieces are decoded apart from each other: what reaches out of
 * one is refused.
 */
import type { PartialBytes } from "../../base/partial-bytes.ts";
import { BLOCK_BYTES_MAX, outputTooLarge, zstdDamaged } from "./frame.ts";
import { parsePieceIndex, type ZstdPiece } from "./piece-index.ts";
import { xxh64Low } from "./xxh64.ts";

/** `decodeBlocks` of decode.ts: handed in by it, so that loading this file splits no bundle. */
type BlockDecoding = (bytes: Uint8Array, start: number, end: number, output: Uint8Array) => number;

/**
 * The content of `bytes`, none of it decoded yet; `undefined` unless they are a frame in
 * pieces. Keeps `bytes`, which nobody may write to, until all is decoded. What is thrown for
 * damage, now or later, is what `rename` makes of it.
 * @throws {deserialization} on damage outside of the pieces, and above `bytesMax`
 */
export function openPieces(
  bytes: Uint8Array,
  bytesMax: number,
  decodeBlocks: BlockDecoding,
  rename: (error: unknown) => unknown,
): PartialBytes | undefined {
  try {
    const found = parsePieceIndex(bytes);
    if (found === undefined) return undefined;
    const contentBytes = found.frame.contentBytes as number;
    if (contentBytes > bytesMax) outputTooLarge(bytesMax);
    return new ContentInPieces(bytes, contentBytes, found.pieces, decodeBlocks, rename);
  } catch (error) {
    throw rename(error);
  }
}

class ContentInPieces implements PartialBytes {
  readonly bytes: Uint8Array;
  /** The frame, while it is needed. */
  #source: Uint8Array | undefined;
  /** The piece that each block of content belongs to; none once it is decoded. */
  readonly #pieces: (ZstdPiece | undefined)[] = [];
  readonly #decodeBlocks: BlockDecoding;
  readonly #rename: (error: unknown) => unknown;
  #bytesLeft: number;

  constructor(
    source: Uint8Array,
    contentBytes: number,
    pieces: readonly ZstdPiece[],
    decodeBlocks: BlockDecoding,
    rename: (error: unknown) => unknown,
  ) {
    this.bytes = new Uint8Array(contentBytes);
    this.#source = source;
    this.#decodeBlocks = decodeBlocks;
    this.#rename = rename;
    this.#bytesLeft = contentBytes;
    for (const piece of pieces)
      while (this.#pieces.length * BLOCK_BYTES_MAX < piece.contentEnd) this.#pieces.push(piece);
  }

  get isWhole(): boolean {
    return this.#bytesLeft === 0;
  }

  get sizeBytes(): number {
    return this.bytes.length + (this.#source?.length ?? 0);
  }

  ensure(start: number, end: number): void {
    const last = Math.min(end, this.bytes.length) - 1;
    if (this.#bytesLeft === 0 || start > last || start < 0) return;
    const lastBlock = Math.floor(last / BLOCK_BYTES_MAX);
    for (let block = Math.floor(start / BLOCK_BYTES_MAX); block <= lastBlock; block++) {
      const piece = this.#pieces[block];
      if (piece !== undefined) this.#decode(piece);
    }
  }

  ensureAll(): void {
    this.ensure(0, this.bytes.length);
  }

  #decode(piece: ZstdPiece): void {
    const { contentStart, contentEnd } = piece;
    try {
      this.#decodeChecked(this.#source as Uint8Array, piece);
    } catch (error) {
      throw this.#rename(error);
    }
    this.#pieces.fill(
      undefined,
      contentStart / BLOCK_BYTES_MAX,
      Math.ceil(contentEnd / BLOCK_BYTES_MAX),
    );
    this.#bytesLeft -= contentEnd - contentStart;
    if (this.#bytesLeft === 0) this.#source = undefined;
  }

  #decodeChecked(source: Uint8Array, piece: ZstdPiece): void {
    const { start, end, hash, contentStart, contentEnd } = piece;
    // A copy starts at a whole word: hashing is three times as fast then.
    if (xxh64Low(new Uint8Array(source.subarray(start, end))) !== hash)
      zstdDamaged(start, "hash of the piece does not match");
    // Its own view: copying writes a few bytes too many, which must not be another piece's.
    const output = this.bytes.subarray(contentStart, contentEnd);
    const decodedBytes = this.#decodeBlocks(source, start, end, output);
    if (decodedBytes !== output.length)
      zstdDamaged(start, `piece has ${decodedBytes} bytes, not ${output.length}`);
  }
}
