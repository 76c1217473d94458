/**
 * Compressing zstd in TypeScript, for platforms that cannot: Node before 22.15 and browsers. One
 * frame, with content size and checksum. Finds what zstd's levels 1 to 4 find; higher levels get
 * larger tables and windows, no more. Loaded on the first write.
 * Spec: RFC 8878.
 */
import { concatBytes } from "../../base/bytes.ts";
import { BlockEncoder } from "./block-encode.ts";
import { BLOCK_BYTES_MAX } from "./frame.ts";
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

/** A whole frame. `level` is 1 to 22. */
export function encodeZstd(content: Uint8Array, level: number): Uint8Array {
  const isHigh = level >= HIGH_LEVEL;
  const windowLog = isHigh ? WINDOW_LOG_HIGH : WINDOW_LOG;
  const header = new Uint8Array(HEADER_BYTES_MAX);
  const headerBytes = writeFrameHeader(new DataView(header.buffer), content.length, windowLog);
  const sizeLog = 32 - Math.clz32(Math.max(content.length - 1, 1));
  const tableLog = Math.min(isHigh ? TABLE_LOG_MAX_HIGH : TABLE_LOG_MAX, sizeLog);
  const encoder = new BlockEncoder(content, 2 ** windowLog, Math.max(tableLog, TABLE_LOG_MIN));
  const parts: Uint8Array[] = [header.subarray(0, headerBytes)];
  for (let start = 0, isLast = false; !isLast; start += BLOCK_BYTES_MAX) {
    const end = Math.min(content.length, start + BLOCK_BYTES_MAX);
    isLast = end === content.length;
    parts.push(encoder.encode(start, end, isLast));
  }
  parts.push(new Uint8Array(Uint32Array.of(xxh64Low(content)).buffer));
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
