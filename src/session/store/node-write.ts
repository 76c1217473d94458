/** The two edits of nodes in a session's own layer: put and remove. */
import { equalBytes } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { randomNodeId } from "../../format/ids.ts";
import type { NodeState } from "../changes/change-set.ts";
import { makeNode, type ParsedMetadata, parseNodeMetadata } from "../changes/node-metadata.ts";
import type { Layers } from "../state/layers.ts";
import type { Operation } from "../state/operation.ts";
import type { SessionState } from "../state/state.ts";
import { currentDot } from "../state/writing.ts";
import { nodeAt, nodesUnder } from "../view/nodes.ts";

/**
 * Puts a node with `userData` at `path`: a new node, or an update of the one there. Identical bytes
 * change nothing.
 * @throws {node-already-exists} if a node of the other type is there
 * @throws {node-changed} it is not what `operation` has read
 */
export function putNode(
  state: SessionState,
  layers: Layers,
  path: string,
  userData: Uint8Array,
  operation: Operation | undefined,
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
  const isSame = present !== undefined && equalBytes(present.userData, userData);
  // Groups are alike; an array that somebody else has changed to the same may get other chunks.
  if (!isSame || present.array !== undefined) operation?.assertNodeStays(path, present);
  if (isSame) return;
  assertSameRank(present, parsed, path);
  const id = present?.id ?? randomNodeId(state.engine.runtime);
  const node = makeNode(id, path, parsed, userData.slice());
  recordNode(state, layers, path, node);
  operation?.noteWrite(path, node);
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

/** Removes the node at `path`; of a group all below it, too. No node there: nothing. */
export function removeNode(
  state: SessionState,
  layers: Layers,
  path: string,
  operation: Operation | undefined,
): void {
  const node = nodeAt(layers, path);
  if (node === undefined) return;
  const nodes = node.type === "group" ? nodesUnder(layers, path) : [node];
  removeEach(state, layers, nodes, operation);
}

/** Removes every node, whether there is a root or not. */
export function removeAllNodes(
  state: SessionState,
  layers: Layers,
  operation: Operation | undefined,
): undefined {
  removeEach(state, layers, nodesUnder(layers, "/"), operation);
}

/** Removes nodes with their pending chunks. */
function removeEach(
  state: SessionState,
  layers: Layers,
  nodes: readonly NodeState[],
  operation: Operation | undefined,
): void {
  for (const node of nodes) {
    recordNode(state, layers, node.path, undefined);
    operation?.noteWrite(node.path, undefined);
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
