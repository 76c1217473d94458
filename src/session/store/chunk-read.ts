/** Fetching a chunk's bytes through its reference. The caller owns what it gets. */
import type { AssetStore } from "../../assets/asset-store.ts";
import { makeError } from "../../base/errors.ts";
import { ROW_INLINE, ROW_NATIVE, ROW_TOMBSTONE } from "../../format/manifest/chunk-rows.ts";
import type { FoundChunk } from "../view/chunks.ts";
import { type RangeRequest, resolveRange } from "./byte-range.ts";

/**
 * The bytes of `range` of a chunk; `undefined` if it was deleted since it was found. Inline: no
 * request. Native: one GET.
 * @throws {invalid-byte-range} @throws {object-not-found} @throws {invalid-object-size}
 * @throws {unimplemented} for virtual chunks
 */
export async function readChunk(
  { rows, row }: FoundChunk,
  range: RangeRequest,
  key: string,
  assets: AssetStore,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (rows.kind(row) === ROW_TOMBSTONE) return undefined;
  const length = rows.byteLength(row);
  const { start, end } = resolveRange(range, length, key);
  if (rows.kind(row) === ROW_INLINE) return rows.payload(row).slice(start, end);
  if (rows.kind(row) === ROW_NATIVE) {
    const ref = rows.ref(row);
    if (ref?.type === "native") {
      if (start === end) return new Uint8Array(0);
      const isWhole = start === 0 && end === length;
      return assets.readChunk(ref, isWhole ? undefined : { start, end }, signal);
    }
  }
  throw makeError("unimplemented", `${key} is a virtual chunk: fetching those is not built yet`, {
    details: { key, location: rows.location(row) },
  });
}
