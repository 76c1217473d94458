/**
 * Elements of an array in memory: typed arrays for what has a fixed number of numbers or bytes per
 * element, lists for strings and byte strings. Copying, filling and reordering them.
 */
import { equalBytes } from "../../base/bytes.ts";
import { volumeOf } from "../../base/coordinates.ts";
import { makeError } from "../../base/errors.ts";
import { offsetOf, stridesOf } from "../box.ts";

/** Numbers in memory: bool as 0 and 1, float16 as bits, complex as pairs, raw bytes as bytes. */
export type Numbers =
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

/** Elements as they lie in memory, row-major; numbers as `Numbers`, strings and byte strings as lists. */
export type Elements = Numbers | string[] | Uint8Array[];

/** Most elements of one array in memory: what a typed array can be sure to hold. */
const ELEMENTS_MAX = 2 ** 32;

/** @throws {invalid-option} for more elements than an array in memory can hold */
export function assertFitsMemory(length: number, owner: string): void {
  if (length <= ELEMENTS_MAX) return;
  throw makeError(
    "invalid-option",
    `${owner}: ${length} elements are more than one array in memory holds (${ELEMENTS_MAX}); select a part`,
    { details: { owner, elements: length, elementsMax: ELEMENTS_MAX } },
  );
}

/** Whether elements are a list of strings or byte strings. */
export function isList(elements: Elements): elements is string[] | Uint8Array[] {
  return Array.isArray(elements);
}

/** The memory of `numbers` as bytes. */
export function bytesOf(numbers: Numbers): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/** Reverses the bytes of every item of `itemBytes`, in place. */
export function swapBytes(bytes: Uint8Array, itemBytes: number): void {
  if (itemBytes === 1) return;
  for (let at = 0; at + itemBytes <= bytes.length; at += itemBytes) {
    for (let low = at, high = at + itemBytes - 1; low < high; low++, high--) {
      const byte = bytes[low] as number;
      bytes[low] = bytes[high] as number;
      bytes[high] = byte;
    }
  }
}

/** Whether typed arrays hold the low byte first on this machine. */
export function isLittleEndian(): boolean {
  return new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
}

/** Sets all of `elements` to the one of `fill`, bit for bit: a NaN with a payload stays what it is. */
export function fillWith(elements: Elements, fill: Elements): Elements {
  if (isList(elements)) return fillList(elements, fill[0] as string | Uint8Array);
  const pattern = bytesOf(fill as Numbers);
  if (pattern.every((byte) => byte === 0) || elements.length === 0) return elements;
  const bytes = bytesOf(elements);
  bytes.set(pattern);
  for (let done = pattern.length; done < bytes.length; done *= 2) bytes.copyWithin(done, 0, done);
  return elements;
}

/** Byte strings become a copy each: who reads them may change one. */
function fillList(elements: string[] | Uint8Array[], item: string | Uint8Array): Elements {
  const list = elements as unknown[];
  if (typeof item === "string" || item.length === 0) list.fill(item);
  else for (let i = 0; i < list.length; i++) list[i] = item.slice();
  return elements;
}

/** Whether every element is bitwise the one of `fill`: `-0` is not `0`. */
export function holdsOnly(elements: Elements, fill: Elements): boolean {
  if (isList(elements)) return elements.every((item) => isSameItem(item, fill[0] as string));
  if (elements.length === 0) return true;
  const bytes = bytesOf(elements);
  const pattern = bytesOf(fill as Numbers);
  const width = pattern.length;
  // Equal to itself shifted by one element, and the first one is the fill value.
  return (
    equalBytes(bytes.subarray(0, width), pattern) &&
    equalBytes(bytes.subarray(width), bytes.subarray(0, bytes.length - width))
  );
}

/** Whether both are the same text or the same bytes. */
export function isSameItem(a: string | Uint8Array, b: string | Uint8Array): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return equalBytes(a, b);
}

/** A rectangular part of an array in memory. */
export interface Region {
  readonly values: Elements;
  readonly shape: readonly number[];
  readonly start: readonly number[];
}

/**
 * Copies a box of `size` elements per dimension from one array into another of the same type, of
 * which an element has `itemsPerElement` numbers.
 */
export function copyRegion(
  source: Region,
  target: Region,
  size: readonly number[],
  itemsPerElement = 1,
): void {
  if (volumeOf(size) === 0) return;
  if (itemsPerElement !== 1) {
    copyRegion(withItems(source, itemsPerElement), withItems(target, itemsPerElement), [
      ...size,
      itemsPerElement,
    ]);
    return;
  }
  const from = stridesOf(source.shape);
  const to = stridesOf(target.shape);
  let sourceAt = offsetOf(source.start, from);
  let targetAt = offsetOf(target.start, to);
  // Trailing dimensions that are whole on both sides are one run of elements.
  let inner = size.length;
  let run = 1;
  while (inner > 0) {
    inner--;
    run *= size[inner] as number;
    if (size[inner] !== source.shape[inner] || size[inner] !== target.shape[inner]) break;
  }
  const [sourceItems, targetItems] = [asItems(source.values), asItems(target.values)];
  const index = new Array<number>(inner).fill(0);
  const runs = volumeOf(size.slice(0, inner));
  for (let i = 0; i < runs; i++) {
    copyRun(sourceItems, sourceAt, targetItems, targetAt, run);
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

/** Numbers of one element as a dimension of their own. */
function withItems({ values, shape, start }: Region, items: number): Region {
  return { values, shape: [...shape, items], start: [...start, 0] };
}

/** Floats as their bits, as far as copying one by one could change a NaN. */
function asItems(values: Elements): Elements {
  if (!(values instanceof Float32Array)) return values;
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

function copyRun(
  source: Elements,
  sourceAt: number,
  target: Elements,
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

/** Copies `source` of that shape into `target`, whose dimension `d` is dimension `order[d]`. */
export function transposeInto(
  target: Elements,
  source: Elements,
  shape: readonly number[],
  order: readonly number[],
): void {
  const strides = stridesOf(shape);
  const size = order.map((d) => shape[d] as number);
  const steps = order.map((d) => strides[d] as number);
  const to = asItems(target) as unknown as number[];
  const from = asItems(source) as unknown as number[];
  let next = 0;
  const visit = (d: number, at: number): void => {
    if (d === size.length) {
      to[next++] = from[at] as number;
      return;
    }
    const step = steps[d] as number;
    for (let i = 0; i < (size[d] as number); i++) visit(d + 1, at + i * step);
  };
  visit(0, 0);
}
