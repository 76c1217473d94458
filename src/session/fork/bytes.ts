/**
 * Forks as bytes: what crosses threads, processes and machines, and may wait in a queue. Holds
 * changes only: no storage, no credentials, no headers.
 *
 *   magic (8) | format version (1) | flags (1) | body | CRC-32C of all before (4)
 *   body: base | origins | dots | need | what the parent knew | what the fork knows beyond | itself
 *         | overlay | own | signatures | written under
 *
 * Bytes without the overlay name what the parent knew by its epoch, and leave it out: `past.ts`.
 *
 * Equal states give equal bytes. Damage of any kind is refused with `invalid-fork-bytes`, and
 * nothing is allocated that the input's length does not justify. A right checksum makes nobody
 * trust the content: it is checked in itself by `read-bytes.ts`, against the base by `check.ts`.
 */

import { compareUtf8 } from "../../base/bytes.ts";
import { assert } from "../../base/errors.ts";
import { ByteWriter } from "../../codec/byte-stream.ts";
import { crc32c } from "../../codec/crc32c.ts";
import { writeNumbers } from "../../codec/number-list.ts";
import { OBJECT_ID_BYTES, objectIdToBytes } from "../../format/ids.ts";
import type { ChangeSet } from "../changes/change-set.ts";
import type { ChunkTable } from "../changes/chunk-table.ts";
import type { Dot } from "../changes/dot.ts";
import { DotDictionary } from "../changes/dot-dictionary.ts";
import { type Past, pastBeyond } from "../changes/past.ts";
import { ORIGIN_NUMBER_BYTES } from "../state/origins.ts";
import { writeNodeChange } from "./node-bytes.ts";
import { writeTable } from "./table-bytes.ts";
import type { WrittenUnder } from "./written-under.ts";

/** What a fork brings, live or as bytes. */
export interface ForkContent {
  /** Id of the base snapshot. */
  readonly baseId: string;
  /** What a receiver must hold: the parent's closed epoch. */
  readonly need: Dot | undefined;
  /** What the parent knew then; empty if it was left out with the overlay. */
  readonly needPast: Past;
  /** What the fork knows; what the parent knew may be left out. */
  readonly past: Past;
  /** The fork by its last closed epoch, for those who open its bytes. */
  readonly self?: Dot | undefined;
  /** The parent's uncommitted changes; empty if they were left out. */
  readonly overlay: ChangeSet;
  readonly own: ChangeSet;
  /** For each array of which `own` has chunks, by node id. */
  readonly writtenUnder: ReadonlyMap<string, WrittenUnder>;
  /** The overlay was left out: the bytes can be merged, not opened. */
  readonly overlayOmitted?: boolean | undefined;
}

/** Not UTF-8, with line ends that text transports change. */
export const MAGIC: Uint8Array = Uint8Array.of(0x89, 0x49, 0x43, 0x46, 0x6b, 0x0d, 0x0a, 0x1a);
/**
 * 1: without signatures and what was written under them, with fields of zarr.json beside it.
 * 2: with two whole version vectors, and origins as text.
 * 3: with what is known entry by entry.
 */
export const FORMAT_VERSION = 4;
/** Bytes that the origins of a family share. */
export const FAMILY_BYTES: number = OBJECT_ID_BYTES - ORIGIN_NUMBER_BYTES;
/**
 * Rows of a table of what a fork knows that may take less than a byte each; those beyond bring a
 * byte of nothing along, so that a few bytes can't claim a billion of them.
 */
export const FREE_ROWS = 2 ** 14;
/** Set where the overlay was left out. */
export const FLAG_OVERLAY_OMITTED = 1;

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
  const { need, self, needPast, past, overlayOmitted } = fork;
  const used = dots.all();
  const beyond = pastBeyond(past, needPast);
  const pasts = overlayOmitted === true ? [beyond] : [needPast, beyond];
  const named = [need, self].filter((dot) => dot !== undefined);
  const origins = originsOf([...used, ...named], pasts);
  const numbers = new Map(origins.map((origin, number) => [origin, number]));
  const numbersOf = ({ origin, epoch }: Dot): number[] => [numbers.get(origin) as number, epoch];
  const writeOptional = (dot: Dot | undefined): void => {
    writer.byte(dot === undefined ? 0 : 1);
    if (dot !== undefined) for (const number of numbersOf(dot)) writer.varint(number);
  };
  writeOrigins(writer, origins);
  writeRows(writer, used.map(numbersOf));
  writeOptional(need);
  for (const { vector, births, lessons } of pasts) {
    const entries = [...vector].map(([origin, epoch]) => numbersOf({ origin, epoch }));
    writeRows(writer, entries);
    const born = [...births].map(([origin, birth]) => [
      numbers.get(origin) as number,
      ...numbersOf(birth),
    ]);
    writeRows(writer, born);
    const learnt = [...lessons].map(([lesson, at]) => [
      numbers.get(lesson.by) as number,
      ...numbersOf(lesson),
      at,
    ]);
    writeRows(writer, learnt);
  }
  if (overlayOmitted !== true) writeOptional(self);
}

/** Those of one family share all but their numbers, which often follow each other. */
function writeOrigins(writer: ByteWriter, origins: readonly string[]): void {
  const families = new Map<string, number>();
  const ids = origins.map(objectIdToBytes);
  const rows = ids.map((id) => {
    const family = id.subarray(0, FAMILY_BYTES);
    const key = family.join();
    if (!families.has(key)) families.set(key, families.size);
    const number = id.subarray(FAMILY_BYTES).reduce((sum, byte) => 256 * sum + byte, 0);
    return [families.get(key) as number, number];
  });
  writer.varint(families.size);
  for (const key of families.keys()) writer.raw(Uint8Array.from(key.split(",").map(Number)));
  writeRows(writer, rows);
}

/** How many rows there are, then column by column. */
function writeRows(writer: ByteWriter, rows: readonly (readonly number[])[]): void {
  writer.varint(rows.length);
  writer.raw(new Uint8Array(Math.max(0, rows.length - FREE_ROWS)));
  const width = rows[0]?.length ?? 0;
  for (let column = 0; column < width; column++)
    writeNumbers(
      writer,
      rows.map((row) => row[column] as number),
    );
}

/** All origins that are named, sorted. */
function originsOf(dots: readonly Dot[], pasts: readonly Past[]): string[] {
  const origins = new Set(dots.map(({ origin }) => origin));
  for (const { vector, births, lessons } of pasts) {
    for (const origin of vector.keys()) origins.add(origin);
    for (const [origin, birth] of births) origins.add(origin).add(birth.origin);
    for (const { by, origin } of lessons.keys()) origins.add(by).add(origin);
  }
  return [...origins].sort(compareUtf8);
}

function writeChanges(writer: ByteWriter, changes: ChangeSet, dots: DotDictionary): void {
  const numbers = { numberOf: (dot: Dot): number => dots.codeOf(dot) };
  const { nodes } = changes;
  writer.varint(nodes.size);
  for (const change of nodes.values()) writeNodeChange(writer, change, numbers);
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
