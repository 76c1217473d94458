/** zstd's bit streams, which are read from their end. Spec: RFC 8878 "Huffman-Coded Streams". */
import { zstdDamaged } from "./frame.ts";

/** Bits of the stream in bytes [start, end), without its end mark. */
export function streamBits(stream: DataView, start: number, end: number): number {
  const last = end > start ? stream.getUint8(end - 1) : 0;
  if (last === 0) zstdDamaged(end, "bit stream lacks its end mark");
  return (end - start) * 8 - 1 - (Math.clz32(last) - 24);
}

/**
 * Bits [bit, bit + width) of the stream that starts at byte `start`; width at most 31. Loads the
 * four bytes that end with the last bit, so it never reads behind the stream; before it stands
 * at least a frame header.
 */
export function readBits(stream: DataView, start: number, bit: number, width: number): number {
  const end = (bit + width + 7) >>> 3;
  const shift = 32 - (end * 8 - bit);
  if (shift >= 0) return (stream.getUint32(start + end - 4, true) >>> shift) & ((1 << width) - 1);
  const half = width >> 1;
  const low = readBits(stream, start, bit, half);
  return low + readBits(stream, start, bit + half, width - half) * 2 ** half;
}
