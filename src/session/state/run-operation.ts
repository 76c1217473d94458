/**
 * Operations of several steps (`writeRegion`, `resize`, `toZarr`): known to the session from their
 * start, so that a commit waits for all their steps, and held to the nodes that they have read.
 */
import { equalBytes } from "../../base/bytes.ts";
import type { NodeState } from "../changes/change-set.ts";
import { assertSameArray, nodeChanged } from "../changes/same-array.ts";
import { getState } from "./access.ts";
import { type Operation, operationStoreOf } from "./operation.ts";
import { assertIdle, trackWrite } from "./writing.ts";

const operationStores = new WeakSet<object>();

/**
 * Runs an operation on the session behind `store`. A commit, merge or rebase called meanwhile waits
 * for its end. Inside another operation it is a part of that one. Of a store that only looks like
 * ours the steps are writes like any other.
 * @throws {session-busy} a commit, merge or rebase is running
 */
export async function runOperation<S extends object, T>(
  name: string,
  store: S,
  session: unknown,
  work: (store: S) => Promise<T>,
): Promise<T> {
  const state = getState(session);
  // A session that takes no writes says so when there is something to write.
  if (state?.mode !== "writable" || operationStores.has(store)) return work(store);
  assertIdle(state, name);
  const operation = new RunningOperation(name, state.generation);
  return trackWrite(state, runSteps(operation, store, work), name);
}

async function runSteps<S extends object, T>(
  operation: RunningOperation,
  store: S,
  work: (store: S) => Promise<T>,
): Promise<T> {
  const own = operationStoreOf(store, operation) as S | undefined;
  if (own !== undefined) operationStores.add(own);
  try {
    return await work(own ?? store);
  } finally {
    operation.isOpen = false;
  }
}

class RunningOperation implements Operation {
  isOpen = true;
  readonly name: string;
  readonly generation: number;
  /** As last read or written; `undefined` where nothing was. */
  readonly #nodes = new Map<string, NodeState | undefined>();

  constructor(name: string, generation: number) {
    this.name = name;
    this.generation = generation;
  }

  noteRead(path: string, node: NodeState | undefined): void {
    this.assertArrayStays(path, node);
    this.#nodes.set(path, node);
  }

  noteWrite(path: string, node: NodeState | undefined): void {
    this.#nodes.set(path, node);
  }

  assertArrayStays(path: string, node: NodeState | undefined): void {
    const before = this.#nodes.get(path);
    if (before?.array !== undefined) assertSameArray(before, node, this.name);
  }

  assertNodeStays(path: string, node: NodeState | undefined): void {
    if (!this.#nodes.has(path)) return;
    const before = this.#nodes.get(path);
    if (before === node) return;
    const isSame =
      before !== undefined && node?.id === before.id && equalBytes(node.userData, before.userData);
    if (!isSame) throw nodeChanged(path, this.name);
  }
}
