/** Values of a data set as its users see them, decoded. */

import { makeError } from "../../base/errors.ts";
import { describe } from "../../base/options.ts";
import type { NumberTypeName } from "../../zarr/codecs/data-type.ts";
import { isList, type Numbers } from "../../zarr/codecs/elements.ts";
import { allocate, cloneValues, type ElementType, type Values } from "../array/elements.ts";
import { TimeArray, timesOfDates } from "./time-array.ts";

/** Numbers in memory that are not bigints. */
export type TypedArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/**
 * Values in row-major order. Bool is a `Uint8Array` of 0 and 1, float16 is widened to
 * `Float32Array`; `dtype` tells them apart.
 */
export type Data =
  | TypedArray
  | BigInt64Array
  | BigUint64Array
  | string[]
  | Uint8Array[]
  | TimeArray;

/** What values are: a number type, `bool`, `string`, `bytes`, or `datetime` (a `TimeArray`). */
export type Dtype = NumberTypeName | "string" | "bytes" | "datetime";

/** What a user may give as data: `Data`, or plain lists of one kind. */
export type DataInput =
  | Data
  | readonly number[]
  | readonly bigint[]
  | readonly boolean[]
  | readonly string[]
  | readonly Date[]
  | readonly Uint8Array[]
  | readonly NestedData[]
  | number
  | bigint
  | boolean
  | string
  | Date;

/** Lists in lists: one level per dimension. */
export type NestedData = readonly (number | bigint | boolean | string | Date | NestedData)[];

/** Input as values in memory: flat, with the shape that nested lists tell. */
export interface FlatData {
  readonly values: Values;
  readonly type: ElementType;
  readonly times: TimeArray | undefined;
  /** Of nested lists and scalars; `undefined` for flat values. */
  readonly shape: readonly number[] | undefined;
}

const TYPED_NAMES: readonly (readonly [new (length: number) => Numbers, NumberTypeName])[] = [
  [Int8Array, "int8"],
  [Int16Array, "int16"],
  [Int32Array, "int32"],
  [BigInt64Array, "int64"],
  [Uint8Array, "uint8"],
  [Uint16Array, "uint16"],
  [Uint32Array, "uint32"],
  [BigUint64Array, "uint64"],
  [Float32Array, "float32"],
  [Float64Array, "float64"],
];

/** Whether `value` is a `TimeArray`, also of another copy of the package. */
export function isTimeArray(value: unknown): value is TimeArray {
  return (
    value instanceof TimeArray ||
    (typeof value === "object" &&
      value !== null &&
      "units" in value &&
      "calendar" in value &&
      ArrayBuffer.isView((value as { values?: unknown }).values))
  );
}

/** What a user gave as flat values. Arrays and lists are copied. @throws {invalid-option} */
export function flattenData(data: unknown, owner: string): FlatData {
  if (isTimeArray(data)) {
    const times = new TimeArray(data.values.slice(), data.units, data.calendar);
    return timesData(times, undefined);
  }
  if (ArrayBuffer.isView(data)) return typedData(data, owner);
  const nested = unnest(data, owner);
  const list = listData(nested.items, owner);
  if (list === undefined) throw unusable(data, owner);
  return { ...list, shape: nested.shape };
}

function timesData(times: TimeArray, shape: readonly number[] | undefined): FlatData {
  const name = times.values instanceof BigInt64Array ? "int64" : "float64";
  return { values: times.values, type: { name }, times, shape };
}

function typedData(data: ArrayBufferView, owner: string): FlatData {
  const of = (values: Values, name: NumberTypeName): FlatData => {
    return { values, type: { name }, times: undefined, shape: undefined };
  };
  const found = TYPED_NAMES.find(([Type]) => data instanceof Type);
  if (found !== undefined) return of(cloneValues(data as Numbers), found[1]);
  const { name } = data.constructor;
  if (name === "Uint8ClampedArray") return of(Uint8Array.from(data as Uint8ClampedArray), "uint8");
  if (name === "Float16Array") {
    return of(Float32Array.from(data as unknown as ArrayLike<number>), "float16");
  }
  throw unusable(data, owner);
}

