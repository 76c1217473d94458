/**
 * Causality of uncommitted writes: dots and version vectors.
 *
 * Every session and fork instance has a random `origin`; each of its writes carries a dot
 * (origin, epoch). The epoch advances when a changed state leaves (fork, toBytes, being merged).
 * A version vector says, per origin, up to which epoch a state holds everything. It decides in a merge
 * what is new, what is known, and what overlaps.
 */

import { compareUtf8 } from "../../base/bytes.ts";
import { OrderedMap } from "../../base/ordered-map.ts";

/** Marks a write: who wrote it, in which epoch. Compared by value; shared by all writes of an epoch. */
export interface Dot {
  readonly origin: string;
  readonly epoch: number;
}

/** Per origin, the highest epoch whose writes are all held. */
export type VersionVector = ReadonlyMap<string, number>;

/** A version vector in the making; copies of it cost nothing. */
export type GrowingVector = OrderedMap<string, number>;

export const EMPTY_VECTOR: VersionVector = growingVector(new Map());

/** A copy of `vector`. */
export function growingVector(vector: VersionVector): GrowingVector {
  if (vector instanceof OrderedMap) return vector.clone();
  const copy: GrowingVector = new OrderedMap(compareUtf8);
  for (const [origin, epoch] of vector) copy.set(origin, epoch);
  return copy;
}

/** Whether a state of `vector` holds (or has superseded) the write `dot`. */
export function isCovered(vector: VersionVector, dot: Dot): boolean {
  return (vector.get(dot.origin) ?? 0) >= dot.epoch;
}

/** Whether `vector` holds everything that `need` holds. */
export function covers(vector: VersionVector, need: VersionVector): boolean {
  for (const [origin, epoch] of entriesBeside(need, vector)) {
    if ((vector.get(origin) ?? 0) < epoch) return false;
  }
  return true;
}

/** The least version vector that covers both. Costs what `b` has. */
export function joinVectors(a: VersionVector, b: VersionVector): VersionVector {
  const joined = growingVector(a);
  extendVector(joined, b);
  return joined;
}

/** Makes `vector` cover `more`, too. Costs what `more` has and it has not, in one history. */
export function extendVector(vector: GrowingVector, more: VersionVector): void {
  for (const [origin, epoch] of entriesBeside(more, vector)) {
    if ((vector.get(origin) ?? 0) < epoch) vector.set(origin, epoch);
  }
}

function entriesBeside(vector: VersionVector, other: VersionVector): Iterable<[string, number]> {
  if (!(vector instanceof OrderedMap && other instanceof OrderedMap)) return vector;
  return vector.entriesBeside(other);
}
