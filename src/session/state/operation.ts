/** What a store knows of the operation of several steps that it was made for. */
import type { NodeState } from "../changes/change-set.ts";

/** An operation of several steps under way, as its store sees it. */
export interface Operation {
  /** What was called, and its path. */
  readonly name: string;
  /** The session's when it began: once changes are discarded, its steps write nothing. */
  readonly generation: number;
  /** Its steps go on while a commit waits for them. */
  readonly isOpen: boolean;
  /**
   * Remembers the node that a step has read at `path`, unless an earlier one read another array.
   * @throws {node-not-found} @throws {node-changed}
   */
  noteRead(path: string, node: NodeState | undefined): void;
  /** Remembers what a step has left at `path`. */
  noteWrite(path: string, node: NodeState | undefined): void;
  /** Before a chunk is written: is its array what was read? @throws {node-not-found} @throws {node-changed} */
  assertArrayStays(path: string, node: NodeState | undefined): void;
  /** Before a zarr.json is written. @throws {node-changed} it is not what a step has read */
  assertNodeStays(path: string, node: NodeState | undefined): void;
}

/** Makes a store whose writes are steps of the operation. */
type StoreMaker = (operation: Operation) => object;

const makers = new WeakMap<object, StoreMaker>();

/** Remembers how the stores of operations are made of `store`. */
export function rememberStoreMaker(store: object, maker: StoreMaker): void {
  makers.set(store, maker);
}

/** The store of an operation; `undefined` for stores that only look like ours. */
export function operationStoreOf(store: object, operation: Operation): object | undefined {
  return makers.get(store)?.(operation);
}
