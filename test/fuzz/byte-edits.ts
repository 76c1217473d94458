/** Edits that know nothing of the format, and edits of the parts that every format has. */
import type { Dice } from "./dice.ts";

const HOSTILE_WORDS = [
  0, 1, 2, 3, 4, 8, 0x7f, 0x80, 0xff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffc,
  0xffffffff,
];

/** An edit in place; a few change the length and give a new array. */
export type Edit = (bytes: Uint8Array, dice: Dice) => Uint8Array;

const setByte: Edit = (bytes, dice) => {
  bytes[dice.below(bytes.length)] = dice.below(256);
  return bytes;
};

const flipBit: Edit = (bytes, dice) => {
  const at = dice.below(bytes.length);
  bytes[at] = (bytes[at] as number) ^ (1 << dice.below(8));
  return bytes;
};

const setWord: Edit = (bytes, dice) => {
  if (bytes.length < 4) return bytes;
  const isAligned = !dice.oneIn(4);
  const at = isAligned ? 4 * dice.below(bytes.length >> 2) : dice.below(bytes.length - 3);
  const word = dice.oneIn(4) ? bytes.length - at - dice.below(8) : dice.pick(HOSTILE_WORDS);
  viewOf(bytes).setUint32(at, word, true);
  return bytes;
};

/** Offsets, lengths and counts are small numbers: change one by a little. */
const nudgeWord: Edit = (bytes, dice) => {
  if (bytes.length < 4) return bytes;
  const view = viewOf(bytes);
  const at = 4 * dice.below(bytes.length >> 2);
  view.setUint32(at, view.getUint32(at, true) + dice.below(64) - 32, true);
  return bytes;
};

const truncate: Edit = (bytes, dice) => bytes.subarray(0, dice.below(bytes.length));

const extend: Edit = (bytes, dice) => {
  const longer = new Uint8Array(bytes.length + 1 + dice.below(64));
  longer.set(bytes);
  if (dice.oneIn(2)) longer.fill(dice.below(256), bytes.length);
  return longer;
};

/** One stretch over another, as a torn or doubled write would leave it. */
const copyWithin: Edit = (bytes, dice) => {
  const unit = dice.oneIn(2) ? 4 : 1;
  const count = unit * (1 + dice.below(Math.max(1, bytes.length / unit / 4)));
  const from = unit * dice.below(bytes.length / unit);
  const to = unit * dice.below(bytes.length / unit);
  return bytes.copyWithin(to, from, from + count);
};

const removeStretch: Edit = (bytes, dice) => {
  const from = dice.below(bytes.length);
  const shorter = new Uint8Array(bytes.length - Math.min(bytes.length - from, 1 + dice.below(16)));
  shorter.set(bytes.subarray(0, from));
  shorter.set(bytes.subarray(bytes.length - (shorter.length - from)), from);
  return shorter;
};

const BYTE_EDITS: readonly Edit[] = [
  setByte,
  setByte,
  flipBit,
  flipBit,
  setWord,
  setWord,
  nudgeWord,
  nudgeWord,
  copyWithin,
  truncate,
  extend,
  removeStretch,
];

/** A copy of `bytes` after one edit, or a few: one alone reaches furthest. */
export function editBytes(
  bytes: Uint8Array,
  dice: Dice,
  edits: readonly Edit[] = BYTE_EDITS,
): Uint8Array {
  let edited: Uint8Array = bytes.slice();
  const count = dice.oneIn(3) ? 2 + dice.below(3) : 1;
  for (let left = count; left > 0 && edited.length > 0; left--) {
    edited = dice.pick(edits)(edited, dice);
  }
  return edited;
}

/** A copy with exactly one bit changed; `bit` counts from the lowest of byte 0. */
export function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = bytes.slice();
  flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
  return flipped;
}

/** A view of the bytes, wherever they stand in their buffer. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
