/** Fork bytes, on their way in: `bytes.ts` has the layout. Everything is checked. */
import { asBytes } from "../../base/bytes.ts";
import { type ErrorDetails, type IcefloeError, makeError } from "../../base/errors.ts";
import { ByteReader } from "../../codec/byte-stream.ts";
import { crc32c } from "../../codec/crc32c.ts";
import { NODE_ID_BYTES, OBJECT_ID_BYTES } from "../../format/ids.ts";
import { type ChangeSet, changeSetOf, chunkTables, NodeChanges } from "../changes/change-set.ts";
import { covers, type Dot, isCovered, type VersionVector } from "../changes/dot.ts";
import { FLAG_OVERLAY_OMITTED, FORMAT_VERSION, type ForkContent, MAGIC } from "./bytes.ts";
import { readId, readNodeChange, readPath } from "./read-node.ts";
import { readTable } from "./read-table.ts";
import type { WrittenUnder } from "./written-under.ts";

const FLAGS_END = 2;
const HEAD_BYTES = MAGIC.length + 2;
const CHECKSUM_BYTES = 4;

/** The fork that the bytes carry; shares no memory with them. @throws {invalid-fork-bytes} */
export function decodeForkBytes(bytes: Uint8Array): ForkContent {
  const input = asBytes(bytes);
  if (input === undefined) throw invalidBytes("are not a Uint8Array");
  const end = input.length - CHECKSUM_BYTES;
  if (end < HEAD_BYTES) throw invalidBytes(`are too short: ${input.length} bytes`);
  if (MAGIC.some((byte, i) => input[i] !== byte)) throw invalidBytes("do not start with the magic");
  const formatVersion = input[MAGIC.length] as number;
  if (formatVersion !== FORMAT_VERSION) {
    throw invalidBytes(`have format version ${formatVersion}, expected ${FORMAT_VERSION}`, {
      formatVersion,
      expected: FORMAT_VERSION,
    });
  }
  const stored = new DataView(input.buffer, input.byteOffset + end).getUint32(0, true);
  if (stored !== crc32c(input, 0, end)) throw invalidBytes("have a wrong checksum: damaged");
  const reader = new ByteReader(input, MAGIC.length + 1, end, (offset, what) => {
    throw invalidBytes(`are damaged at byte ${offset}: ${what}`, { offset });
  });
  return readContent(reader);
}

function invalidBytes(what: string, details: ErrorDetails = {}): IcefloeError {
  return makeError("invalid-fork-bytes", `fork bytes ${what}`, { details });
}

function readContent(reader: ByteReader): ForkContent {
  const flags = reader.byte();
  if (flags >= FLAGS_END) reader.fail(`unknown flags ${flags}`);
  const overlayOmitted = (flags & FLAG_OVERLAY_OMITTED) !== 0;
  const baseId = readId(reader, OBJECT_ID_BYTES);
  const origins: string[] = [];
  for (let count = reader.count(1); count > 0; count--) {
    origins.push(readId(reader, OBJECT_ID_BYTES));
  }
  const dots: Dot[] = [];
  for (let count = reader.count(2); count > 0; count--) dots.push(readDot(reader, origins));
  const need = readVector(reader, origins);
  const vector = readVector(reader, origins);
  if (!covers(vector, need)) reader.fail("the fork does not hold what it rests on");
  if (!dots.every((dot) => isCovered(vector, dot))) reader.fail("a write is not in the version");
  const overlay = readChanges(reader, dots);
  if (!isAllCovered(overlay, need)) reader.fail("the overlay is not what the fork rests on");
  const own = readChanges(reader, dots);
  const writtenUnder = readWrittenUnder(reader, own);
  if (reader.remaining > 0) reader.fail(`${reader.remaining} bytes too many`);
  return { baseId, need, vector, overlay, own, writtenUnder, overlayOmitted };
}

function isAllCovered({ nodes, chunks }: ChangeSet, vector: VersionVector): boolean {
  for (const { dot } of nodes.values()) if (!isCovered(vector, dot)) return false;
  for (const { dots } of chunks.values()) {
    if (!dots.every((dot) => isCovered(vector, dot))) return false;
  }
  return true;
}

function readDot(reader: ByteReader, origins: readonly string[]): Dot {
  const origin = origins[reader.varint()] ?? reader.fail("a dot has no origin");
  const epoch = reader.varint();
  if (epoch === 0) reader.fail("an epoch is none");
  return { origin, epoch };
}

function readVector(reader: ByteReader, origins: readonly string[]): VersionVector {
  const vector = new Map<string, number>();
  for (let count = reader.count(2); count > 0; count--) {
    const { origin, epoch } = readDot(reader, origins);
    if (vector.has(origin)) reader.fail("a version names an origin twice");
    vector.set(origin, epoch);
  }
  return vector;
}

function readChanges(reader: ByteReader, dots: readonly Dot[]): ChangeSet {
  const nodes = new NodeChanges();
  for (let count = reader.count(3); count > 0; count--) {
    const change = readNodeChange(reader, dots);
    if (nodes.has(change.path)) reader.fail("a node is changed twice");
    nodes.set(change.path, change);
  }
  const chunks = chunkTables();
  for (let count = reader.count(3); count > 0; count--) {
    const nodeId = readId(reader, NODE_ID_BYTES);
    if (chunks.has(nodeId)) reader.fail("an array has two tables");
    chunks.set(nodeId, readTable(reader, dots));
  }
  return changeSetOf(nodes, chunks);
}

function readWrittenUnder(reader: ByteReader, { chunks }: ChangeSet): Map<string, WrittenUnder> {
  const signatures: string[] = [];
  for (let count = reader.count(1); count > 0; count--) signatures.push(reader.text());
  const arrays = new Map<string, WrittenUnder>();
  for (const nodeId of chunks.keys()) {
    const path = readPath(reader);
    const number = reader.varint();
    if (number > signatures.length) reader.fail("chunks have no signature");
    arrays.set(nodeId, { path, signature: signatures[number - 1] });
  }
  return arrays;
}