function unnest(data: unknown, owner: string): { items: unknown[]; shape: number[] | undefined } {
  if (!Array.isArray(data)) return { items: [data], shape: [] };
  const shape: number[] = [];
  for (let level: unknown = data; Array.isArray(level); level = level[0]) shape.push(level.length);
  if (shape.length === 1) return { items: data, shape: undefined };
  const items: unknown[] = [];
  const visit = (list: unknown, depth: number): void => {
    if (depth === shape.length) {
      items.push(list);
      return;
    }
    if (!Array.isArray(list) || list.length !== shape[depth]) {
      throw makeError("invalid-option", `${owner}: the nested lists have different lengths`, {
        details: { owner, shape },
      });
    }
    for (const item of list) visit(item, depth + 1);
  };
  visit(data, 0);
  return { items, shape };
}

/** Items of one kind as values; `undefined` for any others. */
function listData(items: unknown[], owner: string): Omit<FlatData, "shape"> | undefined {
  const all = (test: (item: unknown) => boolean): boolean => items.length > 0 && items.every(test);
  const of = (values: Values, type: ElementType) => ({ values, type, times: undefined });
  if (items.length === 0 || all((item) => typeof item === "number")) {
    return of(Float64Array.from(items as number[]), { name: "float64" });
  }
  if (all((item) => typeof item === "boolean")) {
    return of(Uint8Array.from(items as boolean[], Number), { name: "bool" });
  }
  if (all((item) => typeof item === "bigint")) {
    const values = BigInt64Array.from(items as bigint[]);
    if (!values.every((value, i) => value === items[i])) {
      return of(toUint64(items as bigint[], owner), { name: "uint64" });
    }
    return of(values, { name: "int64" });
  }
  if (all((item) => typeof item === "string"))
    return of([...(items as string[])], { name: "string" });
  if (all((item) => item instanceof Date))
    return timesData(timesOfDates(items as Date[]), undefined);
  if (all((item) => item instanceof Uint8Array)) {
    const values = cloneValues(items as Uint8Array[]) as Uint8Array[];
    return of(values, { name: "bytes", width: widthOf(values) });
  }
  return undefined;
}

function toUint64(items: bigint[], owner: string): BigUint64Array {
  const values = BigUint64Array.from(items);
  if (values.every((value, i) => value === items[i])) return values;
  throw makeError("invalid-option", `${owner}: integers beyond 64 bits`, { details: { owner } });
}

/** Bytes of the longest byte string; at least 1, which the shortest Zarr type has. */
function widthOf(values: Values): number {
  let width = 1;
  if (!isList(values)) return width;
  for (const value of values) width = Math.max(width, value.length);
  return width;
}

function unusable(data: unknown, owner: string): Error {
  const found = Array.isArray(data) ? "a list of mixed or unknown values" : describe(data);
  return makeError(
    "invalid-option",
    `${owner}: data must be a typed array, a list of one kind, or a TimeArray, got ${found}`,
    { details: { owner, found } },
  );
}

/** Values under the dtype that was said of them; see `VariableInput`. @throws {invalid-option} */
export function withDtype(
  flat: FlatData,
  { data, dtype }: { readonly data: unknown; readonly dtype: Dtype | undefined },
  owner: string,
): FlatData {
  const found = flat.times === undefined ? flat.type.name : "datetime";
  if (dtype === undefined || dtype === found) return flat;
  // An empty list does not say what it would hold.
  if (Array.isArray(data) && flat.values.length === 0 && dtype !== "datetime") {
    const type: ElementType = dtype === "bytes" ? { name: dtype, width: 1 } : { name: dtype };
    return { ...flat, type, values: allocate(type, 0, owner) };
  }
  const isBool = dtype === "bool" && found === "uint8";
  const isHalf = dtype === "float16" && found === "float32";
  if (isBool || isHalf) return { ...flat, type: { name: dtype } };
  throw makeError("invalid-option", `${owner}: data of ${found} is not of dtype ${dtype}`, {
    details: { variable: owner, dtype, found },
  });
}
