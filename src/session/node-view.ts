/**
 * Nodes as a session sees them: its own changes over the overlay over the base snapshot.
 * Pure lookups and the two node edits (put, remove) of the own layer.
 */
import type { SnapshotIndex } from "../assets/snapshot-index.ts";
import { compareUtf8, equalBytes } from "../base/bytes.ts";
import { makeError } from "../base/errors.ts";
import { randomNodeId } from "../format/ids.ts";
import { isAncestorPath } from "../format/node-path.ts";
import type { ArrayData, NodeSnapshot } from "../format/snapshot.ts";
import type { ArrayMetadata, ChangeSet, NodeChange, NodeState } from "./change-set.ts";
import { type ParsedMetadata, parseNodeMetadata, readSignature } from "./node-metadata.ts";
import { currentDot, type SessionState } from "./session-state.ts";

/** The three layers of a session, the base loaded. */
export interface Layers {
  readonly base: SnapshotIndex;
  readonly overlay: ChangeSet;
  readonly own: ChangeSet;
}

const stateOfNode = new WeakMap<NodeSnapshot, NodeState>();

/** A snapshot's node in the session's form. The signature is read from zarr.json on first use. */
export function nodeStateOf(node: NodeSnapshot): NodeState {
  const known = stateOfNode.get(node);
  if (known !== undefined) return known;
  const { id, path, userData, data } = node;
  let array: ArrayMetadata | undefined;
  if (data.type === "array") {
    let signature: string | undefined;
    array = {
      shape: data.shape,
      dimensionNames: data.dimensionNames,
      get signature() {
        // A foreign document that can't be read is equal to itself only.
        signature ??= readSignature(userData, path) ?? String(userData);
        return signature;
      },
    };
  }
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

/** The node at `path`; throws `node-not-found`. */
export function mustGetNode(layers: Layers, path: string): NodeState {
  const node = nodeAt(layers, path);
  if (node !== undefined) return node;
  throw makeError("node-not-found", `there is no array or group at ${path}`, { details: { path } });
}

/** The array at `path`; throws `node-not-found` or `not-an-array`. */
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
  const isBelow = (candidate: string): boolean =>
    candidate === path || isAncestorPath(path, candidate);
  const found: NodeState[] = [];
  for (const node of layers.base.nodesUnder(path)) {
    if (changeAt(layers, node.path) === undefined) found.push(nodeStateOf(node));
  }
  const changed = new Map([...layers.overlay.nodes, ...layers.own.nodes]);
  let isSorted = true;
  for (const [changedPath, { node }] of changed) {
    if (node === undefined || !isBelow(changedPath)) continue;
    found.push(node);
    isSorted = false;
  }
  return isSorted ? found : found.sort((a, b) => compareUtf8(a.path, b.path));
}

/**
 * Puts a node with `userData` at `path`: a new node, or an update of the one there. Identical
 * bytes change nothing. Throws `node-already-exists` if a node of the other type is there.
 */
export function putNode(
  state: SessionState,
  layers: Layers,
  path: string,
  userData: Uint8Array,
): void {
  const parsed = parseNodeMetadata(userData, path);
  const present = nodeAt(layers, path);
  if (present !== undefined && present.type !== parsed.type) {
    throw makeError(
      "node-already-exists",
      `there is already a ${present.type} at ${path}: delete it before making a ${parsed.type}`,
      { details: { path, found: present.type, expected: parsed.type } },
    );
  }
  if (present !== undefined && equalBytes(present.userData, userData)) return;
  assertSameRank(present, parsed, path);
  const id = present?.id ?? randomNodeId(state.engine.runtime);
  recordNode(state, layers, path, makeNode(id, path, parsed, userData.slice()));
}

/** Chunks have one coordinate per dimension: an array keeps its rank for life. */
function assertSameRank(
  present: NodeState | undefined,
  parsed: ParsedMetadata,
  path: string,
): void {
  if (present?.array === undefined || parsed.type === "group") return;
  const found = parsed.array.shape.length;
  const expected = present.array.shape.length;
  if (found === expected) return;
  throw makeError(
    "invalid-array-metadata",
    `${path} has ${expected} dimension(s) and can't get ${found}: delete it and make it anew`,
    { details: { path, member: "shape", expected, found } },
  );
}

function makeNode(
  id: string,
  path: string,
  parsed: ParsedMetadata,
  userData: Uint8Array,
): NodeState {
  const array = parsed.type === "array" ? parsed.array : undefined;
  return Object.freeze({ id, path, type: parsed.type, userData, array });
}

/** Removes the node at `path` and all below it, with their pending chunks. Absent: nothing. */
export function removeNodes(state: SessionState, layers: Layers, path: string): void {
  for (const node of nodesUnder(layers, path)) {
    recordNode(state, layers, node.path, undefined);
    layers.own.chunks.delete(node.id);
  }
}

function recordNode(
  state: SessionState,
  layers: Layers,
  path: string,
  node: NodeState | undefined,
): void {
  const inBase = layers.base.node(path);
  const base = inBase === undefined ? undefined : { id: inBase.id, type: inBase.data.type };
  const dot = currentDot(state);
  layers.own.nodes.set(path, Object.freeze({ path, base, node, dot }));
}
