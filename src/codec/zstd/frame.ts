/**
 * The outside of zstd: frame headers and block headers, walked without decoding anything, so that
 * a bomb, a foreign dictionary or trailing garbage is refused before memory is spent.
 * Spec: RFC 8878 "Zstandard Frames".
 */
import { makeError } from "../../base/errors.ts";
import type { Extent } from "../../base/extent.ts";

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50; // ..5f: the low 4 bits are free.
/** 128 MiB, the format's own recommendation and what every peer's decoder takes. */
const WINDOW_BYTES_MAX = 2 ** 27;
/** No block regenerates more, whatever its header says. */
export const BLOCK_BYTES_MAX = 128 * 1024;

export const BLOCK_RAW = 0;
export const BLOCK_RLE = 1;
export const BLOCK_COMPRESSED = 2;

/** One frame, its checksum included, located but not decoded. Offsets are into the bytes that were walked. */
export interface ZstdFrame extends Extent {
  /** Where the first block header stands. */
  readonly blocksStart: number;
  /** 0: none. */
  readonly dictionaryId: number;
  readonly contentBytes: number | undefined;
  readonly hasChecksum: boolean;
  /** Most that one block may regenerate. */
  readonly blockBytesMax: number;
  /** What the frame surely regenerates: its raw and run-length blocks. */
  readonly contentBytesMin: number;
  /** What the frame may regenerate at most. */
  readonly contentBytesMax: number;
}

/** @throws {deserialization} the stream is damaged at byte `offset` */
export function zstdDamaged(offset: number, what: string): never {
  throw makeError("deserialization", `zstd: damaged at byte ${offset}: ${what}`, {
    details: { offset },
  });
}

/** @throws {deserialization} more than `bytesMax` bytes would come out */
export function outputTooLarge(bytesMax: number): never {
  throw makeError("deserialization", `zstd: content exceeds the limit of ${bytesMax} bytes`, {
    details: { bytesMax },
  });
}

/**
 * Every data frame of `bytes`, in order; skippable frames are left out. Refuses truncation,
 * trailing garbage and windows above 128 MiB.
 * @throws {deserialization}
 */
export function walkZstdFrames(bytes: Uint8Array): ZstdFrame[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: ZstdFrame[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) zstdDamaged(at, "trailing bytes");
    const magic = view.getUint32(at, true);
    if (magic === FRAME_MAGIC) {
      const frame = walkFrame(view, at);
      frames.push(frame);
      at = frame.end;
    } else if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
      if (at + 8 > bytes.length) zstdDamaged(at, "truncated skippable frame");
      at += 8 + view.getUint32(at + 4, true);
      if (at > bytes.length) zstdDamaged(bytes.length, "truncated skippable frame");
    } else {
      zstdDamaged(at, "no frame magic");
    }
  }
  if (frames.length === 0) zstdDamaged(0, "no frame");
  return frames;
}

function walkFrame(view: DataView, start: number): ZstdFrame {
  const header = parseFrameHeader(view, start);
  let contentBytesMin = 0;
  let contentBytesMax = 0;
  let at = header.blocksStart;
  for (let isLast = false; !isLast; ) {
    if (at + 3 > view.byteLength) zstdDamaged(at, "truncated block header");
    const block = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    isLast = (block & 1) === 1;
    const type = (block >> 1) & 3;
    const size = block >> 3;
    if (type > BLOCK_COMPRESSED) zstdDamaged(at, "reserved block type");
    if (size > header.blockBytesMax) zstdDamaged(at, `block of ${size} bytes is too large`);
    if (type !== BLOCK_COMPRESSED) contentBytesMin += size;
    contentBytesMax += type === BLOCK_COMPRESSED ? header.blockBytesMax : size;
    at += 3 + (type === BLOCK_RLE ? 1 : size);
    if (at > view.byteLength) zstdDamaged(view.byteLength, "truncated block");
  }
  if (header.hasChecksum) at += 4;
  if (at > view.byteLength) zstdDamaged(view.byteLength, "truncated checksum");
  const { contentBytes } = header;
  if (contentBytes !== undefined) {
    if (contentBytes < contentBytesMin || contentBytes > contentBytesMax) {
      zstdDamaged(start, `declared content size ${contentBytes} does not fit the blocks`);
    }
    contentBytesMin = contentBytes;
    contentBytesMax = contentBytes;
  }
  // Spelled out: a spread costs microseconds, and locations are a frame each.
  return {
    start,
    blocksStart: header.blocksStart,
    end: at,
    dictionaryId: header.dictionaryId,
    contentBytes,
    hasChecksum: header.hasChecksum,
    blockBytesMax: header.blockBytesMax,
    contentBytesMin,
    contentBytesMax,
  };
}

type FrameHeader = Pick<
  ZstdFrame,
  "blocksStart" | "dictionaryId" | "contentBytes" | "hasChecksum" | "blockBytesMax"
>;

function parseFrameHeader(view: DataView, start: number): FrameHeader {
  if (start + 6 > view.byteLength) zstdDamaged(start, "truncated frame header");
  const descriptor = view.getUint8(start + 4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x08) !== 0) zstdDamaged(start + 4, "reserved bit is set");
  const dictionaryIdBytes = (1 << (descriptor & 3)) >> 1; // 0, 1, 2, 4
  const sizeCode = descriptor >> 6;
  const contentSizeBytes = sizeCode > 0 ? 1 << sizeCode : isSingleSegment ? 1 : 0;
  let at = start + 5;
  const blocksStart = at + (isSingleSegment ? 0 : 1) + dictionaryIdBytes + contentSizeBytes;
  if (blocksStart > view.byteLength) zstdDamaged(start, "truncated frame header");
  let windowBytes = 0;
  if (!isSingleSegment) {
    const window = view.getUint8(at++);
    const base = 2 ** (10 + (window >> 3));
    windowBytes = base + (base / 8) * (window & 7);
  }
  const dictionaryId = readUnsigned(view, at, dictionaryIdBytes);
  at += dictionaryIdBytes;
  let contentBytes: number | undefined;
  if (contentSizeBytes > 0) {
    contentBytes = readUnsigned(view, at, contentSizeBytes) + (contentSizeBytes === 2 ? 256 : 0);
    if (contentBytes > Number.MAX_SAFE_INTEGER) zstdDamaged(at, "content size beyond 2^53");
  }
  if (isSingleSegment) windowBytes = contentBytes as number;
  else if (windowBytes > WINDOW_BYTES_MAX) zstdDamaged(start + 5, "window above 128 MiB");
  return {
    blocksStart,
    dictionaryId,
    contentBytes,
    hasChecksum: (descriptor & 0x04) !== 0,
    blockBytesMax: Math.min(windowBytes, BLOCK_BYTES_MAX),
  };
}

function readUnsigned(view: DataView, at: number, byteCount: number): number {
  switch (byteCount) {
    case 0:
      return 0;
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, true);
    case 4:
      return view.getUint32(at, true);
    default:
      return view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
  }
}
