/**
 * Object and node ids: random bytes, written as Crockford base32. Everywhere above the codecs an
 * id is its canonical text. Spec: v2 "Common Types"; docs/format.md "Object ids".
 */

import { makeError } from "../base/errors.ts";
import { describe, mustBe } from "../base/options.ts";
import type { Runtime } from "../base/runtime.ts";
import { decodeBase32, encodeBase32 } from "../codec/base32.ts";

/** Bytes of a snapshot, manifest or chunk id: 20 characters. */
export const OBJECT_ID_BYTES = 12;
/** Bytes of a node id: 13 characters. */
export const NODE_ID_BYTES = 8;

/**
 * The id of the first snapshot of repositories made since engine 1.0. Older ones have a random
 * root: recognise a root by its missing parent, not by this id.
 */
export const INITIAL_SNAPSHOT_ID = "1CECHNKREP0F1RSTCMT0";

/** A fresh snapshot, manifest or chunk id. */
export function randomObjectId(runtime: Runtime): string {
  return encodeBase32(runtime.randomBytes(OBJECT_ID_BYTES));
}

/** A fresh node id. */
export function randomNodeId(runtime: Runtime): string {
  return encodeBase32(runtime.randomBytes(NODE_ID_BYTES));
}

/** The 12 bytes of a snapshot, manifest or chunk id. @throws {internal} if `id` is none of these */
export function objectIdToBytes(id: string): Uint8Array {
  return mustDecode(id, OBJECT_ID_BYTES);
}

/** The 8 bytes of a node id. @throws {internal} if `id` is not one */
export function nodeIdToBytes(id: string): Uint8Array {
  return mustDecode(id, NODE_ID_BYTES);
}

function mustDecode(id: string, byteCount: number): Uint8Array {
  const bytes = decodeBase32(id, byteCount);
  if (bytes !== undefined) return bytes;
  throw makeError("internal", `expected an id of ${byteCount} bytes in base32, got "${id}"`);
}

/** Text of a 12-byte id. */
export function objectIdFromBytes(bytes: Uint8Array): string {
  return encodeBase32(bytes);
}

/** Text of an 8-byte id. */
export function nodeIdFromBytes(bytes: Uint8Array): string {
  return encodeBase32(bytes);
}

/** A snapshot id as users give it: any case, O, I and L are taken. @throws {invalid-snapshot-id} */
export function parseSnapshotId(text: string): string {
  const bytes = typeof text === "string" ? decodeBase32(text, OBJECT_ID_BYTES) : undefined;
  if (bytes !== undefined) return encodeBase32(bytes);
  throw makeError("invalid-snapshot-id", `snapshot id ${mustBe("20 base32 characters", text)}`, {
    details: { found: describe(text) },
  });
}
