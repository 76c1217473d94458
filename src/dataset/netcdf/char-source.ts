/**
 * Characters as byte strings: one by one, or a row of them as one string, of which the last
 * dimension is the length. NULs at the end are cut, spaces stay; nothing is decoded here.
 */

import { volumeOf } from "../../base/coordinates.ts";
import { shapeOf } from "../../zarr/box.ts";
import { withoutTrailingNulls } from "../../zarr/codecs/fill-value.ts";
import type { ArraySource } from "../array/array-source.ts";

/** `characters` (single bytes) as byte strings of one byte. */
export function singleCharSource(characters: ArraySource): ArraySource {
  return {
    type: { name: "bytes", width: 1 },
    shape: characters.shape,
    async read(box, signal) {
      const bytes = (await characters.read(box, signal)) as Uint8Array;
      return Array.from(bytes, (_, i) => withoutTrailingNulls(bytes.subarray(i, i + 1)));
    },
  };
}

/** `characters` (single bytes) as byte strings along their last dimension, of which there is one. */
export function charSource(characters: ArraySource): ArraySource {
  const rank = characters.shape.length - 1;
  const width = characters.shape[rank] as number;
  return {
    type: { name: "bytes", width: Math.max(1, width) },
    shape: characters.shape.slice(0, rank),
    async read(box, signal) {
      const whole = [...box, { start: 0, end: width }];
      const bytes = (await characters.read(whole, signal)) as Uint8Array;
      const count = volumeOf(shapeOf(box));
      return Array.from({ length: count }, (_, i) =>
        withoutTrailingNulls(bytes.subarray(i * width, (i + 1) * width)),
      );
    },
  };
}

/** Byte strings of one byte as single bytes: the reverse of `singleCharSource`. */
export function charactersOf(strings: ArraySource): ArraySource {
  return {
    type: { name: "uint8" },
    shape: strings.shape,
    async read(box, signal) {
      const values = (await strings.read(box, signal)) as Uint8Array[];
      return Uint8Array.from(values, (bytes) => bytes[0] ?? 0);
    },
  };
}
