/** Fork bytes, on their way in: `bytes.ts` has the layout. Everything is checked. */
import { asBytes } from "../../base/bytes.ts";
import { type ErrorDetails, type IcefloeError, makeError } from "../../base/errors.ts";
import { ByteReader } from "../../codec/byte-stream.ts";
import { crc32c } from "../../codec/crc32c.ts";
import { readNumbers } from "../../codec/number-list.ts";
import { NODE_ID_BYTES, OBJECT_ID_BYTES, objectIdFromBytes } from "../../format/ids.ts";
import { type ChangeSet, changeSetOf, chunkTables, NodeChanges } from "../changes/change-set.ts";
import { type Dot, isCovered, type VersionVector } from "../changes/dot.ts";
import { copyPast, emptyPast, type Past } from "../changes/past.ts";
import { NUMBERS_END, ORIGIN_NUMBER_BYTES } from "../state/origins.ts";
import {
  FAMILY_BYTES,
  FLAG_OVERLAY_OMITTED,
  FORMAT_VERSION,
  type ForkContent,
  FREE_ROWS,
  MAGIC,
} from "./bytes.ts";
import { readId, readNodeChange, readPath } from "./read-node.ts";
import { readTable } from "./read-table.ts";
import type { WrittenUnder } from "./written-under.ts";

const FLAGS_END = 2;
const SAFE_END = 2 ** 53;
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
  const origins = readOrigins(reader);
  const dots = readRows(reader, [origins.length, SAFE_END]).map((row) =>
    dotOf(reader, row, origins),
  );
  const need = readOptionalDot(reader, origins);
  const needPast = overlayOmitted ? emptyPast() : readPast(reader, origins);
  const past = copyPast(needPast);
  addBeyond(past, readPast(reader, origins));
  const self = overlayOmitted ? undefined : readOptionalDot(reader, origins);
  const isHeld = (dot: Dot | undefined, { vector }: Past): boolean =>
    dot === undefined || isCovered(vector, dot);
  if (!overlayOmitted && !(isHeld(need, needPast) && isHeld(self, past))) {
    reader.fail("the fork does not hold what it rests on");
  }
  if (!dots.every((dot) => isHeld(dot, past))) reader.fail("a write is not in the version");
  const overlay = readChanges(reader, dots);
  if (!isAllCovered(overlay, needPast.vector)) {
    reader.fail("the overlay is not what the fork rests on");
  }
  const own = readChanges(reader, dots);
  const writtenUnder = readWrittenUnder(reader, own);
  if (reader.remaining > 0) reader.fail(`${reader.remaining} bytes too many`);
  return { baseId, need, needPast, past, self, overlay, own, writtenUnder, overlayOmitted };
}

function isAllCovered({ nodes, chunks }: ChangeSet, vector: VersionVector): boolean {
  for (const { dot } of nodes.values()) if (!isCovered(vector, dot)) return false;
  for (const { dots } of chunks.values()) {
    if (!dots.every((dot) => isCovered(vector, dot))) return false;
  }
  return true;
}

/** In order, each once. */
function readOrigins(reader: ByteReader): string[] {
  const families: Uint8Array[] = [];
  for (let count = reader.count(FAMILY_BYTES); count > 0; count--)
    families.push(reader.raw(FAMILY_BYTES));
  return readRows(reader, [families.length, NUMBERS_END]).map(([family, number]) => {
    const id = new Uint8Array(OBJECT_ID_BYTES);
    id.set(families[family as number] as Uint8Array);
    for (let at = 1, rest = number as number; at <= ORIGIN_NUMBER_BYTES; at++, rest >>>= 8)
      id[OBJECT_ID_BYTES - at] = rest & 0xff;
    return objectIdFromBytes(id);
  });
}

/** Rows of numbers below the end of each column. */
function readRows(reader: ByteReader, ends: readonly number[]): number[][] {
  const count = reader.varint();
  reader.raw(Math.max(0, count - FREE_ROWS));
  if (count === 0) return [];
  const columns = ends.map((end) => readNumbers(reader, count, end));
  return Array.from({ length: count }, (_, row) => columns.map((column) => column[row] as number));
}

/** The dot of the numbers of its origin and epoch. */
function dotOf(
  reader: ByteReader,
  [number, epoch]: readonly number[],
  origins: readonly string[],
): Dot {
  if (epoch === 0) reader.fail("an epoch is none");
  return { origin: origins[number as number] as string, epoch: epoch as number };
}

function readDot(reader: ByteReader, origins: readonly string[]): Dot {
  const number = reader.varint();
  if (number >= origins.length) reader.fail("an origin is none");
  return dotOf(reader, [number, reader.varint()], origins);
}

function addBeyond(past: Past, { vector, births, lessons }: Past): void {
  for (const [origin, epoch] of vector) past.vector.set(origin, epoch);
  for (const [origin, birth] of births) past.births.set(origin, birth);
  for (const [lesson, at] of lessons) past.lessons.set(lesson, at);
}

function readOptionalDot(reader: ByteReader, origins: readonly string[]): Dot | undefined {
  const count = reader.byte();
  if (count > 1) reader.fail("an epoch is neither there nor not");
  return count === 0 ? undefined : readDot(reader, origins);
}

function readPast(reader: ByteReader, origins: readonly string[]): Past {
  const { vector, births, lessons } = emptyPast();
  const { length } = origins;
  for (const row of readRows(reader, [length, SAFE_END])) {
    const { origin, epoch } = dotOf(reader, row, origins);
    if (vector.has(origin)) reader.fail("a version names an origin twice");
    vector.set(origin, epoch);
  }
  for (const [number, ...birth] of readRows(reader, [length, length, SAFE_END]))
    births.set(origins[number as number] as string, dotOf(reader, birth, origins));
  for (const [by, origin, epoch, at] of readRows(reader, [length, length, SAFE_END, SAFE_END])) {
    const dot = dotOf(reader, [origin as number, epoch as number], origins);
    lessons.set({ ...dot, by: origins[by as number] as string }, at as number);
  }
  return { vector, births, lessons };
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
