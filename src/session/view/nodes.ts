/**
 * Nodes as a session sees them: its own changes over the overlay over the base snapshot.
 * Pure lookups; `store/node-write.ts` has the edits.
 */
import { compareUtf8 } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import type { ArrayData } from "../../format/snapshot/array-data.ts";
import type { NodeSnapshot } from "../../format/snapshot/read.ts";
import {
  type ArrayMetadata,
  changedChildren,
  changesUnder,
  type NodeChange,
  type NodeChanges,
  type NodeState,
} from "../changes/change-set.ts";
import type { Layers } from "../state/layers.ts";

const stateOfNode = new WeakMap<NodeSnapshot, NodeState>();

/** A snapshot's node in the session's form. Its zarr.json is not read. */
function nodeStateOf(node: NodeSnapshot): NodeState {
  const known = stateOfNode.get(node);
  if (known !== undefined) return known;
  const { id, path, userData, data } = node;
  const array =
    data.type === "array" ? { shape: data.shape, dimensionNames: data.dimensionNames } : undefined;
  const state: NodeState = { id, path, type: data.type, userData, array };
  stateOfNode.set(node, state);
  return state;
}

/** The pending change at `path`, own before overlay. */
export function changeAt(layers: Layers, path: string): NodeChange | undefined {
  return layers.own.nodes.get(path) ?? layers.overlay.nodes.get(path);
}

/** The node at `path`, or `undefined`. */
export function nodeAt(layers: Layers, path: string): NodeState | undefined {
  const change = changeAt(layers, path);
  if (change !== undefined) return change.node;
  const node = layers.base.node(path);
  return node === undefined ? undefined : nodeStateOf(node);
}

/** The node at `path`. @throws {node-not-found} */
export function mustGetNode(layers: Layers, path: string): NodeState {
  const node = nodeAt(layers, path);
  if (node !== undefined) return node;
  throw makeError("node-not-found", `there is no array or group at ${path}`, { details: { path } });
}

/** The array at `path`. @throws {node-not-found} @throws {not-an-array} */
export function mustGetArray(layers: Layers, path: string): ArrayNode {
  const node = mustGetNode(layers, path);
  if (node.array !== undefined) return node as ArrayNode;
  throw makeError("not-an-array", `${path} is a group, expected an array`, { details: { path } });
}

/** The base snapshot's array data of `node`; `undefined` if the base does not have this very node. */
export function baseNodeOf(layers: Pick<Layers, "base">, node: NodeState): ArrayData | undefined {
  const inBase = layers.base.node(node.path);
  return inBase?.id === node.id && inBase.data.type === "array" ? inBase.data : undefined;
}

/** A node that is an array. */
export interface ArrayNode extends NodeState {
  readonly array: ArrayMetadata;
}

/** The node at `path` and all below it, sorted by the UTF-8 bytes of the path. */
export function nodesUnder(layers: Layers, path: string): NodeState[] {
  return visibleNodes(layers, layers.base.nodesUnder(path), (nodes) => changesUnder(nodes, path));
}

/** The nodes right below `path`, sorted likewise. Costs what is there, deletions included. */
export function childrenOf(layers: Layers, path: string): NodeState[] {
  return visibleNodes(layers, layers.base.children(path), (nodes) => changedChildren(nodes, path));
}

function visibleNodes(
  layers: Layers,
  inBase: Iterable<NodeSnapshot>,
  changesOf: (nodes: NodeChanges) => Iterable<NodeChange>,
): NodeState[] {
  const found: NodeState[] = [];
  for (const node of inBase) {
    if (changeAt(layers, node.path) === undefined) found.push(nodeStateOf(node));
  }
  const unchanged = found.length;
  for (const { node } of changesOf(layers.own.nodes)) if (node !== undefined) found.push(node);
  for (const { path, node } of changesOf(layers.overlay.nodes)) {
    if (node !== undefined && !layers.own.nodes.has(path)) found.push(node);
  }
  if (found.length === unchanged) return found;
  return found.sort((a, b) => compareUtf8(a.path, b.path)); // Three sorted runs: linear.
}
