/** Frames of one block that is not compressed. Spec: RFC 8878 "Zstandard Frames". */
import { concatBytes } from "../../base/bytes.ts";
import { xxh64Low } from "./xxh64.ts";

const MAGIC = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);
/** A window of 128 KiB, which is also the largest block. */
const WINDOW = 7 << 3;

/** `bytes`, at most 65,791 of them, with their size and checksum. */
export function rawFrame(bytes: Uint8Array): Uint8Array {
  const size = bytes.length;
  return frameOf(
    size < 256 ? Uint8Array.of(0x24, size) : Uint8Array.of(0x64, size - 256, (size - 256) >> 8),
    bytes,
  );
}

/**
 * A frame to be followed by others: it does not give its size, which the official engine 2.3.0
 * would take for that of all frames.
 */
export function openingFrame(bytes: Uint8Array): Uint8Array {
  return frameOf(Uint8Array.of(0x04, WINDOW), bytes);
}

function frameOf(header: Uint8Array, bytes: Uint8Array): Uint8Array {
  const block = (bytes.length << 3) | 1; // Raw, last.
  return concatBytes([
    MAGIC,
    header,
    Uint8Array.of(block, block >> 8, block >> 16),
    bytes,
    new Uint8Array(Uint32Array.of(xxh64Low(bytes)).buffer),
  ]);
}
