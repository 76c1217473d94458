/** Fill values: their forms in zarr.json, and as an element. Spec: Zarr v3 "Fill value list". */
import { makeError } from "../../base/errors.ts";
import { isJsonArray, JsonNumber, type JsonValue, jsonFloat, printJson } from "../../codec/json.ts";
import type { DataType } from "./data-type.ts";
import { type ElementValue, toElement } from "./element-values.ts";
import { bytesOf, type Elements, isLittleEndian, type Numbers } from "./elements.ts";
import { float16Value } from "./float16.ts";

const NAMED_FLOATS: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

/** NaN for floats, false, 0, no text, no bytes. */
export function defaultFillValue(dataType: DataType): ElementValue {
  const { kind } = dataType;
  if (kind === "bool") return false;
  if (kind === "text") return "";
  if (kind === "bytes") return new Uint8Array(0);
  if (kind === "raw") return new Uint8Array(dataType.itemsPerElement);
  return kind === "float" ? Number.NaN : 0;
}

/**
 * `value` as zarr.json says it, rounded to the data type.
 * @throws {invalid-option} a value that the data type cannot hold
 */
export function encodeFillValue(dataType: DataType, value: unknown, owner: string): JsonValue {
  const elements = toElement(dataType, value, `${owner}: fillValue`);
  const element = elements[0] as number | bigint | string | Uint8Array;
  switch (dataType.kind) {
    case "bool":
      return element === 1;
    case "text":
      return element as string;
    case "bytes":
      return toBase64(element as Uint8Array);
    case "raw":
      // By the specification a list of integers, except under zarr-python's own name.
      return dataType.name === "raw_bytes"
        ? toBase64(elements as Uint8Array)
        : [...(elements as Uint8Array)];
    case "complex":
      return [...(elements as Float64Array)].map(floatJson);
    case "float":
      return floatJson(
        dataType.name === "float16" ? float16Value(Number(element)) : Number(element),
      );
    default:
      return element as number | bigint;
  }
}

function floatJson(float: number): JsonValue {
  return Number.isFinite(float) ? jsonFloat(float) : String(float);
}

/**
 * The fill value of an array's zarr.json as one element.
 * @throws {invalid-array-metadata} none, or one of another type
 */
export function parseFillValue(
  dataType: DataType,
  value: JsonValue | undefined,
  path: string,
): Elements {
  const { kind } = dataType;
  if (kind === "complex" && isJsonArray(value) && value.length === 2) {
    const numbers = dataType.allocate(1) as Float32Array | Float64Array;
    const parts = [numbers.subarray(0, 1), numbers.subarray(1)];
    if (value.every((part, i) => setFloat(parts[i] as Float64Array, part))) return numbers;
  }
  const elements = dataType.allocate(1);
  if (kind === "float" && setFloat(elements as Numbers, value)) return elements;
  try {
    return toElement(dataType, plainFill(dataType, value), path);
  } catch (cause) {
    const found = value === undefined ? "nothing" : printJson(value);
    throw makeError(
      "invalid-array-metadata",
      `zarr.json of ${path}: fill_value must be of type ${dataType.name}, found ${found}`,
      { details: { path, dataType: dataType.name, found }, cause },
    );
  }
}

/** Sets a float that is given by its bits, "0x7fc00000", big endian. */
function setFloat(numbers: Numbers, value: JsonValue | undefined): boolean {
  if (typeof value === "string") {
    const width = numbers.BYTES_PER_ELEMENT;
    const digits = /^0x([0-9a-fA-F]+)$/.exec(value)?.[1];
    if (digits?.length === width * 2) {
      const bits = Uint8Array.from({ length: width }, (_, i) =>
        Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
      );
      bytesOf(numbers).set(isLittleEndian() ? bits.reverse() : bits);
      return true;
    }
  }
  const float = plainFloat(value);
  if (typeof float !== "number" || numbers instanceof Uint16Array) return false;
  numbers[0] = float as never;
  return true;
}

function plainFloat(value: JsonValue | undefined): unknown {
  if (value instanceof JsonNumber) return value.value;
  if (typeof value === "string") return NAMED_FLOATS[value] ?? value;
  return typeof value === "bigint" ? Number(value) : value;
}

function plainFill(
  { kind, name, itemsPerElement }: DataType,
  value: JsonValue | undefined,
): unknown {
  if (kind === "float") return plainFloat(value);
  if (kind === "raw" && isJsonArray(value)) return integerBytes(value);
  if (kind === "raw" || kind === "bytes") {
    const bytes = fromBase64(value);
    if (bytes === undefined) return value;
    if (name === "null_terminated_bytes") return withoutTrailingNulls(bytes);
    // zarr-python has written empty text for nothing but zeros.
    return kind === "raw" && bytes.length === 0 ? new Uint8Array(itemsPerElement) : bytes;
  }
  return value instanceof JsonNumber ? value.value : value;
}

function integerBytes(list: readonly JsonValue[]): Uint8Array | undefined {
  const isBytes = list.every(
    (byte) => typeof byte === "number" && Number.isInteger(byte) && byte >= 0 && byte < 256,
  );
  return isBytes ? Uint8Array.from(list as number[]) : undefined;
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function fromBase64(value: JsonValue | undefined): Uint8Array | undefined {
  if (typeof value !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return undefined;
  if (value.length % 4 === 1) return undefined;
  return Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
}

/** A copy of `bytes` up to the last byte that is not 0. */
export function withoutTrailingNulls(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.slice(0, end);
}
