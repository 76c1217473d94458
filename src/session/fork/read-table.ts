/** Chunk tables in fork bytes, on their way in: `table-bytes.ts` has the layout. Everything is checked. */
import { volumeOf } from "../../base/coordinates.ts";
import { isIcefloeError } from "../../base/errors.ts";
import type { ByteReader } from "../../codec/byte-stream.ts";
import { readNumbers } from "../../codec/number-list.ts";
import {
  ROW_INLINE,
  ROW_NATIVE,
  ROW_TOMBSTONE,
  ROW_VIRTUAL,
} from "../../format/manifest/chunk-rows.ts";
import { ChunkTable } from "../changes/chunk-table.ts";
import type { Dot } from "../changes/dot.ts";
import { virtualStrings } from "../changes/set-virtual.ts";
import type { VirtualRows } from "../changes/virtual-rows.ts";
import { type KnownPrefixes, normaliseLocation } from "../virtual/location.ts";
import { hasPositions } from "./table-bytes.ts";

const CHUNK_ID_BYTES = 12;
const COORDINATE_END = 2 ** 32;
const SAFE_END = 2 ** 53;
const SECONDS_END = 2 ** 32;
const KINDS_END = 4;
const RANK_MAX = 65_535;
const STRING_BUFFER_BYTES = 1024;

/** Reads one table. Fails as the reader does. */
export function readTable(reader: ByteReader, dots: readonly Dot[]): ChunkTable {
  const rank = reader.varint();
  if (rank > RANK_MAX) reader.fail(`an array of ${rank} dimensions`);
  const rowCount = reader.count(1);
  const table = new ChunkTable(rank);
  if (rowCount === 0) reader.fail("a table without chunks");
  const nextCoordinates = readCoordinates(reader, rank, rowCount);
  const kinds = readNumbers(reader, rowCount, KINDS_END);
  const dotNumbers = readNumbers(reader, rowCount, dots.length);
  const counts = [0, 0, 0, 0];
  for (const kind of kinds) counts[kind] = (counts[kind] as number) + 1;
  const inlineRow = readInline(reader, table, counts[ROW_INLINE] as number);
  const nativeRow = readNative(reader, table, counts[ROW_NATIVE] as number);
  const columns = readVirtual(reader, table, counts[ROW_VIRTUAL] as number);
  const dotNumber = dotNumbers[0] as number;
  if (counts[ROW_VIRTUAL] === rowCount && dotNumbers.every((number) => number === dotNumber)) {
    const coordinates = new Uint32Array(rowCount * rank);
    for (let i = 0; i < rowCount; i++) coordinates.set(nextCoordinates(i), i * rank);
    table.setVirtualRows({ count: rowCount, coordinates, ...columns }, dots[dotNumber] as Dot);
    return table;
  }
  const virtualRow = virtualSetter(table, columns);
  for (let i = 0; i < rowCount; i++) {
    const coordinates = nextCoordinates(i);
    const kind = kinds[i] as number;
    const dot = dots[dotNumbers[i] as number] as Dot;
    if (kind === ROW_TOMBSTONE) table.setTombstone(coordinates, dot);
    else if (kind === ROW_INLINE) inlineRow(coordinates, dot);
    else if (kind === ROW_NATIVE) nativeRow(coordinates, dot);
    else virtualRow(coordinates, dot);
  }
  return table;
}

type RowSetter = (coordinates: ArrayLike<number>, dot: Dot) => void;

function readInline(reader: ByteReader, table: ChunkTable, count: number): RowSetter {
  const lengths = readNumbers(reader, count, SAFE_END);
  checkRanges(reader, undefined, lengths);
  const payloads = reader.raw(lengths.reduce((sum, length) => sum + length, 0));
  let next = 0;
  let at = 0;
  return (coordinates, dot) => {
    const end = at + (lengths[next++] as number);
    table.setInline(coordinates, payloads.subarray(at, end), dot);
    at = end;
  };
}

function readNative(reader: ByteReader, table: ChunkTable, count: number): RowSetter {
  const offsets = readNumbers(reader, count, SAFE_END);
  const lengths = readNumbers(reader, count, SAFE_END);
  checkRanges(reader, offsets, lengths);
  const ids = reader.raw(count * CHUNK_ID_BYTES);
  let next = 0;
  return (coordinates, dot) => {
    const id = ids.subarray(next * CHUNK_ID_BYTES, (next + 1) * CHUNK_ID_BYTES);
    table.setNative(coordinates, id, offsets[next] as number, lengths[next] as number, dot);
    next++;
  };
}

/** No chunk is empty, and none ends behind 2^53. */
function checkRanges(
  reader: ByteReader,
  offsets: ArrayLike<number> | undefined,
  lengths: ArrayLike<number>,
): void {
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i] as number;
    if (length === 0) reader.fail("a chunk has no bytes");
    if ((offsets?.[i] ?? 0) + length >= SAFE_END) reader.fail("a chunk ends too far behind");
  }
}

/** Looks at a string, of which so many bytes are those of the one before. */
type StringCheck = (bytes: Uint8Array, shared: number) => void;

/**
 * Fails as the reader does for what is no location in normal form. A location that begins as the one
 * before, up to the path, is in normal form as that is.
 */
function locationCheck(reader: ByteReader): StringCheck {
  const known: KnownPrefixes = { plain: new Set(), latest: undefined };
  let prefixLength = Number.POSITIVE_INFINITY;
  return (bytes, shared) => {
    if (shared >= prefixLength && isAscii(bytes)) return;
    const text = reader.decodeText(bytes);
    try {
      if (normaliseLocation(text, known) !== text) reader.fail("a location is malformed");
    } catch (error) {
      if (!isIcefloeError(error, "invalid-virtual-ref")) throw error;
      reader.fail("a location is malformed");
    }
    const { latest } = known;
    const isPlain = latest !== undefined && text.startsWith(latest) && isAscii(bytes);
    prefixLength = isPlain ? latest.length : Number.POSITIVE_INFINITY;
  };
}

