/**
 * Zarr data types and fill values of all that a dataset holds: numbers, bool, strings of any or
 * fixed length, byte strings. Spec: Zarr v3 "Data types", and what zarr-python writes beyond it.
 */
import { makeError } from "../../base/errors.ts";
import { isJsonObject, type JsonValue, printJson } from "../../codec/json.ts";
import { findDataType, mustFindDataType } from "../../zarr/data-type.ts";
import { encodeFillValue, parseFillValue } from "../../zarr/fill-value.ts";
import { float16Value } from "../../zarr/float16.ts";
import { allocate, type ElementType, isFloat, isNumeric, type Values } from "../array/elements.ts";
import { withoutTrailingNulls } from "../netcdf/char-source.ts";

/** Bytes of a code point in UTF-32. */
const CODE_POINT_BYTES = 4;
/** Widest fixed string: a chunk of one must fit in memory. */
const WIDTH_MAX = 2 ** 28;

/** `data_type` of an array's zarr.json. */
export function dataTypeOf(type: ElementType): JsonValue {
  if (type.name === "string" && type.width !== undefined) {
    return sized("fixed_length_utf32", type.width * CODE_POINT_BYTES);
  }
  return type.name === "bytes" ? sized("null_terminated_bytes", type.width ?? 1) : type.name;
}

function sized(name: string, lengthBytes: number): JsonValue {
  return new Map<string, JsonValue>([
    ["name", name],
    ["configuration", new Map([["length_bytes", lengthBytes]])],
  ]);
}

/**
 * The type that a `data_type` names.
 * @throws {unimplemented} one that no variable can hold, naming it and the array.
 */
export function parseDataType(dataType: JsonValue | undefined, path: string): ElementType {
  const name = isJsonObject(dataType) ? dataType.get("name") : dataType;
  if (name === "string" || name === "variable_length_utf8") return { name: "string" };
  if (findDataType(name) !== undefined) return { name: name as ElementType["name"] };
  const lengthBytes = lengthOf(dataType);
  if (name === "fixed_length_utf32" && lengthBytes !== undefined) {
    return { name: "string", width: lengthBytes / CODE_POINT_BYTES };
  }
  if (name === "null_terminated_bytes" && lengthBytes !== undefined) {
    return { name: "bytes", width: lengthBytes };
  }
  const found = dataType === undefined ? "nothing" : printJson(dataType);
  throw makeError("unimplemented", `array ${path}: data type ${found} is not supported`, {
    details: { path, dataType: found },
  });
}

function lengthOf(dataType: JsonValue | undefined): number | undefined {
  const configuration = isJsonObject(dataType) ? dataType.get("configuration") : undefined;
  const length = isJsonObject(configuration) ? configuration.get("length_bytes") : undefined;
  const isUsable = typeof length === "number" && length > 0 && length <= WIDTH_MAX;
  return isUsable ? length : undefined;
}

/** Bytes of one element; of a string of any length a guess, for choosing chunks. */
export function elementBytes(type: ElementType): number {
  if (type.name === "string") return (type.width ?? 8) * CODE_POINT_BYTES;
  if (type.name === "bytes") return type.width ?? 1;
  return mustFindDataType(type.name, "an array").bytesPerElement;
}

/**
 * `fill_value` of an array: what was asked for, else NaN, 0, false or nothing.
 * @throws {invalid-option} a value that the type cannot hold.
 */
export function encodeFill(type: ElementType, asked: unknown, owner: string): JsonValue {
  if (isNumeric(type)) {
    const value = asked ?? (isFloat(type) ? Number.NaN : type.name === "bool" ? false : 0);
    return encodeFillValue(mustFindDataType(type.name, owner), value as number, owner);
  }
  if (asked === undefined || asked === null) return "";
  if (type.name === "string" && typeof asked === "string") return asked;
  throw makeError("invalid-option", `${owner}: fill_value of ${type.name} must be empty`, {
    details: { owner, option: "fill_value" },
  });
}

/**
 * The fill value as one element.
 * @throws {invalid-array-metadata} none, or one of another type.
 */
export function parseFill(type: ElementType, fill: JsonValue | undefined, path: string): Values {
  if (isNumeric(type)) {
    const elements = parseFillValue(mustFindDataType(type.name, path), fill, path);
    if (type.name !== "float16") return elements;
    return Float32Array.from(elements as Uint16Array, float16Value);
  }
  if (typeof fill === "string") {
    if (type.name === "string") return [fill];
    if (/^[A-Za-z0-9+/]*={0,2}$/.test(fill)) {
      const bytes = Uint8Array.from(atob(fill), (character) => character.charCodeAt(0));
      return [withoutTrailingNulls(bytes)];
    }
  }
  const found = fill === undefined ? "nothing" : printJson(fill);
  throw makeError(
    "invalid-array-metadata",
    `zarr.json of ${path}: fill_value must be of type ${type.name}, found ${found}`,
    { details: { path, found } },
  );
}

/** `length` elements that are all `fill`. */
export function filled(type: ElementType, length: number, fill: Values, owner: string): Values {
  const values = allocate(type, length, owner);
  const [value] = fill as unknown as [number];
  (values as Float64Array).fill(value);
  return values;
}
