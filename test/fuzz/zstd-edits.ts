/** Edits of zstd frames that know the frame's header and its blocks. */
import { type Edit, editBytes, viewOf } from "./byte-edits.ts";
import type { Dice } from "./dice.ts";

const MAGIC = 0xfd2fb528;
const BLOCK_BYTES_MAX = 128 * 1024;
const BLOCK_RLE = 1;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;

interface Frame {
  /** Where the first block's header stands. */
  readonly firstBlock: number;
  /** Where each block's header stands. */
  readonly blocks: readonly number[];
}

function frameOf(bytes: Uint8Array, start: number): Frame | undefined {
  const view = viewOf(bytes);
  if (start + 6 > bytes.length || view.getUint32(start, true) !== MAGIC) return undefined;
  const descriptor = bytes[start + 4] as number;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeBytes = CONTENT_SIZE_BYTES[(descriptor >> 6) as 0] || (isSingleSegment ? 1 : 0);
  const idBytes = DICTIONARY_ID_BYTES[(descriptor & 3) as 0];
  const firstBlock = start + 5 + (isSingleSegment ? 0 : 1) + idBytes + sizeBytes;
  const blocks: number[] = [];
  for (let at = firstBlock; at + 3 <= bytes.length; ) {
    const header = uint24(bytes, at);
    blocks.push(at);
    const type = (header >> 1) & 3;
    at += 3 + (type === BLOCK_RLE ? 1 : header >> 3);
    if ((header & 1) === 1) break;
  }
  return { firstBlock, blocks };
}

function uint24(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16)
  );
}

function setUint24(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 3 && at + i < bytes.length; i++) bytes[at + i] = (value >>> (8 * i)) & 0xff;
}

/** A copy of a file whose compressed payload starts at `start`, its frame edited. */
export function editFrame(file: Uint8Array, start: number, dice: Dice): Uint8Array {
  if (dice.oneIn(40)) return bomb(file.subarray(0, start), dice);
  const frame = frameOf(file, start);
  if (frame === undefined || frame.blocks.length === 0) return editBytes(file, dice);
  const edits: Edit[] = [
    (bytes) => {
      bytes[start + dice.below(frame.firstBlock - start)] = dice.below(256);
      return bytes;
    },
    (bytes) => {
      const at = dice.pick(frame.blocks);
      const header = uint24(bytes, at);
      const size = dice.pick([0, 1, header >> 3, (header >> 3) + 1, BLOCK_BYTES_MAX, 0x1fffff]);
      setUint24(bytes, at, (header & 1) | (dice.below(4) << 1) | (size << 3));
      return bytes;
    },
    (bytes) => {
      // The first bytes of a block say how its literals and sequences are stored.
      const at = dice.pick(frame.blocks) + 3 + dice.below(12);
      if (at < bytes.length) bytes[at] = dice.below(256);
      return bytes;
    },
    (bytes) => bytes.subarray(0, start + dice.below(bytes.length - start)),
    (bytes) => {
      // Two frames one after the other, or one inside the other.
      const doubled = new Uint8Array(2 * bytes.length - start);
      doubled.set(bytes);
      doubled.set(bytes.subarray(start), bytes.length - dice.below(8));
      return doubled;
    },
  ];
  return editBytes(file, dice, edits);
}

/** A few kilobytes that unpack to gigabytes. */
function bomb(header: Uint8Array, dice: Dice): Uint8Array {
  const blocks = 8 + dice.below(2000);
  const bytes = new Uint8Array(header.length + 6 + 4 * blocks);
  bytes.set(header);
  viewOf(bytes).setUint32(header.length, MAGIC, true);
  bytes[header.length + 4] = 0; // No content size, no checksum.
  bytes[header.length + 5] = dice.pick([0x38, 0x58, 0xff, dice.below(256)]); // The window.
  for (let block = 0; block < blocks; block++) {
    const isLast = block === blocks - 1 ? 1 : 0;
    const at = header.length + 6 + 4 * block;
    setUint24(bytes, at, isLast | (BLOCK_RLE << 1) | (BLOCK_BYTES_MAX << 3));
  }
  return bytes;
}
