/**
 * Causality of uncommitted writes: dots and version vectors.
 *
 * Every session and fork instance has a random `origin`; each of its writes carries a dot
 * (origin, epoch). The epoch advances when a changed state leaves (fork, toBytes, being merged).
 * A version vector says, per origin, up to which epoch a state holds everything. It decides in a merge
 * what is new, what is known, and what overlaps.
 */

/** Marks a write: who wrote it, in which epoch. Compared by value; shared by all writes of an epoch. */
export interface Dot {
  readonly origin: string;
  readonly epoch: number;
}

/** Per origin, the highest epoch whose writes are all held. */
export type VersionVector = ReadonlyMap<string, number>;

export const EMPTY_VECTOR: VersionVector = new Map();

/** Whether a state of `vector` holds (or has superseded) the write `dot`. */
export function isCovered(vector: VersionVector, dot: Dot): boolean {
  return (vector.get(dot.origin) ?? 0) >= dot.epoch;
}

/** Whether `vector` holds everything that `need` holds. */
export function covers(vector: VersionVector, need: VersionVector): boolean {
  for (const [origin, epoch] of need) if ((vector.get(origin) ?? 0) < epoch) return false;
  return true;
}

/** The least version vector that covers both. */
export function joinVectors(a: VersionVector, b: VersionVector): VersionVector {
  const joined = new Map(a);
  extendVector(joined, b);
  return joined;
}

/** Makes `vector` cover `more`, too. Costs what `more` has, however much `vector` holds. */
export function extendVector(vector: Map<string, number>, more: VersionVector): void {
  for (const [origin, epoch] of more) {
    if ((vector.get(origin) ?? 0) < epoch) vector.set(origin, epoch);
  }
}
