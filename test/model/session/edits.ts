/** Writes to a model's session or fork: what each does, or the kind of error that refuses it. */
import {
  chunkKeyOf,
  isBelow,
  isInside,
  type Metadata,
  type Model,
  type ModelChunk,
  type ModelState,
  noWrites,
} from "./model.ts";

/** "ok", or the kind of the error. */
export type Outcome = string;

export function setMetadata(
  model: Model,
  state: ModelState,
  path: string,
  metadata: Metadata,
): Outcome {
  const present = model.node(state, path);
  if (present !== undefined && present.metadata.type !== metadata.type) {
    return "node-already-exists";
  }
  if (present?.metadata.text === metadata.text) return "ok";
  if (present !== undefined && present.metadata.grid.length !== metadata.grid.length) {
    return "invalid-array-metadata";
  }
  const number = write(model, state);
  const id = present?.id ?? model.number();
  state.own.nodes.set(path, { number, node: { id, metadata } });
  return "ok";
}

/** An array goes alone, a group with all below it; where no node is, nothing goes. */
export function deleteNode(model: Model, state: ModelState, path: string): Outcome {
  const type = model.node(state, path)?.metadata.type;
  if (type === undefined) return "ok";
  for (const [candidate, { id }] of model.nodes(state)) {
    if (candidate !== path && !(type === "group" && isBelow(candidate, path))) continue;
    state.own.nodes.set(candidate, { number: write(model, state) });
    for (const [key, { nodeId }] of state.own.chunks) {
      if (nodeId === id) state.own.chunks.delete(key);
    }
  }
  return "ok";
}

export function setChunk(
  model: Model,
  state: ModelState,
  target: { readonly path: string; readonly at: readonly number[]; readonly chunk: ModelChunk },
): Outcome {
  const { path, at, chunk } = target;
  const node = model.node(state, path);
  if (node === undefined) return "node-not-found";
  if (node.metadata.type !== "array") return "not-an-array";
  if (!isInside(at, node.metadata.grid)) return "invalid-chunk-index";
  const number = write(model, state);
  state.own.chunks.set(chunkKeyOf(node.id, at), { number, nodeId: node.id, at, chunk });
  return "ok";
}

/** In the grid a deletion counts even if nothing is there; outside, if this session shrank the array. */
export function deleteChunk(
  model: Model,
  state: ModelState,
  path: string,
  at: readonly number[],
): Outcome {
  const node = model.node(state, path);
  if (node?.metadata.type !== "array") return "ok";
  const before = model.snapshot(state.base).nodes.get(path);
  const wasInside = before?.id === node.id && isInside(at, before.metadata.grid);
  if (!isInside(at, node.metadata.grid) && !wasInside) return "ok";
  const number = write(model, state);
  state.own.chunks.set(chunkKeyOf(node.id, at), { number, nodeId: node.id, at });
  return "ok";
}

export function discard(state: ModelState): void {
  state.own = noWrites();
  state.seen = new Set(state.need);
}

function write(model: Model, state: ModelState): number {
  const number = model.number();
  state.seen.add(number);
  return number;
}
