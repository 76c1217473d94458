/** Fill values: their forms in zarr.json, and as an element. Spec: Zarr v3 "Fill value list". */
import { makeError } from "../base/errors.ts";
import { JsonNumber, type JsonValue, jsonFloat, printJson } from "../codec/json.ts";
import { type DataType, type Elements, type Scalar, toElement } from "./data-type.ts";
import { float16Value } from "./float16.ts";

const NAMED_FLOATS: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

/** NaN for floats, false, 0. */
export function defaultFillValue(dataType: DataType): Scalar {
  if (dataType.kind === "bool") return false;
  return dataType.kind === "float" ? Number.NaN : 0;
}

/**
 * `value` as zarr.json says it, rounded to the data type.
 * @throws {invalid-option} a value that the data type cannot hold.
 */
export function encodeFillValue(dataType: DataType, value: Scalar, owner: string): JsonValue {
  const elements = dataType.allocate(1);
  elements[0] = toElement(dataType, value, `${owner}: fillValue`) as never;
  const element = elements[0] as number | bigint;
  if (dataType.kind === "bool") return element === 1;
  if (dataType.kind !== "float") return element;
  const float = dataType.name === "float16" ? float16Value(Number(element)) : Number(element);
  return Number.isFinite(float) ? jsonFloat(float) : String(float);
}

/**
 * The fill value of an array's zarr.json as one element.
 * @throws {invalid-array-metadata} none, or one of another type.
 */
export function parseFillValue(
  dataType: DataType,
  value: JsonValue | undefined,
  path: string,
): Elements {
  const elements = dataType.allocate(1);
  const bits = hexBits(dataType, value);
  if (bits !== undefined) {
    const bytes = new Uint8Array(elements.buffer);
    bytes.set(isLittleEndian() ? bits.reverse() : bits);
    return elements;
  }
  try {
    elements[0] = toElement(dataType, plainFill(dataType, value), path) as never;
  } catch (cause) {
    const found = value === undefined ? "nothing" : printJson(value);
    throw makeError(
      "invalid-array-metadata",
      `zarr.json of ${path}: fill_value must be of type ${dataType.name}, found ${found}`,
      { details: { path, dataType: dataType.name, found }, cause },
    );
  }
  return elements;
}

function plainFill(dataType: DataType, value: JsonValue | undefined): Scalar {
  if (value instanceof JsonNumber) return value.value;
  if (typeof value === "string" && dataType.kind === "float") {
    const named = NAMED_FLOATS[value];
    if (named !== undefined) return named;
  }
  if (typeof value === "bigint" && dataType.kind === "float") return Number(value);
  return value as Scalar;
}

/** Floats may be given by their bits: "0x7fc00000". Big endian. */
function hexBits(dataType: DataType, value: JsonValue | undefined): Uint8Array | undefined {
  if (dataType.kind !== "float" || typeof value !== "string") return undefined;
  const digits = /^0x([0-9a-fA-F]+)$/.exec(value)?.[1];
  if (digits?.length !== dataType.bytesPerElement * 2) return undefined;
  return Uint8Array.from({ length: dataType.bytesPerElement }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}

/** Whether typed arrays hold the low byte first on this machine. */
export function isLittleEndian(): boolean {
  return new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
}
