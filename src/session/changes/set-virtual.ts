/** Setting virtual references in a chunk table: what brings their code along. */
import type { ByteDictionary } from "../../base/byte-dictionary.ts";
import type { VirtualRef } from "../../format/manifest/chunk-ref.ts";
import type { ChunkTable } from "./chunk-table.ts";
import type { Dot } from "./dot.ts";
import { VirtualTargets } from "./virtual-targets.ts";

/**
 * The strings of a table that may hold virtual references from now on: their numbers in it, valid
 * until another kind of write, are what the table is given.
 */
export function virtualStrings(table: ChunkTable): ByteDictionary {
  return table.admitVirtual(() => new VirtualTargets()).strings;
}

/** Sets bytes [offset, offset + length) of an object elsewhere. */
export function setVirtual(
  table: ChunkTable,
  coordinates: ArrayLike<number>,
  ref: Omit<VirtualRef, "type">,
  dot: Dot,
): void {
  const { offset, length, etag, lastModifiedSeconds = 0 } = ref;
  const strings = virtualStrings(table);
  const location = strings.addText(ref.location);
  const etagCode = etag === undefined ? 0 : strings.addText(etag) + 1;
  const coded = { location, etag: etagCode, offset, length, lastModifiedSeconds };
  table.setVirtualCoded(coordinates, coded, dot);
  table.limitStrings();
}