type VirtualColumns = Omit<VirtualRows, "count" | "coordinates">;

function readVirtual(reader: ByteReader, table: ChunkTable, count: number): VirtualColumns {
  const offsets = readNumbers(reader, count, SAFE_END);
  const lengths = readNumbers(reader, count, SAFE_END);
  checkRanges(reader, offsets, lengths);
  const lastModifieds = readNumbers(reader, count, SECONDS_END);
  const locations = readStrings(reader, table, count, locationCheck(reader));
  const etags = readStrings(reader, table, count, (bytes) => {
    if (!isAscii(bytes)) reader.decodeText(bytes);
  });
  for (let i = 0; i < count; i++) {
    const location = locations[i] as number;
    if (location === 0) reader.fail("a virtual reference has no location");
    locations[i] = location - 1;
  }
  return { offsets, lengths, lastModifieds, locations, etags };
}

function virtualSetter(table: ChunkTable, columns: VirtualColumns): RowSetter {
  let next = 0;
  return (coordinates, dot) => {
    const i = next++;
    const ref = {
      location: columns.locations[i] as number,
      etag: columns.etags?.[i] as number,
      offset: columns.offsets[i] as number,
      length: columns.lengths[i] as number,
      lastModifiedSeconds: columns.lastModifieds?.[i] as number,
    };
    table.setVirtualCoded(coordinates, ref, dot);
  };
}

function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) >= 0x80) return false;
  return true;
}

/** Per row the string's code in the table, plus 1; 0 = none. `check` sees every string once, in order. */
function readStrings(
  reader: ByteReader,
  table: ChunkTable,
  rowCount: number,
  check: StringCheck,
): Uint32Array {
  const stringCount = reader.count(2);
  const codes = new Float64Array(stringCount + 1);
  // The string before stands here; the next one overwrites what it does not share.
  let buffer = new Uint8Array(STRING_BUFFER_BYTES);
  let length = 0;
  for (let number = 1; number <= stringCount; number++) {
    const shared = reader.byte();
    if (shared > length) reader.fail("a string shares more than there is");
    const rest = reader.bytes();
    length = shared + rest.length;
    if (length > buffer.length) {
      const grown = new Uint8Array(length * 2);
      grown.set(buffer.subarray(0, shared));
      buffer = grown;
    }
    buffer.set(rest, shared);
    const bytes = buffer.subarray(0, length);
    check(bytes, shared);
    codes[number] = virtualStrings(table).add(bytes) + 1;
  }
  const numbers = readNumbers(reader, rowCount, stringCount + 1);
  const ofRows = new Uint32Array(rowCount);
  for (let i = 0; i < rowCount; i++) ofRows[i] = codes[numbers[i] as number] as number;
  return ofRows;
}

/** Answers coordinates row by row; the array is reused. */
type CoordinatesOf = (row: number) => ArrayLike<number>;

interface Box {
  readonly starts: readonly number[];
  readonly lengths: readonly number[];
}

function readCoordinates(reader: ByteReader, rank: number, rowCount: number): CoordinatesOf {
  const starts: number[] = [];
  const lengths: number[] = [];
  for (let d = 0; d < rank; d++) {
    const start = reader.varint();
    const length = reader.varint();
    if (length < 1 || start + length > COORDINATE_END) reader.fail("a box has a wrong extent");
    starts.push(start);
    lengths.push(length);
  }
  const read = hasPositions(lengths) ? readPositions : readDistances;
  return read(reader, { starts, lengths }, rowCount);
}

function readPositions(reader: ByteReader, box: Box, rowCount: number): CoordinatesOf {
  const { starts, lengths } = box;
  const size = volumeOf(lengths);
  const positions = new Float64Array(rowCount);
  let position = -1;
  for (let row = 0; row < rowCount; row++) {
    position += reader.varint() + 1;
    if (position >= size) reader.fail("a position lies outside its box");
    positions[row] = position;
  }
  const rank = starts.length;
  const coordinates = new Float64Array(rank);
  return (row) => {
    let rest = positions[row] as number;
    for (let d = rank - 1; d >= 0; d--) {
      const length = lengths[d] as number;
      const outer = Math.floor(rest / length);
      coordinates[d] = (starts[d] as number) + (rest - outer * length);
      rest = outer;
    }
    return coordinates;
  };
}

function readDistances(reader: ByteReader, box: Box, rowCount: number): CoordinatesOf {
  const { starts, lengths } = box;
  const rank = starts.length;
  if (rank * rowCount > reader.remaining) reader.fail("ends too early");
  const values = new Uint32Array(rank * rowCount);
  for (let row = 0; row < rowCount; row++) {
    let isAfter = row === 0;
    for (let d = 0; d < rank; d++) {
      const distance = reader.varint();
      if (distance >= (lengths[d] as number)) reader.fail("a coordinate lies outside its box");
      const value = (starts[d] as number) + distance;
      const before = values[(row - 1) * rank + d] as number;
      if (!isAfter && value < before) reader.fail("coordinates are not ascending");
      if (value > before) isAfter = true;
      values[row * rank + d] = value;
    }
    if (!isAfter) reader.fail("coordinates are not ascending");
  }
  return (row) => values.subarray(row * rank, (row + 1) * rank);
}
