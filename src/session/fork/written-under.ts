/**
 * Under which metadata a fork's chunks were written. A merge compares it with what the receiver has
 * made of the array since, and needs neither the fork's overlay nor the fork for it.
 *
 * One signature per array is enough: within a state all chunks of an array are read under one, and
 * who changes it has seen the chunks that are there. What was not seen is compared when it comes.
 */
import type { SnapshotIndex } from "../../assets/snapshot-index.ts";
import { assert } from "../../base/errors.ts";
import { type ChangeSet, changedPathOf, changeSetOf } from "../changes/change-set.ts";
import { arraySignature } from "../changes/node-metadata.ts";
import type { Layers } from "../state/layers.ts";
import { changeAt, nodeAt } from "../view/nodes.ts";

const NOTHING = changeSetOf();

/** An array as it was when chunks of it were written. */
export interface WrittenUnder {
  readonly path: string;
  /** `undefined`: that of the base. */
  readonly signature: string | undefined;
}

/** For each array that the own layer has chunks of, by node id. The base is there if any has. */
export function writtenUnder(
  base: SnapshotIndex | undefined,
  overlay: ChangeSet,
  own: ChangeSet,
): Map<string, WrittenUnder> {
  const found = new Map<string, WrittenUnder>();
  for (const [id, { length }] of own.chunks) {
    if (length === 0) continue;
    assert(base !== undefined, "who has written chunks has read the base");
    const layers = { base, overlay, own };
    const path = base.nodeById(id)?.path ?? changedPathOf(layers, id);
    const node = path === undefined ? undefined : nodeAt(layers, path);
    assert(node?.id === id, "chunks belong to a node that is there");
    const isOfBase = changeAt(layers, node.path) === undefined;
    found.set(id, { path: node.path, signature: isOfBase ? undefined : arraySignature(node) });
  }
  return found;
}

/** The signature that chunks were written under; `undefined` if the base has no such array. */
export function signatureUnder(
  { path, signature }: WrittenUnder,
  base: SnapshotIndex,
): string | undefined {
  if (signature !== undefined) return signature;
  const node = nodeAt(layersOfBase(base), path);
  return node?.array === undefined ? undefined : arraySignature(node);
}

/** The base alone. */
export function layersOfBase(base: SnapshotIndex): Layers {
  return { base, overlay: NOTHING, own: NOTHING };
}
