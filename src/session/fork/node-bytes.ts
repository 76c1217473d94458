/** Node changes in fork bytes. */
import { isIcefloeError } from "../../base/errors.ts";
import { decodeBase32, encodeBase32 } from "../../codec/base32.ts";
import type { ByteReader, ByteWriter } from "../../codec/byte-stream.ts";
import { NODE_ID_BYTES } from "../../format/ids.ts";
import { parsePath } from "../../format/node-path.ts";
import type { DimensionShape } from "../../format/snapshot/array-data.ts";
import type { ArrayMetadata, BaseNode, NodeChange, NodeState } from "../changes/change-set.ts";
import type { Dot } from "../changes/dot.ts";
import { arraySignature } from "../changes/node-metadata.ts";
import type { DotNumbers } from "./table-bytes.ts";

// Flags of a change.
const HAS_BASE = 1;
const BASE_IS_ARRAY = 2;
const HAS_NODE = 4;
const NODE_IS_ARRAY = 8;
const NODE_HAS_ARRAY = 16;
const HAS_NAMES = 32;
const FLAGS_END = 64;

/** Writes one change. */
export function writeNodeChange(writer: ByteWriter, change: NodeChange, dots: DotNumbers): void {
  const { path, base, node, dot } = change;
  let flags = 0;
  if (base !== undefined) flags |= HAS_BASE | (base.type === "array" ? BASE_IS_ARRAY : 0);
  if (node !== undefined) flags |= HAS_NODE | (node.type === "array" ? NODE_IS_ARRAY : 0);
  if (node?.array !== undefined) flags |= NODE_HAS_ARRAY;
  if (node?.array?.dimensionNames !== undefined) flags |= HAS_NAMES;
  writer.byte(flags);
  writer.text(path);
  writer.varint(dots.numberOf(dot));
  if (base !== undefined) writer.text(base.id);
  if (node === undefined) return;
  writer.text(node.id);
  writer.text(node.path === path ? "" : node.path);
  writer.bytes(node.userData);
  if (node.array === undefined) return;
  writeArray(writer, node.array);
  writer.text(arraySignature(node));
}

function writeArray(writer: ByteWriter, array: ArrayMetadata): void {
  writer.varint(array.shape.length);
  for (const { arrayLength, chunkCount } of array.shape) {
    writer.varint(arrayLength);
    writer.varint(chunkCount);
  }
  if (array.dimensionNames !== undefined) {
    writer.varint(array.dimensionNames.length);
    for (const name of array.dimensionNames) {
      writer.byte(name === null ? 0 : 1);
      if (name !== null) writer.text(name);
    }
  }
}

/** Reads one change; fails as the reader does. */
export function readNodeChange(reader: ByteReader, dots: readonly Dot[]): NodeChange {
  const flags = reader.byte();
  if (flags >= FLAGS_END) reader.fail(`a node change of unknown form ${flags}`);
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const path = readPath(reader, reader.text());
  const dot = dots[reader.varint()] ?? reader.fail("a node change has no dot");
  const base: BaseNode | undefined = has(HAS_BASE)
    ? { id: readId(reader, NODE_ID_BYTES), type: has(BASE_IS_ARRAY) ? "array" : "group" }
    : undefined;
  let node: NodeState | undefined;
  if (has(HAS_NODE)) {
    node = {
      id: readId(reader, NODE_ID_BYTES),
      path: readPath(reader, reader.text() || path),
      type: has(NODE_IS_ARRAY) ? "array" : "group",
      userData: reader.bytes().slice(),
      ...(has(NODE_HAS_ARRAY) ? { array: readArray(reader, has(HAS_NAMES)) } : {}),
    };
  }
  return {
    path,
    ...(base === undefined ? {} : { base }),
    ...(node === undefined ? {} : { node }),
    dot,
  };
}

/** An id in its canonical text: ids are compared as texts. Fails as the reader does. */
export function readId(reader: ByteReader, byteCount: number): string {
  const text = reader.text();
  const bytes = decodeBase32(text, byteCount);
  if (bytes === undefined || encodeBase32(bytes) !== text) reader.fail("an id is malformed");
  return text;
}

function readPath(reader: ByteReader, text: string): string {
  try {
    if (parsePath(text) === text) return text;
  } catch (error) {
    if (!isIcefloeError(error, "invalid-path")) throw error;
  }
  return reader.fail("a path is malformed");
}

function readArray(reader: ByteReader, hasNames: boolean): ArrayMetadata {
  const shape: DimensionShape[] = [];
  for (let d = reader.count(2); d > 0; d--) {
    shape.push({ arrayLength: reader.varint(), chunkCount: reader.varint() });
  }
  if (!hasNames) return { shape, signature: reader.text() };
  const dimensionNames: (string | null)[] = [];
  for (let d = reader.count(1); d > 0; d--) {
    const isNamed = reader.byte();
    if (isNamed > 1) reader.fail("a dimension name is malformed");
    dimensionNames.push(isNamed === 1 ? reader.text() : null);
  }
  return { shape, dimensionNames, signature: reader.text() };
}
