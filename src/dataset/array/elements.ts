/**
 * Values in memory, as they are stored: typed arrays for numbers (bool as 0 and 1, float16 widened
 * to float32), strings, and byte strings. Every array of a dataset is read into one of these,
 * whatever file or store it comes from.
 */
import { volumeOf } from "../../base/coordinates.ts";
import type { Box } from "../../zarr/box.ts";
import { allocateNumbers, type NumberTypeName } from "../../zarr/codecs/data-type.ts";
import {
  assertFitsMemory,
  copyRegion,
  type Elements,
  isList,
  type Numbers,
} from "../../zarr/codecs/elements.ts";
import { float16Value } from "../../zarr/codecs/float16.ts";

/** Names of element types; `string` and `bytes` may have a fixed width. */
export type ElementName = NumberTypeName | "string" | "bytes";

/** What one element is. */
export interface ElementType {
  readonly name: ElementName;
  /** Strings: code points of a fixed width, none if any length. Bytes: the fixed width. */
  readonly width?: number | undefined;
}

/** Values in row-major order, as stored. */
export type Values = Elements;

/** Whether elements of this type are numbers (bool included). */
export function isNumeric(type: ElementType): boolean {
  return type.name !== "string" && type.name !== "bytes";
}

/** Whether elements of this type are integers; bool is not. */
export function isInteger(type: ElementType): boolean {
  return /^u?int/.test(type.name);
}

/** Whether elements of this type are floats. */
export function isFloat(type: ElementType): boolean {
  return type.name.startsWith("float");
}

/** Whether both are the same type, widths included. */
export function isSameType(a: ElementType, b: ElementType): boolean {
  return a.name === b.name && a.width === b.width;
}

/** The type as messages name it: `int16`, `string`, `bytes of 5`. */
export function typeText({ name, width }: ElementType): string {
  return width === undefined ? name : `${name} of ${width}`;
}

/** `length` zeros, empty strings or empty byte strings. @throws {invalid-option} if too many */
export function allocate(type: ElementType, length: number, owner: string): Values {
  assertFitsMemory(length, owner);
  if (type.name === "string") return new Array<string>(length).fill("");
  if (type.name === "bytes") return new Array<Uint8Array>(length).fill(new Uint8Array(0));
  if (type.name === "float16") return new Float32Array(length);
  return allocateNumbers(type.name, length);
}

/** Bytes in the machine's own order as numbers of this type, not copied; float16 is widened. */
export function numbersFromBytes(type: ElementType, bytes: Uint8Array): Numbers {
  const own = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset, byteLength } = own;
  if (type.name === "float16") {
    return Float32Array.from(new Uint16Array(buffer, byteOffset, byteLength / 2), float16Value);
  }
  const empty = allocate(type, 0, "numbers") as Numbers;
  const NumberArray = empty.constructor as new (
    buffer: ArrayBufferLike,
    byteOffset: number,
    length: number,
  ) => Numbers;
  return new NumberArray(buffer, byteOffset, byteLength / empty.BYTES_PER_ELEMENT);
}

/** A copy that shares nothing with `values`. */
export function cloneValues(values: Values): Values {
  if (!isList(values)) return values.slice();
  return (values as (string | Uint8Array)[]).map((item) =>
    typeof item === "string" ? item : item.slice(),
  ) as Values;
}

/** The box of an array in memory, copied. */
export function copyBox(
  type: ElementType,
  values: Values,
  shape: readonly number[],
  box: Box,
): Values {
  const size = box.map(({ start, end }) => end - start);
  const copy = allocate(type, volumeOf(size), "a part of an array");
  copyRegion(
    { values, shape, start: box.map(({ start }) => start) },
    { values: copy, shape: size, start: size.map(() => 0) },
    size,
  );
  return copy;
}
