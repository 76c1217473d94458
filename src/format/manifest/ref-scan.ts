/** Looks at an array's references once: whether all lie inside the buffer, and their order. */
import {
  compareCoordinates,
  orderByCoordinates,
  TightBox,
  volumeOf,
} from "../../base/coordinates.ts";
import type { ManifestBuffer } from "./buffer.ts";
import { failManifest, type RefVtable } from "./ref-vtables.ts";

/** What a scan found. */
interface RefScan {
  readonly firstRank: number;
  /** The rank that most references have. */
  readonly commonRank: number;
  /** All of one rank, strictly ascending. */
  readonly isSorted: boolean;
  /** Sorted, and exactly the chunks of the box from the first to the last one. */
  readonly isBox: boolean;
  /** If they are sorted: the box around them. */
  readonly box: TightBox;
}

/** Checks that all tables and indices lie inside the buffer, and looks at their order. */
export function scanRefs(buffer: ManifestBuffer, slotsAt: number, count: number): RefScan {
  const { view, vtables, object } = buffer;
  const end = view.byteLength;
  const ranks = new Map<number, number>();
  let vtableOfLast = Number.NaN;
  let vtable: RefVtable | undefined;
  let previous = -1; // Position of the previous index's length.
  let firstRank = -1;
  let isSorted = true;
  let indexBytes = 0;
  let box = new TightBox(0);
  for (let slot = slotsAt, slotsEnd = slotsAt + 4 * count; slot < slotsEnd; slot += 4) {
    const table = slot + view.getUint32(slot, true);
    if (table + 4 > end) failManifest(object, slot, "offset points behind the end");
    const vtableAt = table - view.getInt32(table, true);
    if (vtableAt !== vtableOfLast || vtable === undefined) {
      vtable = vtables.get(vtableAt);
      vtableOfLast = vtableAt;
    }
    if (table + vtable.tableBytes > end)
      failManifest(object, table, "table reaches behind the end");
    const field = table + vtable.indexAt;
    const index = field + view.getUint32(field, true);
    if (index + 4 > end) failManifest(object, field, "index starts behind the end");
    const rank = view.getUint32(index, true);
    if (index + 4 + 4 * rank > end) failManifest(object, index, "index reaches behind the end");
    // Indices that overlap would make the scan quadratic in the file's size.
    indexBytes += 4 * rank;
    if (indexBytes > end) failManifest(object, index, "indices overlap");
    if (firstRank === -1) {
      firstRank = rank;
      box = new TightBox(rank);
    } else if (rank !== firstRank) isSorted = false;
    else if (isSorted) isSorted = isAscending(view, previous, index, rank);
    for (let d = 0; isSorted && d < rank; d++)
      box.cover(d, view.getUint32(index + 4 + 4 * d, true));
    if (ranks.size > 0 || rank !== firstRank)
      countRank(ranks, rank, (slot - slotsAt) / 4, firstRank);
    previous = index;
  }
  let commonRank = firstRank;
  for (const [rank, refs] of ranks) {
    if (refs > (ranks.get(commonRank) ?? 0)) commonRank = rank;
  }
  const isBox = isSorted && volumeOf(box.lengths()) === count;
  return { firstRank, commonRank, isSorted, isBox, box };
}

/** Counts a rank; `before` references of `firstRank` came before the first one of another rank. */
function countRank(
  ranks: Map<number, number>,
  rank: number,
  before: number,
  firstRank: number,
): void {
  if (ranks.size === 0) ranks.set(firstRank, before);
  ranks.set(rank, (ranks.get(rank) ?? 0) + 1);
}

function isAscending(view: DataView, previous: number, index: number, rank: number): boolean {
  for (let at = 4; at <= 4 * rank; at += 4) {
    const a = view.getUint32(previous + at, true);
    const b = view.getUint32(index + at, true);
    if (a !== b) return a < b;
  }
  return false;
}

/** Slots of the references of `rank`, sorted by coordinates; of equal ones the first in the file. */
export function sortedSlots(
  buffer: ManifestBuffer,
  slotsAt: number,
  count: number,
  rank: number,
): Uint32Array {
  const { view, vtables } = buffer;
  const slots: number[] = [];
  const indices: number[] = [];
  for (let i = 0; i < count; i++) {
    const slot = slotsAt + 4 * i;
    const table = slot + view.getUint32(slot, true);
    const field = table + vtables.get(table - view.getInt32(table, true)).indexAt;
    const index = field + view.getUint32(field, true);
    if (view.getUint32(index, true) !== rank) continue;
    slots.push(i);
    indices.push(index);
  }
  const coordinates = new Uint32Array(slots.length * rank);
  for (const [row, index] of indices.entries()) {
    for (let d = 0; d < rank; d++) {
      coordinates[row * rank + d] = view.getUint32(index + 4 + 4 * d, true);
    }
  }
  const order = orderByCoordinates(coordinates, rank, slots.length);
  const isRepeated = (at: number): boolean => {
    const a = (order[at - 1] as number) * rank;
    return (
      compareCoordinates(coordinates, a, coordinates, (order[at] as number) * rank, rank) === 0
    );
  };
  let length = 0;
  const sorted = new Uint32Array(order.length);
  for (let at = 0; at < order.length; at++) {
    if (at === 0 || !isRepeated(at)) sorted[length++] = slots[order[at] as number] as number;
  }
  return sorted.slice(0, length);
}
