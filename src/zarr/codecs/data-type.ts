/**
 * Zarr's data types: numbers, complex numbers, strings, byte strings and raw bytes, and how
 * their elements lie in memory.
 * Spec: Zarr v3 "Data types", zarr-extensions "string", "bytes", and what zarr-python adds.
 */
import { makeError } from "../../base/errors.ts";
import { describe, isPlainObject } from "../../base/options.ts";
import { isJsonObject, type JsonValue, parseJson, printJson } from "../../codec/json.ts";
import { assertFitsMemory, type Elements, type Numbers } from "./elements.ts";

/** Names of the data types of plain numbers. */
export type NumberTypeName =
  | "bool"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "float16"
  | "float32"
  | "float64";

/** Names of the data types that arrays are made and written of. `r16` has 16 bits: two raw bytes. */
export type DataTypeName =
  | NumberTypeName
  | "complex64"
  | "complex128"
  | "string"
  | "variable_length_bytes"
  | `r${number}`;

/** A data type of a fixed length, as zarr-python's zarr.json has it. */
export interface SizedDataType {
  readonly name: "fixed_length_utf32" | "null_terminated_bytes" | "raw_bytes";
  /** `length_bytes`: bytes of one element; of UTF-32 four per code point. */
  readonly configuration: { readonly length_bytes: number };
}

/** What elements are, as far as values and codecs tell types apart. */
type DataTypeKind =
  | "bool"
  | "integer"
  | "big-integer"
  | "float"
  | "complex"
  | "raw"
  | "text"
  | "bytes";

/** A data type. */
export interface DataType {
  /** For messages: as zarr.json names it. */
  readonly name: string;
  readonly kind: DataTypeKind;
  /** `data_type` of zarr.json. */
  readonly metadata: JsonValue;
  /** Stored bytes of one element; of any length: a guess, for choosing chunks. */
  readonly bytesPerElement: number;
  /** Whether each element has a length of its own. */
  readonly isVariable: boolean;
  /** Numbers in memory of one element: 2 of complex numbers, the bytes of raw ones, else 1. */
  readonly itemsPerElement: number;
  /** Zeros, empty strings or empty byte strings. @throws {invalid-option} for too many */
  allocate(length: number): Elements;
}

type NumbersOf = new (length: number) => Numbers;

const NUMBERS: Record<NumberTypeName, readonly [DataTypeKind, NumbersOf]> = {
  bool: ["bool", Uint8Array],
  int8: ["integer", Int8Array],
  int16: ["integer", Int16Array],
  int32: ["integer", Int32Array],
  int64: ["big-integer", BigInt64Array],
  uint8: ["integer", Uint8Array],
  uint16: ["integer", Uint16Array],
  uint32: ["integer", Uint32Array],
  uint64: ["big-integer", BigUint64Array],
  float16: ["float", Uint16Array],
  float32: ["float", Float32Array],
  float64: ["float", Float64Array],
};
/** Names that a message lists. */
const SUPPORTED: readonly string[] = [
  ...Object.keys(NUMBERS),
  "complex64",
  "complex128",
  "string",
  "variable_length_bytes",
  "fixed_length_utf32",
  "null_terminated_bytes",
  "raw_bytes",
  "r8, r16, …",
];

