/**
 * Zarr data types and fill values of what a dataset holds: numbers, bool, strings of any or fixed
 * length, byte strings. A dataset's float16 is widened to float32; a store's are bits.
 */
import { makeError } from "../../base/errors.ts";
import { type JsonValue, printJson } from "../../codec/json.ts";
import {
  type DataType,
  findDataType,
  isNumberTypeName,
  mustFindDataType,
} from "../../zarr/codecs/data-type.ts";
import type { Elements } from "../../zarr/codecs/elements.ts";
import { encodeFillValue } from "../../zarr/codecs/fill-value.ts";
import { float16Bits, float16Value } from "../../zarr/codecs/float16.ts";
import { type ElementType, isFloat, isNumeric, type Values } from "../array/elements.ts";

/** Bytes of a code point in UTF-32. */
const CODE_POINT_BYTES = 4;

/** The data type in which a store holds elements of that type. */
export function dataTypeOf(type: ElementType): DataType {
  return mustFindDataType(metadataOf(type), "an array");
}

function metadataOf({ name, width }: ElementType): JsonValue {
  if (name === "string" && width !== undefined) {
    return sized("fixed_length_utf32", width * CODE_POINT_BYTES);
  }
  return name === "bytes" ? sized("null_terminated_bytes", width ?? 1) : name;
}

function sized(name: string, lengthBytes: number): JsonValue {
  return new Map<string, JsonValue>([
    ["name", name],
    ["configuration", new Map([["length_bytes", lengthBytes]])],
  ]);
}

/** The type that a `data_type` names. @throws {unimplemented} one that no variable can hold */
export function parseElementType(metadata: JsonValue | undefined, path: string): ElementType {
  const dataType = findDataType(metadata);
  const type = dataType === undefined ? undefined : elementTypeOf(dataType);
  if (type !== undefined) return type;
  const found = metadata === undefined ? "nothing" : printJson(metadata);
  throw makeError("unimplemented", `array ${path}: data type ${found} is not supported`, {
    details: { path, dataType: found },
  });
}

function elementTypeOf(dataType: DataType): ElementType | undefined {
  const { name, kind, isVariable, bytesPerElement } = dataType;
  if (isNumberTypeName(name)) return { name };
  if (kind === "text") {
    return isVariable
      ? { name: "string" }
      : { name: "string", width: bytesPerElement / CODE_POINT_BYTES };
  }
  const isBytes = kind === "bytes" && !isVariable;
  return isBytes ? { name: "bytes", width: bytesPerElement } : undefined;
}

/** Bytes of one element; of a string of any length a guess, for choosing chunks. */
export function elementBytes(type: ElementType): number {
  return dataTypeOf(type).bytesPerElement;
}

/** `fill_value` of an array: as asked for, else NaN, 0 or nothing. @throws {invalid-option} */
export function encodeFill(type: ElementType, asked: unknown, owner: string): JsonValue {
  if (isNumeric(type)) {
    const value = asked ?? (isFloat(type) ? Number.NaN : type.name === "bool" ? false : 0);
    return encodeFillValue(dataTypeOf(type), value, owner);
  }
  if (asked === undefined || asked === null) return "";
  if (type.name === "string" && typeof asked === "string") return asked;
  throw makeError("invalid-option", `${owner}: fill_value of ${type.name} must be empty`, {
    details: { owner, option: "fill_value" },
  });
}

/** Elements of a store as a dataset holds them. */
export function fromElements(type: ElementType, elements: Elements): Values {
  if (type.name !== "float16") return elements;
  return Float32Array.from(elements as Uint16Array, float16Value);
}

/** Values of a dataset as a store holds them. */
export function toStored(type: ElementType, values: Values): Elements {
  if (type.name !== "float16") return values;
  return Uint16Array.from(values as Float32Array, float16Bits);
}
