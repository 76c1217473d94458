/**
 * Forks as bytes: what crosses threads, processes and machines, and may wait in a queue. Holds
 * changes only: no storage, no credentials, no headers.
 *
 *   magic (8) | format version (1) | flags (1) | body | CRC-32C of all before (4)
 *   body: base | origins | dots | need | vector | overlay | own | signatures | written under
 *
 * Equal states give equal bytes. Damage of any kind is refused with `invalid-fork-bytes`, and
 * nothing is allocated that the input's length does not justify. A right checksum makes nobody
 * trust the content: it is checked in itself here, against the base in `check.ts`.
 */

import { asBytes, compareUtf8 } from "../../base/bytes.ts";
import { assert, type ErrorDetails, type IcefloeError, makeError } from "../../base/errors.ts";
import { ByteReader, ByteWriter } from "../../codec/byte-stream.ts";
import { crc32c } from "../../codec/crc32c.ts";
import { NODE_ID_BYTES, OBJECT_ID_BYTES } from "../../format/ids.ts";
import type { ChangeSet, NodeChange } from "../changes/change-set.ts";
import type { ChunkTable } from "../changes/chunk-table.ts";
import { covers, type Dot, isCovered, type VersionVector } from "../changes/dot.ts";
import { DotDictionary } from "../changes/dot-dictionary.ts";
import { readId, readNodeChange, readPath, writeNodeChange } from "./node-bytes.ts";
import { readTable, writeTable } from "./table-bytes.ts";
import type { WrittenUnder } from "./written-under.ts";

/** What a fork brings, live or as bytes. */
export interface ForkContent {
  /** Id of the base snapshot. */
  readonly baseId: string;
  /** What a receiver must hold. */
  readonly need: VersionVector;
  readonly vector: VersionVector;
  /** The parent's uncommitted changes; empty if they were left out. */
  readonly overlay: ChangeSet;
  readonly own: ChangeSet;
  /** For each array of which `own` has chunks, by node id. */
  readonly writtenUnder: ReadonlyMap<string, WrittenUnder>;
  /** The overlay was left out: the bytes can be merged, not opened. */
  readonly overlayOmitted?: boolean | undefined;
}

// Not UTF-8, with line ends that text transports change.
const MAGIC = Uint8Array.of(0x89, 0x49, 0x43, 0x46, 0x6b, 0x0d, 0x0a, 0x1a);
// 1: without signatures and what was written under them, with fields of zarr.json beside it.
const FORMAT_VERSION = 2;
const FLAG_OVERLAY_OMITTED = 1;
const FLAGS_END = 2;
const HEAD_BYTES = MAGIC.length + 2;
const CHECKSUM_BYTES = 4;

/** The fork as bytes that `decodeForkBytes` turns into an equal one. */
export function encodeForkBytes(fork: ForkContent): Uint8Array {
  const dots = new DotDictionary();
  // The dots' list stands in front of what uses them.
  const body = new ByteWriter();
  writeChanges(body, fork.overlay, dots);
  writeChanges(body, fork.own, dots);
  writeWrittenUnder(body, fork);
  const writer = new ByteWriter();
  writer.reserve(body.length + 1024);
  writer.raw(MAGIC);
  writer.byte(FORMAT_VERSION);
  writer.byte(fork.overlayOmitted === true ? FLAG_OVERLAY_OMITTED : 0);
  writer.text(fork.baseId);
  writeCausality(writer, fork, dots);
  writer.raw(body.view());
  writer.uint32(crc32c(writer.view()));
  return writer.view().slice();
}

function writeCausality(writer: ByteWriter, fork: ForkContent, dots: DotDictionary): void {
  const used = dots.all();
  const names = used.map(({ origin }) => origin);
  const origins = [...new Set([...names, ...fork.need.keys(), ...fork.vector.keys()])];
  origins.sort(compareUtf8);
  const numbers = new Map(origins.map((origin, number) => [origin, number]));
  const numberOf = (origin: string): number => numbers.get(origin) as number;
  writer.varint(origins.length);
  for (const origin of origins) writer.text(origin);
  writer.varint(used.length);
  for (const { origin, epoch } of used) {
    writer.varint(numberOf(origin));
    writer.varint(epoch);
  }
  for (const vector of [fork.need, fork.vector]) {
    const entries = [...vector].sort(([a], [b]) => numberOf(a) - numberOf(b));
    writer.varint(entries.length);
    for (const [origin, epoch] of entries) {
      writer.varint(numberOf(origin));
      writer.varint(epoch);
    }
  }
}

function writeChanges(writer: ByteWriter, changes: ChangeSet, dots: DotDictionary): void {
  const numbers = { numberOf: (dot: Dot): number => dots.codeOf(dot) };
  const nodes = [...changes.nodes].sort(([a], [b]) => compareUtf8(a, b));
  writer.varint(nodes.length);
  for (const [, change] of nodes) writeNodeChange(writer, change, numbers);
  const tables = sortedTables(changes);
  writer.varint(tables.length);
  for (const [nodeId, table] of tables) {
    writer.text(nodeId);
    writeTable(writer, table, numbers);
  }
}

function sortedTables({ chunks }: ChangeSet): [nodeId: string, table: ChunkTable][] {
  const tables = [...chunks].filter(([, table]) => table.length > 0);
  return tables.sort(([a], [b]) => compareUtf8(a, b));
}

/** The distinct signatures; then path and signature, 0 for that of the base, in order of the tables. */
function writeWrittenUnder(writer: ByteWriter, { own, writtenUnder }: ForkContent): void {
  const arrays = sortedTables(own).map(([nodeId]) => {
    const array = writtenUnder.get(nodeId);
    assert(array !== undefined, "all chunks were written under something");
    return array;
  });
  const distinct = new Set(arrays.map(({ signature }) => signature));
  const signatures = [...distinct].filter((signature) => signature !== undefined);
  const numbers = new Map(signatures.map((signature, at) => [signature, at + 1]));
  writer.varint(signatures.length);
  for (const signature of signatures) writer.text(signature);
  for (const { path, signature } of arrays) {
    writer.text(path);
    writer.varint(signature === undefined ? 0 : (numbers.get(signature) as number));
  }
}

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
  const nodes = new Map<string, NodeChange>();
  for (let count = reader.count(3); count > 0; count--) {
    const change = readNodeChange(reader, dots);
    if (nodes.has(change.path)) reader.fail("a node is changed twice");
    nodes.set(change.path, change);
  }
  const chunks = new Map<string, ChunkTable>();
  for (let count = reader.count(3); count > 0; count--) {
    const nodeId = readId(reader, NODE_ID_BYTES);
    if (chunks.has(nodeId)) reader.fail("an array has two tables");
    chunks.set(nodeId, readTable(reader, dots));
  }
  return { nodes, chunks };
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
