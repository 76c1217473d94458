/**
 * Characters as byte strings: a char array of NetCDF holds one string per row, its last dimension
 * is the length. NULs at the end are cut, spaces stay; nothing is decoded here.
 */

import { volumeOf } from "../../base/coordinates.ts";
import { shapeOf } from "../../zarr/box.ts";
import { withoutTrailingNulls } from "../../zarr/codecs/fill-value.ts";
import type { ArraySource } from "../array/array-source.ts";

/** `characters` (single bytes) as byte strings along its last dimension; rank 0: of one byte. */
export function charSource(characters: ArraySource): ArraySource {
  const rank = Math.max(0, characters.shape.length - 1);
  const width = characters.shape[rank] ?? 1;
  return {
    type: { name: "bytes", width },
    shape: characters.shape.slice(0, rank),
    async read(box, signal) {
      const whole = characters.shape.length === 0 ? [] : [...box, { start: 0, end: width }];
      const bytes = (await characters.read(whole, signal)) as Uint8Array;
      const count = volumeOf(shapeOf(box));
      return Array.from({ length: count }, (_, i) =>
        withoutTrailingNulls(bytes.subarray(i * width, (i + 1) * width)),
      );
    },
  };
}
