/** Setting and deleting what a store key names. Synchronous (`undefined`) where no I/O is needed. */
import { asBytes } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { describe } from "../../base/options.ts";
import type { Layers } from "../state/layers.ts";
import type { Operation } from "../state/operation.ts";
import type { SessionState } from "../state/state.ts";
import { nodeAt } from "../view/nodes.ts";
import { deleteChunk, writeChunk } from "./chunk-write.ts";
import { parseStoreKey, type StoreKey } from "./key.ts";
import { putNode, removeNode } from "./node-write.ts";

/** What `set` may write to. */
type WritableKey = Exclude<StoreKey, { kind: "zarr-v2" }>;

/** A set's checked key. @throws {invalid-option} @throws {invalid-key} @throws {unimplemented} */
export function parseSet(operation: string, key: string, bytes: unknown): WritableKey {
  if (asBytes(bytes) === undefined) {
    throw makeError(
      "invalid-option",
      `${operation} ${key}: expected a Uint8Array, got ${describe(bytes)}`,
      { details: { operation, key } },
    );
  }
  const parsed = parseStoreKey(key);
  if (parsed.kind !== "zarr-v2") return parsed;
  throw makeError("unimplemented", `${operation} ${key}: Zarr 2 metadata can't be stored`, {
    details: { operation, key },
  });
}

/** Writes a node's zarr.json or a chunk's bytes. */
export function setKey(
  state: SessionState,
  layers: Layers,
  key: WritableKey,
  given: Uint8Array,
  signal: AbortSignal | undefined,
  operation: Operation | undefined,
): Promise<void> | undefined {
  const bytes = asBytes(given) ?? given;
  if (key.kind === "chunk") {
    operation?.assertArrayStays(key.path, nodeAt(layers, key.path));
    return writeChunk(state, layers, key.path, key.coordinates, bytes, signal);
  }
  putNode(state, layers, key.path, bytes, operation);
  return undefined;
}

/** Deletes a chunk, an array, or a group with all below it. */
export function deleteKey(
  state: SessionState,
  layers: Layers,
  key: WritableKey,
  operation: Operation | undefined,
): undefined {
  if (key.kind === "metadata") {
    removeNode(state, layers, key.path, operation);
    return;
  }
  operation?.assertArrayStays(key.path, nodeAt(layers, key.path));
  deleteChunk(state, layers, key.path, key.coordinates);
}
