/**
 * Forks as bytes: what crosses threads, processes and machines, and may wait in a queue. Holds
 * changes only: no storage, no credentials, no headers.
 *
 *   magic (8) | format version (1) | flags (1) | body | CRC-32C of all before (4)
 *   body: base | origins | dots | need | vector | overlay | own
 *
 * Equal states give equal bytes. Damage of any kind is refused with `invalid-fork-bytes`, and
 * nothing is allocated that the input's length does not justify.
 */

import { asBytes, compareUtf8 } from "../../base/bytes.ts";
import { type ErrorDetails, type IcefloeError, makeError } from "../../base/errors.ts";
import { ByteReader, ByteWriter } from "../../codec/byte-stream.ts";
import { crc32c } from "../../codec/crc32c.ts";
import { NODE_ID_BYTES, OBJECT_ID_BYTES } from "../../format/ids.ts";
import type { ChangeSet, NodeChange } from "../changes/change-set.ts";
import type { ChunkTable } from "../changes/chunk-table.ts";
import type { Dot, VersionVector } from "../changes/dot.ts";
import { DotDictionary } from "../changes/dot-dictionary.ts";
import { readId, readNodeChange, writeNodeChange } from "./node-bytes.ts";
import { readTable, writeTable } from "./table-bytes.ts";

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
  /** The overlay was left out: the bytes can be merged, not opened. */
  readonly overlayOmitted?: boolean | undefined;
}

// Not UTF-8, with line ends that text transports change.
const MAGIC = Uint8Array.of(0x89, 0x49, 0x43, 0x46, 0x6b, 0x0d, 0x0a, 0x1a);
const FORMAT_VERSION = 1;
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
  const tables = [...changes.chunks].sort(([a], [b]) => compareUtf8(a, b));
  writer.varint(tables.length);
  for (const [nodeId, table] of tables) {
    writer.text(nodeId);
    writeTable(writer, table, numbers);
  }
}

/** The fork that the bytes carry; shares no memory with them. @throws {invalid-fork-bytes} */
export function decodeForkBytes(bytes: Uint8Array): ForkContent {
  const input = asBytes(bytes);
  if (input === undefined) throw invalid("are not a Uint8Array", {});
  const end = input.length - CHECKSUM_BYTES;
  if (end < HEAD_BYTES) throw invalid(`are too short: ${input.length} bytes`, {});
  if (MAGIC.some((byte, i) => input[i] !== byte)) throw invalid("do not start with the magic", {});
  const formatVersion = input[MAGIC.length] as number;
  if (formatVersion !== FORMAT_VERSION) {
    throw invalid(`have format version ${formatVersion}, expected ${FORMAT_VERSION}`, {
      formatVersion,
      expected: FORMAT_VERSION,
    });
  }
  const stored = new DataView(input.buffer, input.byteOffset + end).getUint32(0, true);
  if (stored !== crc32c(input, 0, end)) throw invalid("have a wrong checksum: damaged", {});
  const reader = new ByteReader(input, MAGIC.length + 1, end, (offset, what) => {
    throw invalid(`are damaged at byte ${offset}: ${what}`, { offset });
  });
  return readContent(reader);
}

function invalid(what: string, details: ErrorDetails): IcefloeError {
  return makeError("invalid-fork-bytes", `fork bytes ${what}`, { details });
}

function readContent(reader: ByteReader): ForkContent {
  const flags = reader.byte();
  if (flags >= FLAGS_END) reader.fail(`unknown flags ${flags}`);
  const baseId = readId(reader, OBJECT_ID_BYTES);
  const origins: string[] = [];
  for (let count = reader.count(1); count > 0; count--) origins.push(reader.text());
  const dots: Dot[] = [];
  for (let count = reader.count(2); count > 0; count--) dots.push(readDot(reader, origins));
  const need = readVector(reader, origins);
  const vector = readVector(reader, origins);
  const overlay = readChanges(reader, dots);
  const own = readChanges(reader, dots);
  if (reader.remaining > 0) reader.fail(`${reader.remaining} bytes too many`);
  const overlayOmitted = (flags & FLAG_OVERLAY_OMITTED) !== 0;
  return { baseId, need, vector, overlay, own, overlayOmitted };
}

function readDot(reader: ByteReader, origins: readonly string[]): Dot {
  const origin = origins[reader.varint()] ?? reader.fail("a dot has no origin");
  return { origin, epoch: reader.varint() };
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
