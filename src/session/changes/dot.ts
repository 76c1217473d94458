/**
 * Causality of uncommitted writes: dots and version vectors.
 *
 * Every session and fork instance has a random `origin`; each of its writes carries a dot
 * (origin, epoch). The epoch advances when a state that wrote or merged leaves (fork, toBytes, being
 * merged).
 * A version vector says, per origin, up to which epoch a state holds everything. It decides in a merge
 * what is new, what is known, and what overlaps; `past.ts` has what else is known.
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

/** A version vector with those entries. */
export function growingVector(entries: Iterable<readonly [string, number]>): GrowingVector {
  const vector: GrowingVector = new OrderedMap(compareUtf8);
  for (const [origin, epoch] of entries) vector.set(origin, epoch);
  return vector;
}

/** Whether a state of `vector` holds (or has superseded) the write `dot`. */
export function isCovered(vector: VersionVector, dot: Dot): boolean {
  return (vector.get(dot.origin) ?? 0) >= dot.epoch;
}
