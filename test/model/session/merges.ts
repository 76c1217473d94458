/** Forks and their merge in the model: a write is known, or not, by its number. */
import { copyOf } from "./commits.ts";
import {
  type ChunkWrite,
  isBelow,
  isInside,
  type Model,
  type ModelNode,
  type ModelState,
  type NodeWrite,
  noWrites,
  type Writes,
} from "./model.ts";

/** What to do with a chunk that both sides wrote. */
export type Policy = "error" | "ours" | "theirs";

export function forkOf(parent: ModelState): ModelState {
  const overlay = over(parent.overlay, parent.own);
  const isUntouched = overlay.nodes.size === 0 && overlay.chunks.size === 0;
  const seen: ReadonlySet<number> = isUntouched ? new Set() : parent.seen;
  return {
    kind: "fork",
    branch: undefined,
    base: parent.base,
    overlay,
    own: noWrites(),
    seen: new Set(seen),
    need: new Set(seen),
    isFinished: false,
  };
}

/** The fork as its bytes hold it, or as it is opened from them. */
export function copyOfFork(fork: ModelState): ModelState {
  return { ...fork, own: copyOf(fork.own), seen: new Set(fork.seen) };
}

function over(lower: Writes, upper: Writes): Writes {
  return {
    nodes: new Map([...lower.nodes, ...upper.nodes]),
    chunks: new Map([...lower.chunks, ...upper.chunks]),
  };
}

/** Merges forks in order, all or none; gives "ok" or the kind of the error. */
export function merge(
  model: Model,
  receiver: ModelState,
  forks: readonly ModelState[],
  policy: Policy,
): string {
  const result = { ...receiver, own: copyOf(receiver.own), seen: new Set(receiver.seen) };
  for (const fork of forks) {
    const outcome = new Merge(model, result, fork, policy).run();
    if (outcome !== "ok") return outcome;
  }
  receiver.own = result.own;
  receiver.seen = result.seen;
  return "ok";
}

class Merge {
  readonly #model: Model;
  readonly #receiver: ModelState;
  readonly #fork: ModelState;
  readonly #policy: Policy;
  /** The receiver's writes and nodes as they were. */
  readonly #before: Writes;
  readonly #nodesBefore: ReadonlyMap<string, ModelNode>;

  constructor(model: Model, receiver: ModelState, fork: ModelState, policy: Policy) {
    this.#model = model;
    this.#receiver = receiver;
    this.#fork = fork;
    this.#policy = policy;
    this.#before = over(receiver.overlay, receiver.own);
    this.#nodesBefore = model.nodes(receiver);
  }

