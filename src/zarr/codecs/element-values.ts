/**
 * What callers give as elements of a data type. Nothing is converted with loss, except that
 * float16 rounds and float32 rounds plain numbers.
 */
import { isWellFormed } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { describe, mustBe } from "../../base/options.ts";
import type { DataType } from "./data-type.ts";
import { bytesOf, type Elements, fillWith, isList, type Numbers } from "./elements.ts";
import { float16Bits } from "./float16.ts";

/** One value for all elements of a region. */
export type Scalar = number | bigint | boolean | string;

/** One element: a complex number is its real and its imaginary part, raw bytes and byte strings are bytes. */
export type ElementValue = Scalar | Uint8Array | readonly [real: number, imaginary: number];

/**
 * Values in row-major order: the typed array of the data type (bool: `Uint8Array`; float16:
 * `Float16Array` where there is one, or `Float32Array`; complex: real and imaginary parts in turn;
 * raw bytes: all of them in a `Uint8Array`), or a list with one value per element.
 */
export type ArrayValues = Elements | readonly ElementValue[];

/** Whether `values` is one value for all elements. */
export function isScalar(dataType: DataType, values: unknown): values is Scalar {
  if (typeof values === "string") return dataType.kind === "text";
  return ["number", "bigint", "boolean"].includes(typeof values);
}

/** How many elements there are in memory. */
export function elementsIn(dataType: DataType, elements: Elements): number {
  return elements.length / dataType.itemsPerElement;
}

/**
 * `values` as elements of `dataType`; typed arrays of the right type are returned as they are.
 * @throws {invalid-option} another type of array, or a value that the data type cannot hold
 */
export function toElements(dataType: DataType, values: ArrayValues, owner: string): Elements {
  if (Array.isArray(values)) {
    const elements = dataType.allocate(values.length);
    for (let i = 0; i < values.length; i++) {
      if (!setElement(dataType, elements, i, values[i])) {
        throw unfit(dataType, values[i], `${owner}: element ${i}`);
      }
    }
    return elements;
  }
  if (dataType.name === "float16" && isFloatArray(values)) {
    return Uint16Array.from(values, float16Bits);
  }
  const empty = dataType.allocate(0);
  if (!isList(empty) && values instanceof empty.constructor && dataType.name !== "float16") {
    const numbers = values as Numbers;
    if (numbers.length % dataType.itemsPerElement === 0) {
      return dataType.kind === "bool" ? toBooleans(numbers as Uint8Array) : numbers;
    }
  }
  const expected = expectedForm(dataType, empty);
  throw makeError(
    "invalid-option",
    `${owner}: ${dataType.name} values must come as ${expected}, got ${describe(values)}`,
    { details: { dataType: dataType.name, expected, found: describe(values) } },
  );
}

function expectedForm({ name, itemsPerElement }: DataType, empty: Elements): string {
  if (isList(empty)) return "a list";
  const form = name === "float16" ? "Float32Array" : empty.constructor.name;
  return itemsPerElement === 1
    ? `${form} or a list`
    : `${form} with ${itemsPerElement} per element or a list`;
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
 * One value as one element of `dataType`.
 * @throws {invalid-option} a value that the data type cannot hold
 */
export function toElement(dataType: DataType, value: unknown, owner: string): Elements {
  const element = dataType.allocate(1);
  if (setElement(dataType, element, 0, value)) return element;
  throw unfit(dataType, value, owner);
}

/** `length` elements that are all the one of `fill`. */
export function filled(dataType: DataType, length: number, fill: Elements): Elements {
  return fillWith(dataType.allocate(length), fill);
}

function unfit(dataType: DataType, value: unknown, owner: string): Error {
  return makeError("invalid-option", `${owner} ${mustBe(`of type ${dataType.name}`, value)}`, {
    details: { dataType: dataType.name, found: describe(value) },
  });
}

/** Sets one element; false if the data type cannot hold the value. */
function setElement(
  dataType: DataType,
  elements: Elements,
  index: number,
  value: unknown,
): boolean {
  if (isList(elements)) {
    const item = dataType.kind === "text" ? heldText(dataType, value) : heldBytes(dataType, value);
    if (item === undefined) return false;
    (elements as unknown[])[index] = item;
    return true;
  }
  if (dataType.kind === "complex") return setComplex(elements as Float64Array, index, value);
  if (dataType.kind === "raw") {
    if (!(value instanceof Uint8Array) || value.length !== dataType.itemsPerElement) return false;
    bytesOf(elements).set(value, index * value.length);
    return true;
  }
  const number = heldNumber(dataType, elements, value);
  if (number === undefined) return false;
  (elements as Float64Array)[index] = number as number;
  return true;
}

function heldNumber(
  { name, kind }: DataType,
  elements: Numbers,
  value: unknown,
): number | bigint | undefined {
  if (kind === "bool" && typeof value === "boolean") return value ? 1 : 0;
  if (kind === "float" && typeof value === "number") {
    return name === "float16" ? float16Bits(value) : value;
  }
  if (kind === "integer" && typeof value === "number") {
    const bits = elements.BYTES_PER_ELEMENT * 8;
    const low = name.startsWith("u") ? 0 : -(2 ** (bits - 1));
    const isHeld = Number.isInteger(value) && value >= low && value < low + 2 ** bits;
    return isHeld ? value : undefined;
  }
  const isInteger = typeof value === "bigint" || Number.isSafeInteger(value);
  if (kind !== "big-integer" || !isInteger) return undefined;
  const integer = BigInt(value as bigint | number);
  const held = name === "int64" ? BigInt.asIntN(64, integer) : BigInt.asUintN(64, integer);
  return held === integer ? integer : undefined;
}

/** A plain number has no imaginary part. */
function setComplex(numbers: Float32Array | Float64Array, index: number, value: unknown): boolean {
  const parts: unknown = typeof value === "number" ? [value, 0] : value;
  if (!Array.isArray(parts) || parts.length !== 2) return false;
  if (!parts.every((part) => typeof part === "number")) return false;
  numbers.set(parts as number[], 2 * index);
  return true;
}

/** Halves of surrogate pairs have no bytes, and NULs at the end of fixed strings are padding. */
function heldText({ isVariable, bytesPerElement }: DataType, value: unknown): string | undefined {
  if (typeof value !== "string" || !isWellFormed(value)) return undefined;
  if (isVariable) return value;
  const isFit = [...value].length * 4 <= bytesPerElement && !value.endsWith("\0");
  return isFit ? value : undefined;
}

/** Zeros at the end of fixed byte strings are padding. Copied: the caller may change his. */
function heldBytes(
  { isVariable, bytesPerElement }: DataType,
  value: unknown,
): Uint8Array | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  const isFit = value.length <= bytesPerElement && value.at(-1) !== 0;
  return isVariable || isFit ? value.slice() : undefined;
}
