/** A source over an array of a store: a box costs the chunks that it touches. */
import { volumeOf } from "../../base/coordinates.ts";
import { shapeOf } from "../../zarr/box.ts";
import { readBox } from "../../zarr/read-box.ts";
import type { ZarrStore } from "../../zarr/zarr-store.ts";
import type { ArraySource } from "../array/array-source.ts";
import { allocate } from "../array/elements.ts";
import { fromElements } from "./data-type.ts";
import type { StoredArray } from "./stored-array.ts";

/** The array's values as they are stored, read several chunks at once. */
export function zarrSource(store: ZarrStore, array: StoredArray): ArraySource {
  const { type, shape, path, layout } = array;
  return {
    type,
    shape,
    async read(box, signal) {
      if (volumeOf(shapeOf(box)) === 0) return allocate(type, 0, path);
      return fromElements(type, await readBox(store, layout, box, signal));
    },
  };
}
