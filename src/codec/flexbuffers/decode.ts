/**
 * Reading FlexBuffers, bounds-checked: no offset, width or length is trusted, nesting and total
 * work are bounded. The npm package of the same name leaks BigInt, reads 0.0 as null and needs
 * exact ArrayBuffers. Spec: FlatBuffers "FlexBuffers internals".
 */
import { decodeIfUtf8 } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { setMember } from "../members.ts";

export const TYPE_NULL = 0;
export const TYPE_INT = 1;
export const TYPE_UINT = 2;
export const TYPE_FLOAT = 3;
export const TYPE_KEY = 4;
export const TYPE_STRING = 5;
const TYPE_INDIRECT_INT = 6;
const TYPE_INDIRECT_FLOAT = 8;
export const TYPE_MAP = 9;
export const TYPE_VECTOR = 10;
/** Typed vectors: INT, UINT, FLOAT, KEY, STRING (deprecated) from here on. */
export const TYPE_VECTOR_INT = 11;
const TYPE_VECTOR_STRING = 15;
/** Tuples of 2, 3 and 4: INT, UINT, FLOAT each. */
export const TYPE_TUPLE_FIRST = 16;
const TYPE_TUPLE_LAST = 24;
export const TYPE_BLOB = 25;
export const TYPE_BOOL = 26;
export const TYPE_VECTOR_BOOL = 36;

export const FLEXBUFFERS_DEPTH_MAX = 64;
/** Vectors may be shared, so elements may add up to more than the buffer: to this many times. */
const ELEMENTS_PER_BYTE = 4;
const TEXT_BYTES_PER_BYTE = 4;
const BUDGET_FLOOR = 4096;

/** Maps become objects, blobs copies, integers beyond 2^53 bigints. @throws {deserialization} */
export function decodeFlexbuffers(bytes: Uint8Array): unknown {
  const reader = new FlexbuffersReader(bytes);
  const end = bytes.length;
  if (end < 3) reader.fail(0, "shorter than a root");
  const width = bytes[end - 1] as number;
  const packedType = bytes[end - 2] as number;
  return reader.read(end - 2 - width, width, packedType >> 2, 1 << (packedType & 3), 0);
}

class FlexbuffersReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #keys = new Map<number, string>();
  #elementsLeft: number;
  #textBytesLeft: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#elementsLeft = bytes.length * ELEMENTS_PER_BYTE + BUDGET_FLOOR;
    this.#textBytesLeft = bytes.length * TEXT_BYTES_PER_BYTE + BUDGET_FLOOR;
  }

  fail(offset: number, what: string): never {
    throw makeError("deserialization", `flexbuffers: damaged at byte ${offset}: ${what}`, {
      details: { offset },
    });
  }

  /** The value whose slot of `width` bytes stands at `slot`; `childWidth` is that of its target. */
  read(slot: number, width: number, type: number, childWidth: number, depth: number): unknown {
    if (depth > FLEXBUFFERS_DEPTH_MAX) this.fail(slot, "nested too deeply");
    switch (type) {
      case TYPE_NULL:
        this.#check(slot, width);
        return null;
      case TYPE_BOOL:
        return this.#unsigned(slot, width) !== 0;
      case TYPE_INT:
        return this.#signed(slot, width);
      case TYPE_UINT:
        return this.#unsigned(slot, width);
      case TYPE_FLOAT:
        return this.#float(slot, width);
      default:
        return this.#readTarget(this.#target(slot, width), type, childWidth, depth);
    }
  }

  #readTarget(at: number, type: number, width: number, depth: number): unknown {
    if (type >= TYPE_INDIRECT_INT && type <= TYPE_INDIRECT_FLOAT) {
      return this.read(at, width, type - TYPE_INDIRECT_INT + TYPE_INT, width, depth);
    }
    if (type === TYPE_KEY) return this.#key(at);
    if (type >= TYPE_TUPLE_FIRST && type <= TYPE_TUPLE_LAST) {
      const kind = ((type - TYPE_TUPLE_FIRST) % 3) + TYPE_INT;
      const length = Math.floor((type - TYPE_TUPLE_FIRST) / 3) + 2;
      return this.#vector(at, width, length, kind, depth);
    }
    const length = this.#length(at, width);
    if (type === TYPE_STRING) return this.#text(at, length);
    if (type === TYPE_BLOB) return this.#span(at, length).slice();
    if (type === TYPE_MAP) return this.#map(at, width, length, depth);
    if (type === TYPE_VECTOR) return this.#vector(at, width, length, undefined, depth);
    if (type === TYPE_VECTOR_BOOL) return this.#vector(at, width, length, TYPE_BOOL, depth);
    if (type >= TYPE_VECTOR_INT && type <= TYPE_VECTOR_STRING) {
      return this.#vector(at, width, length, type - TYPE_VECTOR_INT + TYPE_INT, depth);
    }
    return this.fail(at, `type ${type} does not exist`);
  }

  /** Elements of a vector; `kind` is that of all, or `undefined`: types follow the slots. */
  #vector(
    at: number,
    width: number,
    length: number,
    kind: number | undefined,
    depth: number,
  ): unknown[] {
    this.#checkVector(at, length, kind === undefined ? width + 1 : width);
    const values = new Array<unknown>(length);
    for (let i = 0; i < length; i++) {
      values[i] = this.#element(at, width, length, i, kind, depth);
    }
    return values;
  }

  #element(
    at: number,
    width: number,
    length: number,
    index: number,
    kind: number | undefined,
    depth: number,
  ): unknown {
    const slot = at + index * width;
    if (kind !== undefined) return this.read(slot, width, kind, 1, depth + 1);
    const packedType = this.#bytes[at + length * width + index] as number;
    return this.read(slot, width, packedType >> 2, 1 << (packedType & 3), depth + 1);
  }

  #map(at: number, width: number, length: number, depth: number): Record<string, unknown> {
    this.#checkVector(at, length, width + 1);
    const keys = this.#target(at - 3 * width, width);
    const keyWidth = this.#size(at - 2 * width, width);
    if (this.#length(keys, keyWidth) !== length) this.fail(at, "keys and values differ in number");
    this.#checkVector(keys, length, keyWidth);
    const map: Record<string, unknown> = {};
    for (let i = 0; i < length; i++) {
      const key = this.#key(this.#target(keys + i * keyWidth, keyWidth));
      setMember(map, key, this.#element(at, width, length, i, undefined, depth));
    }
    return map;
  }

  #key(at: number): string {
    const known = this.#keys.get(at);
    if (known !== undefined) return known;
    const end = this.#bytes.indexOf(0, at);
    if (end < 0) this.fail(at, "key has no end");
    const text = this.#text(at, end - at);
    this.#keys.set(at, text);
    return text;
  }

  #text(at: number, length: number): string {
    const bytes = this.#span(at, length);
    this.#textBytesLeft -= length;
    if (this.#textBytesLeft < 0) this.fail(at, "strings overlap");
    return decodeIfUtf8(bytes) ?? this.fail(at, "string is not UTF-8");
  }

  #span(at: number, length: number): Uint8Array {
    if (at + length > this.#bytes.length) this.fail(at, "reaches behind the end");
    return this.#bytes.subarray(at, at + length);
  }

  #checkVector(at: number, length: number, elementBytes: number): void {
    if (at + length * elementBytes > this.#bytes.length) this.fail(at, "vector behind the end");
    this.#elementsLeft -= length;
    if (this.#elementsLeft < 0) this.fail(at, "vectors overlap");
  }

  /** The length that stands before `at`. */
  #length(at: number, width: number): number {
    return this.#size(at - width, width);
  }

  #size(at: number, width: number): number {
    const value = this.#unsigned(at, width);
    return typeof value === "number" ? value : this.fail(at, "size beyond 2^53");
  }

  #target(slot: number, width: number): number {
    const target = slot - this.#size(slot, width);
    if (target < 0) this.fail(slot, "offset points before the start");
    return target;
  }

  #check(at: number, width: number): void {
    if (at < 0 || at + width > this.#bytes.length) this.fail(at, "lies outside the buffer");
  }

  #unsigned(at: number, width: number): number | bigint {
    this.#check(at, width);
    if (width === 1) return this.#view.getUint8(at);
    if (width === 2) return this.#view.getUint16(at, true);
    if (width === 4) return this.#view.getUint32(at, true);
    if (width !== 8) this.fail(at, `width ${width} does not exist`);
    return asNumber(this.#view.getBigUint64(at, true));
  }

  #signed(at: number, width: number): number | bigint {
    this.#check(at, width);
    if (width === 1) return this.#view.getInt8(at);
    if (width === 2) return this.#view.getInt16(at, true);
    if (width === 4) return this.#view.getInt32(at, true);
    if (width !== 8) this.fail(at, `width ${width} does not exist`);
    return asNumber(this.#view.getBigInt64(at, true));
  }

  #float(at: number, width: number): number {
    this.#check(at, width);
    if (width === 4) return this.#view.getFloat32(at, true);
    if (width === 8) return this.#view.getFloat64(at, true);
    return this.fail(at, `float of ${width} bytes`);
  }
}

function asNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
