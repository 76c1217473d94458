/**
 * Values in memory, as they are stored: typed arrays for numbers (bool as 0 and 1, float16 widened
 * to float32), strings, and byte strings. Every array of a dataset is read into one of these,
 * whatever file or store it comes from.
 */
import { makeError } from "../../base/errors.ts";
import { type DataTypeName, findDataType } from "../../zarr/data-type.ts";
import { float16Value } from "../../zarr/float16.ts";
import { type Box, type Extent, elementCount, stridesOf } from "./box.ts";

/** Names of element types; `string` and `bytes` may have a fixed width. */
export type ElementName = DataTypeName | "string" | "bytes";

/** What one element is. */
export interface ElementType {
  readonly name: ElementName;
  /** Strings: code points of a fixed width, none if any length. Bytes: the fixed width. */
  readonly width?: number | undefined;
}

/** Numbers in memory. */
export type NumericValues =
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

/** Values in row-major order, as stored. */
export type Values = NumericValues | string[] | Uint8Array[];

/** Most elements of one array in memory: what a typed array can be sure to hold. */
const ELEMENTS_MAX = 2 ** 32;

/** Whether elements of this type are numbers (bool included). */
export function isNumeric(type: ElementType): boolean {
  return type.name !== "string" && type.name !== "bytes";
}

/** Whether elements of this type are integers; bool is none. */
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

/**
 * `length` zeros, empty strings or empty byte strings.
 * @throws {invalid-option} more than an array in memory can hold.
 */
export function allocate(type: ElementType, length: number, owner: string): Values {
  if (!(length <= ELEMENTS_MAX)) {
    throw makeError(
      "invalid-option",
      `${owner}: ${length} elements are more than one array in memory holds (${ELEMENTS_MAX}); select a part`,
      { details: { owner, elements: length, elementsMax: ELEMENTS_MAX } },
    );
  }
  if (type.name === "string") return new Array<string>(length).fill("");
  if (type.name === "bytes") return new Array<Uint8Array>(length).fill(new Uint8Array(0));
  if (type.name === "float16") return new Float32Array(length);
  return (findDataType(type.name) as { allocate(length: number): NumericValues }).allocate(length);
}

/** Bytes in the machine's own order as numbers of this type, not copied; float16 is widened. */
export function numbersFromBytes(type: ElementType, bytes: Uint8Array): NumericValues {
  const own = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset, byteLength } = own;
  if (type.name === "float16") {
    return Float32Array.from(new Uint16Array(buffer, byteOffset, byteLength / 2), float16Value);
  }
  const empty = allocate(type, 0, "numbers") as NumericValues;
  const NumberArray = empty.constructor as new (
    buffer: ArrayBufferLike,
    byteOffset: number,
    length: number,
  ) => NumericValues;
  return new NumberArray(buffer, byteOffset, byteLength / empty.BYTES_PER_ELEMENT);
}

/** Whether `values` is a list of strings or byte strings. */
export function isList(values: Values): values is string[] | Uint8Array[] {
  return Array.isArray(values);
}

/** A copy that shares nothing with `values`. */
export function cloneValues(values: Values): Values {
  if (!isList(values)) return values.slice();
  return (values as (string | Uint8Array)[]).map((item) =>
    typeof item === "string" ? item : item.slice(),
  ) as Values;
}

/** Elements `start` to `end`, not copied where values are numbers. */
export function subValues(values: Values, start: number, end: number): Values {
  return isList(values) ? values.slice(start, end) : values.subarray(start, end);
}

/** A rectangular part of an array in memory. */
export interface Region {
  readonly values: Values;
  readonly shape: readonly number[];
  readonly start: readonly number[];
}

/** Copies a box of `size` elements per dimension from one array into another of the same type. */
export function copyRegion(source: Region, target: Region, size: readonly number[]): void {
  if (elementCount(size) === 0) return;
  const rank = size.length;
  const from = stridesOf(source.shape);
  const to = stridesOf(target.shape);
  let sourceAt = offsetOf(source.start, from);
  let targetAt = offsetOf(target.start, to);
  // Trailing dimensions that are whole on both sides are one run of elements.
  let inner = rank;
  let run = 1;
  while (inner > 0) {
    inner--;
    run *= size[inner] as number;
    if (size[inner] !== source.shape[inner] || size[inner] !== target.shape[inner]) break;
  }
  const outer = size.slice(0, inner);
  const index = new Array<number>(inner).fill(0);
  const runs = elementCount(outer);
  for (let i = 0; i < runs; i++) {
    copyRun(source.values, sourceAt, target.values, targetAt, run);
    for (let d = inner - 1; d >= 0; d--) {
      const next = (index[d] as number) + 1;
      sourceAt += from[d] as number;
      targetAt += to[d] as number;
      if (next < (size[d] as number)) {
        index[d] = next;
        break;
      }
      index[d] = 0;
      sourceAt -= next * (from[d] as number);
      targetAt -= next * (to[d] as number);
    }
  }
}

function offsetOf(start: readonly number[], strides: readonly number[]): number {
  let offset = 0;
  for (let d = 0; d < start.length; d++) offset += (start[d] as number) * (strides[d] as number);
  return offset;
}

function copyRun(
  source: Values,
  sourceAt: number,
  target: Values,
  targetAt: number,
  length: number,
): void {
  if (isList(source)) {
    for (let i = 0; i < length; i++) {
      (target as string[])[targetAt + i] = source[sourceAt + i] as string;
    }
    return;
  }
  if (length === 1) {
    (target as Float64Array)[targetAt] = source[sourceAt] as number;
    return;
  }
  (target as Float64Array).set(
    source.subarray(sourceAt, sourceAt + length) as Float64Array,
    targetAt,
  );
}

/** The box of an array in memory, copied. */
export function copyBox(
  type: ElementType,
  values: Values,
  shape: readonly number[],
  box: Box,
): Values {
  const size = box.map(({ start, end }) => end - start);
  const copy = allocate(type, elementCount(size), "a part of an array");
  copyRegion(
    { values, shape, start: box.map(({ start }: Extent) => start) },
    { values: copy, shape: size, start: size.map(() => 0) },
    size,
  );
  return copy;
}
