/** Attributes of NetCDF files as values: one number is a number, several a list, chars a text. */

import { type JsonValue, jsonFloat } from "../../codec/json.ts";
import { isLittleEndian, swapBytes } from "../../zarr/codecs/elements.ts";
import type { HeaderAttribute } from "./netcdf3-header.ts";
import type { RawAttributes } from "./raw-variable.ts";

const NUMBER_ARRAYS = {
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** Numbers as an attribute: bigints only beyond 2^53, floats spelled as floats. */
export function numbersValue(
  numbers: ArrayLike<number> | ArrayLike<bigint>,
  isFloat: boolean,
): JsonValue {
  const items = Array.from(numbers as ArrayLike<number | bigint>, (item): JsonValue => {
    if (typeof item === "bigint") {
      const number = Number(item);
      return Number.isSafeInteger(number) ? number : item;
    }
    return isFloat ? jsonFloat(item) : item;
  });
  return items.length === 1 ? (items[0] as JsonValue) : items;
}

/** Bytes of a text attribute: UTF-8 without NULs. What is not UTF-8 becomes U+FFFD. */
export function textValue(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).replaceAll("\0", "");
}

/** Attributes of a NetCDF-3 header. */
export function netcdf3Attributes(attributes: readonly HeaderAttribute[]): RawAttributes {
  const values = new Map<string, JsonValue>();
  const float32Names = new Set<string>();
  for (const { name, type, bytes } of attributes) {
    if (type.name === "char") {
      values.set(name, textValue(bytes));
      continue;
    }
    const native = bytes.slice();
    if (isLittleEndian()) swapBytes(native, type.bytes);
    const numbers = new NUMBER_ARRAYS[type.name](native.buffer);
    values.set(name, numbersValue(numbers, type.name.startsWith("float")));
    if (type.name === "float32") float32Names.add(name);
  }
  return { values, float32Names };
}
