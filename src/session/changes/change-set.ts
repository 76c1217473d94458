/**
 * What a session has changed and not committed: nodes by path, chunk references by node id.
 * Plain data with causality marks; what it means over a base is `view/`.
 */
import { compareUtf8 } from "../../base/bytes.ts";
import { OrderedMap } from "../../base/ordered-map.ts";
import { childEntries, entriesBelow } from "../../format/path-runs.ts";
import type { DimensionShape } from "../../format/snapshot/array-data.ts";
import type { ChunkTable } from "./chunk-table.ts";
import type { Dot } from "./dot.ts";

/** What the engine reads out of an array's zarr.json. */
export interface ArrayMetadata {
  readonly shape: readonly DimensionShape[];
  readonly dimensionNames?: readonly (string | null)[] | undefined;
  /**
   * Canonical JSON of dtype, chunk grid, key encoding, codecs and fill value: equal = same chunk
   * bytes. Absent for nodes of a snapshot: `arraySignature` reads it.
   */
  readonly signature?: string | undefined;
}

/** A node as the session sees it. `userData` is its zarr.json, byte for byte. */
export interface NodeState {
  readonly id: string;
  readonly path: string;
  readonly type: "array" | "group";
  readonly userData: Uint8Array;
  /** Present for arrays only. */
  readonly array?: ArrayMetadata | undefined;
}

/** The node that the base snapshot has at a changed path. */
export interface BaseNode {
  readonly id: string;
  readonly type: "array" | "group";
}

/** The current state of one changed path. */
export interface NodeChange {
  readonly path: string;
  /** `undefined`: the base has nothing there. Same id as `node`: an update. */
  readonly base?: BaseNode | undefined;
  /** `undefined`: deleted. */
  readonly node?: NodeState | undefined;
  readonly dot: Dot;
}

/** Chunk tables by node id. */
export type ChunkTables = OrderedMap<string, ChunkTable>;

/** Uncommitted changes. Chunk tables of nodes that were deleted are dropped. */
export interface ChangeSet {
  readonly nodes: NodeChanges;
  readonly chunks: ChunkTables;
  /** Tables with the same owner are this change set's alone: `shared-tables.ts` */
  owner: object;
}

/** Changes of nodes by path, in the order of its UTF-8 bytes. */
export class NodeChanges extends OrderedMap<string, NodeChange> {
  /** By node id. */
  #paths: OrderedMap<string, string>;

  constructor(changes: Iterable<NodeChange> = [], compare = compareUtf8) {
    super(compare);
    this.#paths = new OrderedMap(compareUtf8);
    for (const change of changes) this.set(change.path, change);
  }

  /** Where the node of that id is. */
  pathOf(nodeId: string): string | undefined {
    return this.#paths.get(nodeId);
  }

  override clone(): NodeChanges {
    const copy = new NodeChanges();
    this.cloneInto(copy);
    copy.#paths = this.#paths.clone();
    return copy;
  }

  override set(path: string, change: NodeChange): this {
    this.#forgetId(path, change.node?.id);
    if (change.node !== undefined) this.#paths.set(change.node.id, path);
    return super.set(path, change);
  }

  override delete(path: string): boolean {
    this.#forgetId(path, undefined);
    return super.delete(path);
  }

  #forgetId(path: string, newId: string | undefined): void {
    const id = this.get(path)?.node?.id;
    if (id !== undefined && id !== newId && this.#paths.get(id) === path) this.#paths.delete(id);
  }
}

/** The change at `path`, if any, then those below it. */
export function* changesUnder(nodes: NodeChanges, path: string): Iterable<NodeChange> {
  const top = nodes.get(path);
  if (top !== undefined) yield top;
  yield* entriesBelow(path, (start) => nodes.valuesFrom(start));
}

/** The changes right below `path`. */
export function changedChildren(nodes: NodeChanges, path: string): Iterable<NodeChange> {
  return childEntries(path, (start) => nodes.valuesFrom(start));
}

/** Those tables by node id. */
export function chunkTables(
  tables: Iterable<readonly [nodeId: string, table: ChunkTable]> = [],
): ChunkTables {
  const chunks: ChunkTables = new OrderedMap(compareUtf8);
  for (const [nodeId, table] of tables) chunks.set(nodeId, table);
  return chunks;
}

/** Changes of their own. */
export function changeSetOf(nodes = new NodeChanges(), chunks = chunkTables()): ChangeSet {
  return { nodes, chunks, owner: {} };
}

/** The path of a node by its id, own changes before those below. */
export function changedPathOf(
  { own, overlay }: { readonly own: ChangeSet; readonly overlay: ChangeSet },
  nodeId: string,
): string | undefined {
  return own.nodes.pathOf(nodeId) ?? overlay.nodes.pathOf(nodeId);
}