/** Data types of Zarr and its extensions that are not built; numpy's names of them too. */
const NOT_BUILT =
  /^(?:(?:numpy\.)?(?:datetime64|timedelta64)|struct(?:ured)?|u?int[24]|bfloat16|float[468]_\w+|complex32|complex_\w+)(?:\[|$)/;

/** Bytes of a code point in UTF-32. */
const CODE_POINT_BYTES = 4;
/** What strings and byte strings of any length are taken for when chunks are chosen. */
const VARIABLE_BYTES_GUESS = 32;
/** Widest element of fixed length: a chunk of one must fit in memory. */
const WIDTH_BYTES_MAX = 2 ** 28;

/** Whether `name` is a data type of plain numbers. */
export function isNumberTypeName(name: unknown): name is NumberTypeName {
  return typeof name === "string" && Object.hasOwn(NUMBERS, name);
}

/** An array in memory of `length` numbers of the type. */
export function allocateNumbers(name: NumberTypeName, length: number): Numbers {
  return new NUMBERS[name][1](length);
}

/** The data type that a `data_type` of zarr.json says; `undefined` if it is not one of ours. */
export function findDataType(metadata: JsonValue | undefined): DataType | undefined {
  const name = isJsonObject(metadata) ? metadata.get("name") : metadata;
  if (metadata === undefined || typeof name !== "string") return undefined;
  if (isNumberTypeName(name)) return numberType(name);
  if (name === "complex64") return complexType(name, Float32Array);
  if (name === "complex128") return complexType(name, Float64Array);
  if (name === "string" || name === "variable_length_utf8") {
    return listType("string", "text", metadata, undefined);
  }
  if (name === "variable_length_bytes" || name === "bytes") {
    return listType(name, "bytes", metadata, undefined);
  }
  const bits = /^r(\d{1,12})$/.exec(name)?.[1];
  if (bits !== undefined) return rawType(name, name, Number(bits) / 8);
  const lengthBytes = lengthOf(metadata);
  if (name === "raw_bytes") return rawType(name, metadata, lengthBytes);
  const isText = name === "fixed_length_utf32";
  if (!isText && name !== "null_terminated_bytes") return undefined;
  if (!isWidth(lengthBytes) || (isText && lengthBytes % CODE_POINT_BYTES !== 0)) return undefined;
  return listType(name, isText ? "text" : "bytes", metadata, lengthBytes);
}

function isWidth(lengthBytes: unknown): lengthBytes is number {
  return (
    typeof lengthBytes === "number" &&
    Number.isSafeInteger(lengthBytes) &&
    lengthBytes > 0 &&
    lengthBytes <= WIDTH_BYTES_MAX
  );
}

function lengthOf(metadata: JsonValue): unknown {
  const configuration = isJsonObject(metadata) ? metadata.get("configuration") : undefined;
  return isJsonObject(configuration) ? configuration.get("length_bytes") : undefined;
}

function numbersOf(
  type: Omit<DataType, "allocate" | "bytesPerElement" | "isVariable">,
  NumbersType: NumbersOf,
): DataType {
  const { itemsPerElement } = type;
  return {
    ...type,
    bytesPerElement: itemsPerElement * new NumbersType(0).BYTES_PER_ELEMENT,
    isVariable: false,
    allocate(length) {
      assertFitsMemory(length * itemsPerElement, `an array of ${type.name}`);
      return new NumbersType(length * itemsPerElement);
    },
  };
}

function numberType(name: NumberTypeName): DataType {
  const [kind, NumbersType] = NUMBERS[name];
  return numbersOf({ name, kind, metadata: name, itemsPerElement: 1 }, NumbersType);
}

function complexType(name: string, NumbersType: NumbersOf): DataType {
  return numbersOf({ name, kind: "complex", metadata: name, itemsPerElement: 2 }, NumbersType);
}

function rawType(name: string, metadata: JsonValue, width: unknown): DataType | undefined {
  if (!isWidth(width)) return undefined;
  return numbersOf({ name, kind: "raw", metadata, itemsPerElement: width }, Uint8Array);
}

function listType(
  name: string,
  kind: "text" | "bytes",
  metadata: JsonValue,
  width: number | undefined,
): DataType {
  return {
    name,
    kind,
    metadata,
    bytesPerElement: width ?? VARIABLE_BYTES_GUESS,
    isVariable: width === undefined,
    itemsPerElement: 1,
    allocate(length) {
      assertFitsMemory(length, `an array of ${name}`);
      if (kind === "text") return new Array<string>(length).fill("");
      return new Array<Uint8Array>(length).fill(new Uint8Array(0));
    },
  };
}

/** As `findDataType`. @throws {unimplemented} naming the data type and what has it */
export function mustFindDataType(metadata: JsonValue | undefined, owner: string): DataType {
  const dataType = findDataType(metadata);
  if (dataType !== undefined) return dataType;
  const found = typeof metadata === "string" ? metadata : printed(metadata);
  throw makeError(
    "unimplemented",
    `${owner}: data type ${found} is not supported; supported: ${SUPPORTED.join(", ")}`,
    { details: { dataType: found, supported: [...SUPPORTED] } },
  );
}

function printed(metadata: JsonValue | undefined): string {
  return metadata === undefined ? "nothing" : printJson(metadata);
}

/** Whether Zarr, or numpy, has a data type of that name and this package none. */
export function isNotBuilt(name: unknown): boolean {
  return typeof name === "string" && NOT_BUILT.test(name);
}

/**
 * The data type that a caller asks for.
 * @throws {invalid-option} there is none of that name, naming those that there are
 * @throws {unimplemented} Zarr has it, and it is not built
 */
export function parseDtype(dtype: unknown, owner: string): DataType {
  const isText = typeof dtype === "string";
  const metadata = isPlainObject(dtype) ? parseJson(printJson(dtype)) : isText ? dtype : undefined;
  const name = isJsonObject(metadata) ? metadata.get("name") : metadata;
  if (isNotBuilt(name) || findDataType(metadata) !== undefined) {
    return mustFindDataType(metadata, owner);
  }
  const found = metadata === undefined ? describe(dtype) : printed(metadata);
  throw makeError(
    "invalid-option",
    `${owner}: there is no data type ${found}; known: ${SUPPORTED.join(", ")}`,
    { details: { option: "dtype", found, supported: [...SUPPORTED] } },
  );
}
