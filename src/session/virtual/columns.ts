/** Virtual references of a whole box of chunks as columns: what indexers of archives produce. */

import type { ByteDictionary } from "../../base/byte-dictionary.ts";
import { volumeOf } from "../../base/coordinates.ts";
import { assert } from "../../base/errors.ts";
import { isCount } from "../../base/options.ts";
import type { ChunkTable } from "../changes/chunk-table.ts";
import type { Dot } from "../changes/dot.ts";
import { virtualStrings } from "../changes/set-virtual.ts";
import type { VirtualRows } from "../changes/virtual-rows.ts";
import type { Checksum } from "./ref-list.ts";

/** References of a box of chunks as columns, one entry per chunk of `gridShape` in row-major order. */
export interface VirtualRefColumns {
  /** Chunks per dimension of the box. */
  readonly gridShape: readonly number[];
  /** Coordinates of the box's first chunk; default all 0. */
  readonly gridOffset?: readonly number[] | undefined;
  /** One URL per chunk, or distinct URLs and a code per chunk. Empty: the chunk is left as it is. */
  readonly locations:
    | readonly string[]
    | { readonly dictionary: readonly string[]; readonly codes: Uint32Array };
  /** Bytes. */
  readonly offsets: Float64Array;
  /** Bytes. */
  readonly lengths: Float64Array;
  /** The ETag of every target, if all have one and the same. */
  readonly etag?: string | undefined;
  /** The modification time of every target, stored in seconds, rounded up. */
  readonly lastModified?: Date | undefined;
}

type VirtualColumns = Omit<VirtualRefColumns, "lastModified">;

/** The positions that have a location; `undefined`: all of them. */
export function presentPositions(locations: VirtualColumns["locations"]): Uint32Array | undefined {
  if (!("dictionary" in locations)) {
    if (!locations.includes("")) return undefined;
    return Uint32Array.from(locations.keys()).filter((at) => locations[at] !== "");
  }
  const { dictionary, codes } = locations;
  if (!dictionary.includes("")) return undefined;
  return Uint32Array.from(codes.keys()).filter((at) => dictionary[codes[at] as number] !== "");
}

/** Sets the references of the box; of those at `positions` alone, if given. */
export function setVirtualColumns(
  table: ChunkTable,
  columns: VirtualColumns & Checksum,
  dot: Dot,
  positions?: Uint32Array,
): void {
  const { gridShape, locations, offsets, lengths, etag, lastModifiedSeconds = 0 } = columns;
  assert(gridShape.length === table.rank, "the grid has the rank of the table");
  assert(isCount(lastModifiedSeconds), "a time is a whole number of seconds");
  const count = volumeOf(gridShape);
  const locationCount = "dictionary" in locations ? locations.codes.length : locations.length;
  const isComplete = [locationCount, offsets.length, lengths.length].every((n) => n === count);
  assert(isComplete, "virtual reference columns have one value per position of the grid");
  const strings = virtualStrings(table);
  const etagCode = etag === undefined ? 0 : strings.addText(etag) + 1;
  const rows: VirtualRows = {
    count,
    coordinates: gridCoordinates(columns, count),
    locations: locationCodes(strings, locations, count),
    etags: etagCode === 0 ? undefined : new Uint32Array(count).fill(etagCode),
    offsets,
    lengths,
    lastModifieds:
      lastModifiedSeconds === 0 ? undefined : new Float64Array(count).fill(lastModifiedSeconds),
  };
  const chosen = positions === undefined ? rows : rowsAt(rows, positions, table.rank);
  table.setVirtualRows(chosen, dot);
}

function rowsAt(rows: VirtualRows, positions: Uint32Array, rank: number): VirtualRows {
  const { length: count } = positions;
  const coordinates = new Uint32Array(count * rank);
  for (const [i, at] of positions.entries()) {
    coordinates.set(rows.coordinates.subarray(at * rank, (at + 1) * rank), i * rank);
  }
  const locations = positions.map((at) => rows.locations[at] as number);
  const offsets = Float64Array.from(positions, (at) => rows.offsets[at] as number);
  const lengths = Float64Array.from(positions, (at) => rows.lengths[at] as number);
  const etags = rows.etags?.subarray(0, count); // All are the same.
  const lastModifieds = rows.lastModifieds?.subarray(0, count);
  return { count, coordinates, locations, etags, offsets, lengths, lastModifieds };
}

function locationCodes(
  strings: ByteDictionary,
  locations: VirtualColumns["locations"],
  count: number,
): Uint32Array {
  const codes = new Uint32Array(count);
  if (!("dictionary" in locations)) {
    for (let i = 0; i < count; i++) codes[i] = strings.addText(locations[i] as string);
    return codes;
  }
  const ofDictionary = Uint32Array.from(locations.dictionary, (text) => strings.addText(text));
  const given = locations.codes;
  for (let i = 0; i < count; i++) {
    const code = given[i] as number;
    assert(code < ofDictionary.length, "location codes lie inside their dictionary");
    codes[i] = ofDictionary[code] as number;
  }
  return codes;
}

/** The coordinates of every position. */
function gridCoordinates(
  { gridShape, gridOffset }: Pick<VirtualColumns, "gridShape" | "gridOffset">,
  count: number,
): Uint32Array {
  const rank = gridShape.length;
  const start = gridOffset ?? gridShape.map(() => 0);
  assert(start.length === rank, "the grid's offset has the rank of the grid");
  const coordinates = new Uint32Array(count * rank);
  const last = Float64Array.from(gridShape, (length, d) => (start[d] as number) + length - 1);
  const fits = count === 0 || last.every((coordinate) => coordinate >>> 0 === coordinate);
  assert(fits, "chunk coordinates are 32-bit unsigned integers");
  if (count === 0) return coordinates;
  coordinates.set(start);
  for (let at = rank; at < coordinates.length; at += rank) {
    let d = rank - 1;
    for (; d > 0 && coordinates[at - rank + d] === last[d]; d--)
      coordinates[at + d] = start[d] as number;
    coordinates[at + d] = (coordinates[at - rank + d] as number) + 1;
    for (d--; d >= 0; d--) coordinates[at + d] = coordinates[at - rank + d] as number;
  }
  return coordinates;
}
