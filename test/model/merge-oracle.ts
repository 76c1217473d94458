/**
 * The merge rule as a small program over sets: every state knows the full causal past of its
 * writes. The real sessions must agree with it on what is taken, skipped, refused and overlapping.
 * The writes are chunks of one array, and its metadata as far as that decides what chunks mean.
 */

/** One write: unique number, value (`undefined` = deleted), and its (origin, epoch). */
export interface OracleWrite {
  readonly number: number;
  readonly value: string | undefined;
  readonly dot: readonly [origin: number, epoch: number];
}

/** A session or fork. */
export interface OracleState {
  id: number;
  epoch: number;
  dirty: boolean;
  version: Map<number, number>;
  readonly need: Map<number, number>;
  readonly overlay: Map<number, OracleWrite>;
  own: Map<number, OracleWrite>;
  /** Numbers of all writes this state has seen. */
  seen: Set<number>;
  readonly needSeen: Set<number>;
}

/** The key of the array's metadata; the others are its chunks. */
const METADATA = -1;
/** What chunks mean in the base. */
export const BASE_MEANING = "0";

/** What a merge came to. */
export type OracleOutcome = "merged" | "base-mismatch" | "metadata" | "overlap";

/** Makes and evolves states. Numbers are unique per oracle. */
export class MergeOracle {
  #nextId = 0;
  #nextWrite = 0;

  fresh(overlay: OracleState["overlay"] = new Map(), parent?: OracleState): OracleState {
    return {
      id: this.#nextId++,
      epoch: 1,
      dirty: false,
      version: new Map(parent?.version),
      need: new Map(parent?.version),
      overlay,
      own: new Map(),
      seen: new Set(parent?.seen),
      needSeen: new Set(parent?.seen),
    };
  }

  write(state: OracleState, key: number, value: string | undefined): void {
    const number = this.#nextWrite++;
    state.own.set(key, { number, value, dot: [state.id, state.epoch] });
    state.seen.add(number);
    state.dirty = true;
  }

  /** Gives the array's chunks another meaning. */
  writeMeaning(state: OracleState, meaning: string): void {
    if (meaningOf(state) !== meaning) this.write(state, METADATA, meaning);
  }

  fork(parent: OracleState): OracleState {
    closeEpoch(parent);
    const overlay = current(parent);
    return overlay.size === 0 ? this.fresh() : this.fresh(overlay, parent);
  }

  /** A copy as `toBytes` makes it. */
  bytes(fork: OracleState): OracleState {
    closeEpoch(fork);
    return copy(fork);
  }

  /** A new instance of bytes. */
  load(bytes: OracleState): OracleState {
    return { ...copy(bytes), id: this.#nextId++, epoch: 1, dirty: false };
  }

  /** A session discards everything and starts anew. */
  discard(state: OracleState): void {
    state.id = this.#nextId++;
    state.epoch = 1;
    state.dirty = false;
    state.version = new Map(state.need);
    state.own = new Map();
    state.seen = new Set(state.needSeen);
  }

  merge(
    receiver: OracleState,
    fork: OracleState,
    policy: "error" | "ours" | "theirs",
  ): OracleOutcome {
    closeEpoch(receiver);
    const accepted = covers(receiver.version, fork.need);
    const contained = [...fork.needSeen].every((number) => receiver.seen.has(number));
    if (accepted && !contained) throw new Error("accepts a fork whose overlay is missing");
    if (!accepted) return "base-mismatch";
    const mine = current(receiver);
    const take: [number, OracleWrite][] = [];
    const overlaps: [number, OracleWrite][] = [];
    for (const [key, write] of fork.own) {
      const isKnown = isCovered(receiver.version, write.dot);
      if (isKnown !== receiver.seen.has(write.number))
        throw new Error("versions and history disagree");
      if (isKnown) continue;
      const present = mine.get(key);
      const isSeen = present === undefined || isCovered(fork.version, present.dot);
      if (isSeen !== (present === undefined || fork.seen.has(present.number))) {
        throw new Error("versions and history disagree");
      }
      if (isSeen) take.push([key, write]);
      else if (present?.value !== write.value) overlaps.push([key, write]);
    }
    if (overlaps.some(([key]) => key === METADATA)) return "metadata";
    if (!keepsMeaning(receiver, fork, take)) return "metadata";
    if (overlaps.length > 0 && policy === "error") return "overlap";
    for (const [key, write] of policy === "theirs" ? [...take, ...overlaps] : take) {
      receiver.own.set(key, write);
    }
    for (const [id, epoch] of fork.version) {
      if ((receiver.version.get(id) ?? 0) >= epoch) continue;
      receiver.dirty = true; // Learning is an event of the epoch, so that its name says what was learnt.
      receiver.version.set(id, epoch);
    }
    for (const number of fork.seen) receiver.seen.add(number);
    return "merged";
  }
}

/** What the array's chunks mean in a state. */
export function meaningOf(state: OracleState): string {
  return current(state).get(METADATA)?.value ?? BASE_MEANING;
}

/**
 * Whether no chunk gets a meaning that its writer did not know of: chunks of one side, unseen by the
 * other, under metadata of the other, unseen by the first.
 */
function keepsMeaning(
  receiver: OracleState,
  fork: OracleState,
  take: readonly (readonly [key: number, write: OracleWrite])[],
): boolean {
  const ours = current(receiver);
  const ourMetadata = ours.get(METADATA);
  const theirMetadata = fork.own.get(METADATA);
  const result = take.find(([key]) => key === METADATA)?.[1].value ?? meaningOf(receiver);
  const hasUnseen = (writes: Map<number, OracleWrite>, seen: Set<number>): boolean =>
    [...writes].some(([key, { number }]) => key !== METADATA && !seen.has(number));
  const isOursUnseen = ourMetadata !== undefined && !fork.seen.has(ourMetadata.number);
  if (isOursUnseen && meaningOf(fork) !== result && hasUnseen(fork.own, receiver.seen))
    return false;
  const isTheirsUnseen = theirMetadata !== undefined && !receiver.seen.has(theirMetadata.number);
  return !isTheirsUnseen || meaningOf(receiver) === result || !hasUnseen(ours, fork.seen);
}

/** What a state reads: own writes over the overlay. */
export function current(state: OracleState): Map<number, OracleWrite> {
  return new Map([...state.overlay, ...state.own]);
}

function closeEpoch(state: OracleState): void {
  if (!state.dirty) return;
  state.version.set(state.id, state.epoch);
  state.epoch++;
  state.dirty = false;
}

function copy(state: OracleState): OracleState {
  return {
    ...state,
    version: new Map(state.version),
    own: new Map(state.own),
    seen: new Set(state.seen),
  };
}

function covers(version: Map<number, number>, need: Map<number, number>): boolean {
  return [...need].every(([id, epoch]) => (version.get(id) ?? 0) >= epoch);
}

function isCovered(version: Map<number, number>, [id, epoch]: readonly [number, number]): boolean {
  return (version.get(id) ?? 0) >= epoch;
}
