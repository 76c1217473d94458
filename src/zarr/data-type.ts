/**
 * Zarr's numeric data types in memory, and how what a caller gives becomes their elements.
 * Nothing is converted with loss, except that float16 rounds and float32 rounds plain numbers.
 * Spec: Zarr v3 "Data types".
 */
import { makeError } from "../base/errors.ts";
import { describe } from "../base/options.ts";
import { float16Bits } from "./float16.ts";

/** Names of the data types that arrays are made and written of. */
export type DataTypeName =
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

/** Elements as they lie in memory: bool as 0 and 1, float16 as bits. */
export type Elements =
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** One value for all elements of a region. */
export type Scalar = number | bigint | boolean;

/**
 * Values in row-major order: the typed array of the data type (bool: `Uint8Array`; float16:
 * `Float16Array` where there is one, or `Float32Array`), or a plain list.
 */
export type ArrayValues = Elements | readonly Scalar[];

/** A numeric data type. */
export interface DataType {
  readonly name: DataTypeName;
  readonly kind: "bool" | "integer" | "big-integer" | "float";
  readonly bytesPerElement: number;
  /** `length` zeros. */
  allocate(length: number): Elements;
}

const TABLE: Record<DataTypeName, readonly [DataType["kind"], new (length: number) => Elements]> = {
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

/** The data type of that name, as an array's zarr.json has it; `undefined` if it is none of ours. */
export function findDataType(name: unknown): DataType | undefined {
  if (typeof name !== "string" || !Object.hasOwn(TABLE, name)) return undefined;
  const [kind, Type] = TABLE[name as DataTypeName];
  const bytesPerElement = (Type as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT;
  return {
    name: name as DataTypeName,
    kind,
    bytesPerElement,
    allocate: (length) => new Type(length),
  };
}

/** As `findDataType`; throws `unimplemented` naming the data type and what has it. */
export function mustFindDataType(name: unknown, owner: string): DataType {
  const dataType = findDataType(name);
  if (dataType !== undefined) return dataType;
  const found = typeof name === "string" ? name : (JSON.stringify(name) ?? describe(name));
  throw makeError(
    "unimplemented",
    `${owner}: data type ${found} is not supported; supported: ${Object.keys(TABLE).join(", ")}`,
    { details: { dataType: found, supported: Object.keys(TABLE) } },
  );
}

/** Whether `values` is one value for all elements. */
export function isScalar(values: ArrayValues | Scalar): values is Scalar {
  return ["number", "bigint", "boolean"].includes(typeof values);
}

/**
 * `values` as elements of `dataType`; typed arrays of the right type are returned as they are.
 * @throws {invalid-option} another type of array, or a value that the data type cannot hold.
 */
export function toElements(dataType: DataType, values: ArrayValues, owner: string): Elements {
  if (Array.isArray(values)) {
    const elements = dataType.allocate(values.length);
    for (let i = 0; i < values.length; i++) {
      elements[i] = toElement(dataType, values[i] as Scalar, `${owner}: element ${i}`) as never;
    }
    return elements;
  }
  if (dataType.name === "float16" && isFloatArray(values)) {
    return Uint16Array.from(values, float16Bits);
  }
  if (values instanceof dataType.allocate(0).constructor && dataType.name !== "float16") {
    return dataType.name === "bool" ? toBooleans(values as Uint8Array) : (values as Elements);
  }
  const expected = dataType.name === "float16" ? "Float32Array" : constructorName(dataType);
  throw makeError(
    "invalid-option",
    `${owner}: ${dataType.name} values must come as ${expected} or a list, got ${describe(values)}`,
    { details: { dataType: dataType.name, expected, found: describe(values) } },
  );
}

function constructorName(dataType: DataType): string {
  return dataType.allocate(0).constructor.name;
}

function isFloatArray(values: unknown): values is Float32Array {
  if (values instanceof Float32Array) return true;
  const Half = (globalThis as Record<string, unknown>)["Float16Array"];
  return typeof Half === "function" && values instanceof Half;
}

function toBooleans(values: Uint8Array): Uint8Array {
  return values.every((value) => value <= 1)
    ? values
    : values.map((value) => (value === 0 ? 0 : 1));
}

/**
 * One value as an element of `dataType`.
 * @throws {invalid-option} a value that the data type cannot hold.
 */
export function toElement(dataType: DataType, value: Scalar, owner: string): number | bigint {
  const { name, kind } = dataType;
  if (kind === "bool" && typeof value === "boolean") return value ? 1 : 0;
  if (kind === "float" && typeof value === "number") {
    return name === "float16" ? float16Bits(value) : value;
  }
  if (kind === "integer" && typeof value === "number") {
    const elements = dataType.allocate(1);
    elements[0] = value as never;
    if (elements[0] === value && !Object.is(value, -0)) return value;
    if (value === 0) return 0;
  }
  if (kind === "big-integer" && (typeof value === "bigint" || Number.isSafeInteger(value))) {
    const integer = BigInt(value);
    const held = name === "int64" ? BigInt.asIntN(64, integer) : BigInt.asUintN(64, integer);
    if (held === integer) return integer;
  }
  throw makeError("invalid-option", `${owner} must be of type ${name}, got ${describe(value)}`, {
    details: { dataType: name, found: describe(value) },
  });
}
