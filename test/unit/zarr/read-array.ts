/** Reads arrays of a store in tests. */
import { type ArrayLayout, parseLayout } from "../../../src/zarr/array-layout.ts";
import type { Elements } from "../../../src/zarr/codecs/elements.ts";
import { readBox } from "../../../src/zarr/read-box.ts";
import { addressOf, mustReadDocument, type ZarrStore } from "../../../src/zarr/zarr-store.ts";
import type { Extent } from "./model-array.ts";

/** What the array's zarr.json says. */
export async function layoutOf(store: ZarrStore, path = "/a"): Promise<ArrayLayout> {
  const document = await mustReadDocument(addressOf("test", store, path, undefined));
  return parseLayout(document, path);
}

/** The elements of a box of the array at `/a`; by default of all of it. */
export async function readArray(store: ZarrStore, box?: readonly Extent[]): Promise<Elements> {
  const layout = await layoutOf(store);
  return readBox(store, layout, box ?? wholeOf(layout.shape), undefined);
}

/** As `readArray`, in a list. */
export async function listOf(store: ZarrStore, box?: readonly Extent[]): Promise<unknown[]> {
  return [...((await readArray(store, box)) as Iterable<unknown>)];
}

function wholeOf(shape: readonly number[]): Extent[] {
  return shape.map((end) => ({ start: 0, end }));
}
