/**
 * The header of a NetCDF-3 file: classic (CDF-1), 64-bit offset (CDF-2), 64-bit data (CDF-5).
 * Says where every variable's bytes lie. Spec: NetCDF "The NetCDF Classic Format Specification".
 */
import { makeError } from "../../base/errors.ts";
import type { ElementName } from "../array/elements.ts";
import type { ByteSource } from "./byte-source.ts";
import { HeaderReader, WindowTooSmall } from "./header-reader.ts";

/** Bytes of the first look at a header; doubled until the header fits. */
const WINDOW_BYTES = 65_536;
/** No header is longer: attributes hold titles and histories, not data. */
const HEADER_BYTES_MAX = 256 * 1024 * 1024;
/** A rank that no program makes; the library's own limit (NC_MAX_VAR_DIMS). */
const RANK_MAX = 1024;

const DIMENSIONS = 10;
const VARIABLES = 11;
const ATTRIBUTES = 12;

/** A type of the file: `char` is text, the rest are numbers. */
interface ExternalType {
  readonly name: Exclude<ElementName, "string" | "bytes" | "bool" | "float16"> | "char";
  readonly bytes: number;
}

const TYPES: ReadonlyMap<number, ExternalType> = new Map([
  [1, { name: "int8", bytes: 1 }],
  [2, { name: "char", bytes: 1 }],
  [3, { name: "int16", bytes: 2 }],
  [4, { name: "int32", bytes: 4 }],
  [5, { name: "float32", bytes: 4 }],
  [6, { name: "float64", bytes: 8 }],
  [7, { name: "uint8", bytes: 1 }],
  [8, { name: "uint16", bytes: 2 }],
  [9, { name: "uint32", bytes: 4 }],
  [10, { name: "int64", bytes: 8 }],
  [11, { name: "uint64", bytes: 8 }],
] as const);
const CLASSIC_TYPE_MAX = 6;

/** One dimension; `isRecord`: the one that can grow, whose size is the number of records. */
interface HeaderDimension {
  readonly name: string;
  readonly size: number;
  readonly isRecord: boolean;
}

/** One attribute: big-endian bytes of its values. */
export interface HeaderAttribute {
  readonly name: string;
  readonly type: ExternalType;
  readonly bytes: Uint8Array;
}

/** One variable and where its bytes lie. */
export interface HeaderVariable {
  readonly name: string;
  readonly dims: readonly string[];
  readonly shape: readonly number[];
  readonly isRecord: boolean;
  readonly type: ExternalType;
  readonly attributes: readonly HeaderAttribute[];
  /** First byte of the first element. */
  readonly begin: number;
  /** Bytes from one record to the next; 0 for a variable without records. */
  readonly recordStride: number;
}

/** All that the header says. */
interface Netcdf3Header {
  readonly dimensions: readonly HeaderDimension[];
  readonly attributes: readonly HeaderAttribute[];
  readonly variables: readonly HeaderVariable[];
}

/** Whether a file that begins with `bytes` is a NetCDF-3 file. */
export function isNetcdf3(bytes: Uint8Array): boolean {
  return (
    bytes[0] === 0x43 && bytes[1] === 0x44 && bytes[2] === 0x46 && [1, 2, 5].includes(bytes[3] ?? 0)
  );
}

