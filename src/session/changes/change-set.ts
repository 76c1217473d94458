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

/** Changes of nodes by path, in the order of its UTF-8 bytes. */
export type NodeChanges = OrderedMap<string, NodeChange>;

/** Uncommitted changes. Chunk tables of nodes that were deleted are dropped. */
export interface ChangeSet {
  readonly nodes: NodeChanges;
  readonly chunks: Map<string, ChunkTable>;
}

/** Those changes by path. */
export function nodeChanges(changes: Iterable<NodeChange> = []): NodeChanges {
  const nodes: NodeChanges = new OrderedMap(compareUtf8);
  for (const change of changes) nodes.set(change.path, change);
  return nodes;
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

/** A change set without changes. */
export function emptyChangeSet(): ChangeSet {
  return { nodes: nodeChanges(), chunks: new Map() };
}

/** Paths of all changed nodes; later change sets win. */
export function pathsById(layers: readonly ChangeSet[]): Map<string, string> {
  const paths = new Map<string, string>();
  for (const { nodes } of layers) {
    for (const { path, node } of nodes.values()) if (node !== undefined) paths.set(node.id, path);
  }
  return paths;
}
