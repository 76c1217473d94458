/** Frames that are not compressed. Spec: RFC 8878 "Zstandard Frames". */
import { concatBytes } from "../../base/bytes.ts";
import { BLOCK_BYTES_MAX } from "./frame.ts";
import { xxh64Low } from "./xxh64.ts";

const MAGIC = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);
/** A window of 128 KiB, which is also the largest block. */
const WINDOW = 7 << 3;
/** A size of two bytes counts from 256 on. */
const TWO_BYTE_SIZE_END = 65_536 + 256;

/** A frame of `bytes`, with their size and checksum. */
export function rawFrame(bytes: Uint8Array): Uint8Array {
  return concatBytes(rawFrameParts(bytes));
}

/** The parts of `rawFrame`, of which those of `bytes` are views: for what is joined later. */
export function rawFrameParts(bytes: Uint8Array): Uint8Array[] {
  return frameParts(headerOf(bytes.length), bytes);
}

/**
 * A frame of nothing, to be followed by others: it does not give its size, which the official
 * engine 2.3.0 would take for that of all frames.
 */
export function openingFrame(): Uint8Array {
  return concatBytes(frameParts(Uint8Array.of(0x04, WINDOW), new Uint8Array(0)));
}

function frameParts(header: Uint8Array, bytes: Uint8Array): Uint8Array[] {
  const parts = [MAGIC, header];
  let start = 0;
  do {
    const end = Math.min(bytes.length, start + BLOCK_BYTES_MAX);
    const isLast = end === bytes.length;
    const block = ((end - start) << 3) | (isLast ? 1 : 0); // Raw.
    parts.push(Uint8Array.of(block, block >> 8, block >> 16), bytes.subarray(start, end));
    start = end;
  } while (start < bytes.length);
  parts.push(new Uint8Array(Uint32Array.of(xxh64Low(bytes)).buffer));
  return parts;
}

function headerOf(size: number): Uint8Array {
  if (size < 256) return Uint8Array.of(0x24, size);
  if (size < TWO_BYTE_SIZE_END) return Uint8Array.of(0x64, size - 256, (size - 256) >> 8);
  return Uint8Array.of(0x84, WINDOW, size, size >> 8, size >> 16, size >>> 24);
}
