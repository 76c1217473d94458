/**
 * Which of an array's manifests answers for a chunk: the first one whose extents contain its
 * coordinates. Spec: docs/format.md "Extents". Among many, only those in the same stretch of every
 * dimension are looked at: extents that overlap along a dimension, or are joined by others that
 * do, are one stretch of it. Of manifests that split a grid that is one or few.
 */
import { boxContains } from "../../base/coordinates.ts";
import type { ManifestRef } from "../../format/snapshot/array-data.ts";

/** Up to here a walk over all of them is as fast. */
const WALKED_MAX = 8;
const NONE: readonly ManifestRef[] = [];

/** The manifest that answers for `coordinates`, if any. */
export function manifestOf(
  manifests: readonly ManifestRef[],
  coordinates: ArrayLike<number>,
): ManifestRef | undefined {
  const candidates =
    manifests.length <= WALKED_MAX ? manifests : groupsOf(manifests).around(coordinates);
  for (const manifest of candidates) {
    if (boxContains(manifest.extents, coordinates)) return manifest;
  }
  return undefined;
}

/** Lists of manifests are those of snapshots: they never change. */
const known = new WeakMap<readonly ManifestRef[], ManifestGroups>();

function groupsOf(manifests: readonly ManifestRef[]): ManifestGroups {
  let groups = known.get(manifests);
  if (groups === undefined) {
    groups = new ManifestGroups(manifests);
    known.set(manifests, groups);
  }
  return groups;
}

/** Manifests by the stretches that they lie in, in the order of their list. */
class ManifestGroups {
  /** Per dimension, where stretches start. */
  readonly #starts: readonly (readonly number[])[];
  readonly #groups = new Map<number, ManifestRef[]>();

  constructor(manifests: readonly ManifestRef[]) {
    // A file of others may have extents of several ranks: dimensions that not all have say nothing.
    const ranks = manifests.map(({ extents }) => extents.length);
    const rank = ranks.reduce((least, one) => Math.min(least, one));
    this.#starts = Array.from({ length: rank }, (_, d) => stretchesAlong(manifests, d));
    for (const manifest of manifests) {
      const key = this.#keyOf(manifest.extents.map(({ start }) => start));
      const group = this.#groups.get(key);
      if (group === undefined) this.#groups.set(key, [manifest]);
      else group.push(manifest);
    }
  }

  /** All that can contain `coordinates`, and maybe others. */
  around(coordinates: ArrayLike<number>): readonly ManifestRef[] {
    return this.#groups.get(this.#keyOf(coordinates)) ?? NONE;
  }

  /** Equal for what lies in the same stretches. Where numbers get too large, for some others, too. */
  #keyOf(coordinates: ArrayLike<number>): number {
    let key = 0;
    for (const [d, starts] of this.#starts.entries()) {
      key = key * (starts.length + 1) + countUpTo(starts, coordinates[d] as number);
    }
    return key;
  }
}

function stretchesAlong(manifests: readonly ManifestRef[], dimension: number): number[] {
  const extents = manifests.flatMap(({ extents: box }) => box[dimension] ?? []);
  extents.sort((a, b) => a.start - b.start);
  const starts: number[] = [];
  let reached = 0;
  for (const { start, end } of extents) {
    if (starts.length === 0 || start >= reached) starts.push(start);
    reached = Math.max(reached, end);
  }
  return starts;
}

/** How many of the sorted numbers are at most `value`. */
function countUpTo(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