/** Reads the header, in one request as a rule. @throws {invalid-file-format} naming the byte */
export async function readNetcdf3Header(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<Netcdf3Header> {
  let windowBytes = WINDOW_BYTES;
  for (;;) {
    const end = Math.min(windowBytes, source.sizeBytes);
    const window = await source.read(0, end, signal);
    try {
      return parseHeader(source, window);
    } catch (error) {
      if (!(error instanceof WindowTooSmall)) throw error;
    }
    if (windowBytes >= HEADER_BYTES_MAX) {
      throw makeError(
        "invalid-file-format",
        `${source.name}: the header has more than ${HEADER_BYTES_MAX} bytes`,
        { details: { object: source.name, offset: HEADER_BYTES_MAX } },
      );
    }
    windowBytes *= 2;
  }
}

function parseHeader(source: ByteSource, window: Uint8Array): Netcdf3Header {
  if (!isNetcdf3(window)) {
    throw makeError("invalid-file-format", `${source.name} is no NetCDF-3 file, at byte 0`, {
      details: { object: source.name, offset: 0 },
    });
  }
  const reader = new HeaderReader(source.name, window, source.sizeBytes, window[3] as number, 4);
  const recordCount = reader.recordCount();
  const dimensions = readDimensions(reader);
  const attributes = readAttributes(reader);
  const drafts = readVariables(reader, dimensions);
  const stride = recordStrideOf(drafts);
  const records = recordCount ?? countRecords(drafts, stride, source.sizeBytes);
  return {
    dimensions: dimensions.map((dimension) =>
      dimension.isRecord ? { ...dimension, size: records } : dimension,
    ),
    attributes,
    variables: drafts.map((draft) => ({
      ...draft,
      shape: draft.isRecord ? [records, ...draft.shape.slice(1)] : draft.shape,
      recordStride: draft.isRecord ? stride : 0,
    })),
  };
}

/** How many items the list has that must begin here; 0 for an absent list. */
function listCount(reader: HeaderReader, tag: number, what: string, bytesEach: number): number {
  const at = reader.offset;
  const found = reader.uint32();
  const count = reader.boundedCount(what, bytesEach);
  if (found === tag || (found === 0 && count === 0)) return count;
  return reader.fail(`expected a list of ${what} (${tag}), found ${found}`, at);
}

function readDimensions(reader: HeaderReader): HeaderDimension[] {
  const count = listCount(reader, DIMENSIONS, "dimensions", 12);
  const dimensions: HeaderDimension[] = [];
  const names = new Set<string>();
  let hasRecords = false;
  for (let i = 0; i < count; i++) {
    const at = reader.offset;
    const name = reader.text("a dimension's name");
    const size = reader.count();
    if (names.has(name)) reader.fail(`two dimensions are named ${name}`, at);
    if (size === 0 && hasRecords) reader.fail(`${name} is a second record dimension`, at);
    names.add(name);
    hasRecords ||= size === 0;
    dimensions.push({ name, size, isRecord: size === 0 });
  }
  return dimensions;
}

function typeAt(reader: HeaderReader): ExternalType {
  const at = reader.offset;
  const code = reader.uint32();
  const type = TYPES.get(code);
  if (type === undefined || (reader.version !== 5 && code > CLASSIC_TYPE_MAX)) {
    return reader.fail(`${code} is no type`, at);
  }
  return type;
}

function readAttributes(reader: HeaderReader): HeaderAttribute[] {
  const count = listCount(reader, ATTRIBUTES, "attributes", 12);
  const attributes: HeaderAttribute[] = [];
  for (let i = 0; i < count; i++) {
    const name = reader.text("an attribute's name");
    const type = typeAt(reader);
    const length = reader.boundedCount(`values of attribute ${name}`, type.bytes);
    attributes.push({ name, type, bytes: reader.bytes(length * type.bytes).slice() });
  }
  return attributes;
}

type Draft = Omit<HeaderVariable, "recordStride">;

function readVariables(reader: HeaderReader, dimensions: readonly HeaderDimension[]): Draft[] {
  const count = listCount(reader, VARIABLES, "variables", 28);
  const drafts: Draft[] = [];
  const names = new Set<string>();
  for (let i = 0; i < count; i++) {
    const at = reader.offset;
    const name = reader.text("a variable's name");
    if (names.has(name)) reader.fail(`two variables are named ${name}`, at);
    names.add(name);
    const own = readDimensionIds(reader, name, dimensions);
    const attributes = readAttributes(reader);
    const type = typeAt(reader);
    reader.count(); // The size in bytes, which wraps for large variables: computed instead.
    const begin = reader.begin();
    drafts.push({
      name,
      dims: own.map((dimension) => dimension.name),
      shape: own.map(({ size }) => size),
      isRecord: own[0]?.isRecord ?? false,
      type,
      attributes,
      begin,
    });
  }
  return drafts;
}

function readDimensionIds(
  reader: HeaderReader,
  variable: string,
  dimensions: readonly HeaderDimension[],
): HeaderDimension[] {
  const rank = reader.boundedCount(`dimensions of ${variable}`, reader.version === 5 ? 8 : 4);
  if (rank > RANK_MAX) reader.fail(`${variable} has ${rank} dimensions`);
  const own: HeaderDimension[] = [];
  for (let i = 0; i < rank; i++) {
    const at = reader.offset;
    const id = reader.count();
    const dimension = dimensions[id];
    if (dimension === undefined) return reader.fail(`${variable}: there is no dimension ${id}`, at);
    if (dimension.isRecord && i > 0) {
      reader.fail(`${variable}: the record dimension is not the first`, at);
    }
    own.push(dimension);
  }
  return own;
}

/** Bytes of one record of a variable, or of the whole of one without records. */
function sliceBytes({ shape, isRecord, type }: Draft): number {
  return (isRecord ? shape.slice(1) : shape).reduce((bytes, size) => bytes * size, type.bytes);
}

/** Records are padded to 4 bytes per variable, except where there is but one record variable. */
function recordStrideOf(drafts: readonly Draft[]): number {
  const records = drafts.filter(({ isRecord }) => isRecord);
  if (records.length === 1) return sliceBytes(records[0] as Draft);
  return records.reduce((bytes, draft) => bytes + Math.ceil(sliceBytes(draft) / 4) * 4, 0);
}

/** For a file that was being streamed: as many records as lie in it. */
function countRecords(drafts: readonly Draft[], stride: number, sizeBytes: number): number {
  const begins = drafts.filter(({ isRecord }) => isRecord).map(({ begin }) => begin);
  if (begins.length === 0 || stride === 0) return 0;
  const first = begins.reduce((a, b) => Math.min(a, b));
  return Math.max(0, Math.floor((sizeBytes - first) / stride));
}