  run(): string {
    const { base, need } = this.#fork;
    if (base !== this.#receiver.base) return "fork-base-mismatch";
    if (![...need].every((number) => this.#receiver.seen.has(number))) return "fork-base-mismatch";
    const taken = this.#nodesToTake();
    if (taken === undefined || this.#breaksHierarchy(taken) || !this.#takeNodes(taken)) {
      return "merge-failed";
    }
    const overlaps = this.#mergeChunks();
    if (overlaps === undefined || !this.#chunksFit()) return "merge-failed";
    if (overlaps > 0) return "merge-overlap";
    this.#learn();
    return "ok";
  }

  /** To have merged something new is a change of its own: forks that know it are for those who do. */
  #learn(): void {
    const { seen } = this.#receiver;
    const sizeBefore = seen.size;
    for (const number of this.#fork.seen) seen.add(number);
    if (seen.size > sizeBefore) seen.add(this.#model.number());
  }

  #isNewToUs = ({ number }: { number: number }): boolean => !this.#receiver.seen.has(number);
  #isNewToThem = ({ number }: { number: number }): boolean => !this.#fork.seen.has(number);

  /** `undefined` if both sides wrote a node differently, not knowing of each other. */
  #nodesToTake(): Map<string, NodeWrite> | undefined {
    const taken = new Map<string, NodeWrite>();
    for (const [path, theirs] of this.#fork.own.nodes) {
      if (!this.#isNewToUs(theirs)) continue;
      const ours = this.#before.nodes.get(path);
      if (ours === undefined || !this.#isNewToThem(ours)) taken.set(path, theirs);
      else if (!isSameNode(ours.node, theirs.node)) return undefined;
    }
    return taken;
  }

  #breaksHierarchy(taken: ReadonlyMap<string, NodeWrite>): boolean {
    const unseen = [...this.#before.nodes].filter(([, write]) => this.#isNewToThem(write));
    const isBroken = (
      blockers: readonly (readonly [string, NodeWrite])[],
      children: readonly (readonly [string, NodeWrite])[],
    ): boolean =>
      blockers.some(
        ([above, { node }]) =>
          node?.metadata.type !== "group" &&
          children.some(([path, child]) => child.node !== undefined && isBelow(path, above)),
      );
    return isBroken([...taken], unseen) || isBroken(unseen, [...taken]);
  }

  /** False if a node would go whose chunks the receiver wrote, unknown to the fork. */
  #takeNodes(taken: ReadonlyMap<string, NodeWrite>): boolean {
    const { own } = this.#receiver;
    for (const [path, write] of taken) {
      const replaced = this.#nodesBefore.get(path);
      if (replaced !== undefined && replaced.id !== write.node?.id) {
        for (const [key, chunk] of this.#before.chunks) {
          if (chunk.nodeId !== replaced.id) continue;
          if (this.#isNewToThem(chunk)) return false;
          own.chunks.delete(key);
        }
      }
      own.nodes.set(path, write);
    }
    return true;
  }

  /** How many chunks both sides wrote; `undefined` if chunks have lost their array. */
  #mergeChunks(): number | undefined {
    const after = new Map(
      [...this.#model.nodes(this.#receiver).values()].map((node) => [node.id, node] as const),
    );
    const byNode = new Map<number, [string, ChunkWrite][]>();
    for (const entry of this.#fork.own.chunks) {
      byNode.set(entry[1].nodeId, [...(byNode.get(entry[1].nodeId) ?? []), entry]);
    }
    let overlaps = 0;
    for (const [nodeId, writes] of byNode) {
      if (after.get(nodeId)?.metadata.type !== "array") {
        if (writes.some(([, write]) => this.#isNewToUs(write))) return undefined;
        continue;
      }
      for (const [key, theirs] of writes) {
        if (!this.#isNewToUs(theirs)) continue;
        const ours = this.#before.chunks.get(key);
        if (ours !== undefined && this.#isNewToThem(ours)) {
          if (isSameChunk(ours, theirs)) continue;
          if (this.#policy === "error") overlaps++;
          if (this.#policy !== "theirs") continue;
        }
        this.#receiver.own.chunks.set(key, theirs);
      }
    }
    return overlaps;
  }

  /**
   * Metadata from one side and chunks from the other, unknown to each other, must go together; also
   * chunks that the policy drops.
   */
  #chunksFit(): boolean {
    const after = this.#model.nodes(this.#receiver);
    const theirNodes = this.#model.nodes(this.#fork);
    const fits = (path: string, writtenUnder: ModelNode | undefined, chunk: ChunkWrite) => {
      const result = after.get(path)?.metadata;
      if (result?.type !== "array") return true;
      const isSame = writtenUnder?.metadata.meaning === result.meaning;
      return isSame && isInside(chunk.at, result.grid);
    };
    for (const chunk of this.#fork.own.chunks.values()) {
      if (!this.#isNewToUs(chunk)) continue;
      for (const [path, ours] of this.#before.nodes) {
        if (ours.node?.id !== chunk.nodeId || !this.#isNewToThem(ours)) continue;
        if (!fits(path, theirNodes.get(path), chunk)) return false;
      }
    }
    for (const [path, theirs] of this.#fork.own.nodes) {
      if (theirs.node?.metadata.type !== "array" || !this.#isNewToUs(theirs)) continue;
      for (const chunk of this.#before.chunks.values()) {
        if (chunk.nodeId !== theirs.node.id || !this.#isNewToThem(chunk)) continue;
        if (!fits(path, this.#nodesBefore.get(path), chunk)) return false;
      }
    }
    return true;
  }
}

function isSameNode(a: ModelNode | undefined, b: ModelNode | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.id === b.id && a.metadata.text === b.metadata.text;
}

function isSameChunk({ chunk: a }: ChunkWrite, { chunk: b }: ChunkWrite): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.object === b.object && a.text === b.text;
}
