/** Node changes in fork bytes, on their way in: `node-bytes.ts` has the layout. */
import { isIcefloeError } from "../../base/errors.ts";
import { decodeBase32, encodeBase32 } from "../../codec/base32.ts";
import type { ByteReader } from "../../codec/byte-stream.ts";
import { NODE_ID_BYTES } from "../../format/ids.ts";
import { parsePath } from "../../format/node-path.ts";
import type { BaseNode, NodeChange, NodeState } from "../changes/change-set.ts";
import type { Dot } from "../changes/dot.ts";
import { makeNode, parseNodeMetadata } from "../changes/node-metadata.ts";
import { BASE_IS_ARRAY, HAS_BASE, HAS_NODE } from "./node-bytes.ts";

const FLAGS_END = 8;

/** Reads one change; fails as the reader does. */
export function readNodeChange(reader: ByteReader, dots: readonly Dot[]): NodeChange {
  const flags = reader.byte();
  if (flags >= FLAGS_END) reader.fail(`a node change of unknown form ${flags}`);
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const path = readPath(reader);
  const dot = dots[reader.varint()] ?? reader.fail("a node change has no dot");
  const base: BaseNode | undefined = has(HAS_BASE)
    ? { id: readId(reader, NODE_ID_BYTES), type: has(BASE_IS_ARRAY) ? "array" : "group" }
    : undefined;
  const node = has(HAS_NODE) ? readNode(reader, path) : undefined;
  return {
    path,
    ...(base === undefined ? {} : { base }),
    ...(node === undefined ? {} : { node }),
    dot,
  };
}

function readNode(reader: ByteReader, path: string): NodeState {
  const id = readId(reader, NODE_ID_BYTES);
  const userData = reader.bytes().slice();
  try {
    return makeNode(id, path, parseNodeMetadata(userData, path), userData);
  } catch (error) {
    if (!isIcefloeError(error, "bad-metadata", "invalid-array-metadata")) throw error;
    return reader.fail(error.message);
  }
}

/** An id in its canonical text: ids are compared as texts. Fails as the reader does. */
export function readId(reader: ByteReader, byteCount: number): string {
  const text = reader.text();
  const bytes = decodeBase32(text, byteCount);
  if (bytes === undefined || encodeBase32(bytes) !== text) reader.fail("an id is malformed");
  return text;
}

/** A canonical path. Fails as the reader does. */
export function readPath(reader: ByteReader): string {
  const text = reader.text();
  try {
    if (parsePath(text) === text) return text;
  } catch (error) {
    if (!isIcefloeError(error, "invalid-path")) throw error;
  }
  return reader.fail("a path is malformed");
}
