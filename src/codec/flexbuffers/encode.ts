/**
 * Writing FlexBuffers as the official engine does: sorted keys, unsigned and signed integers
 * apart, floats in 4 bytes where exact, arrays of one number or boolean type as typed vectors,
 * NaN and infinities as null. Values are JSON-like, and bigints, and bytes.
 * Spec: FlatBuffers "FlexBuffers internals".
 */
import { compareUtf8, encodeUtf8 } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { describe, isPlainObject } from "../../base/options.ts";
import {
  FLEXBUFFERS_DEPTH_MAX,
  TYPE_BLOB,
  TYPE_BOOL,
  TYPE_FLOAT,
  TYPE_INT,
  TYPE_KEY,
  TYPE_MAP,
  TYPE_NULL,
  TYPE_STRING,
  TYPE_TUPLE_FIRST,
  TYPE_UINT,
  TYPE_VECTOR,
  TYPE_VECTOR_BOOL,
  TYPE_VECTOR_INT,
} from "./decode.ts";

const WIDTHS = [1, 2, 4, 8] as const;
const UINT64_END = 1n << 64n;
const INT64_START = -(1n << 63n);

/**
 * What a parent needs to know of a value: kept in the parent's slot (`number`), or written
 * already, at `position`, with slots of `width` bytes.
 */
type Stored =
  | { readonly type: number; readonly number: number | bigint; readonly width: number }
  | { readonly type: number; readonly position: number; readonly width: number };

/** `value` as FlexBuffers. Members that are `undefined` are left out. @throws {serialization} */
export function encodeFlexbuffers(value: unknown): Uint8Array {
  return new FlexbuffersWriter().finish(value);
}

class FlexbuffersWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #size = 0;
  readonly #keys = new Map<string, number>();

  finish(value: unknown): Uint8Array {
    const root = this.#write(value, 0);
    const width = this.#slotWidth(root, 0);
    this.#align(width);
    this.#putSlot(root, width);
    this.#putUnsigned(packedType(root, width), 1);
    this.#putUnsigned(width, 1);
    return this.#bytes.slice(0, this.#size);
  }

  #write(value: unknown, depth: number): Stored {
    if (depth > FLEXBUFFERS_DEPTH_MAX) refuse("nested too deeply");
    if (value === null || value === undefined) return { type: TYPE_NULL, number: 0, width: 1 };
    if (typeof value === "boolean") return { type: TYPE_BOOL, number: value ? 1 : 0, width: 1 };
    if (typeof value === "number") return storedNumber(value);
    if (typeof value === "bigint") return storedBigint(value);
    if (typeof value === "string") return this.#writeBytes(encodeUtf8(value), TYPE_STRING);
    if (value instanceof Uint8Array) return this.#writeBytes(value, TYPE_BLOB);
    if (Array.isArray(value)) return this.#writeArray(value, depth);
    if (isPlainObject(value)) return this.#writeMap(value, depth);
    return refuse(`${describe(value)} has no stored form`);
  }

  #writeBytes(bytes: Uint8Array, type: number): Stored {
    const width = unsignedWidth(bytes.length);
    this.#align(width);
    this.#putUnsigned(bytes.length, width);
    const position = this.#size;
    this.#putBytes(bytes);
    if (type === TYPE_STRING) this.#putUnsigned(0, 1);
    return { type, position, width };
  }

  #writeArray(values: readonly unknown[], depth: number): Stored {
    const elements: Stored[] = [];
    for (const value of values) elements.push(this.#write(value, depth + 1));
    const shared = sharedType(elements);
    if (shared === undefined) return this.#writeVector(elements, TYPE_VECTOR, 1, true);
    if (shared === TYPE_BOOL) return this.#writeVector(elements, TYPE_VECTOR_BOOL, 1, false);
    const kind = shared - TYPE_INT;
    const length = elements.length;
    if (length < 2 || length > 4) {
      return this.#writeVector(elements, TYPE_VECTOR_INT + kind, 1, false);
    }
    return this.#writeVector(elements, TYPE_TUPLE_FIRST + 3 * (length - 2) + kind, 0, false);
  }

  /** `headerSlots` slots stand before the first element, a type per element behind the last. */
  #writeVector(
    elements: readonly Stored[],
    type: number,
    headerSlots: number,
    hasTypes: boolean,
    keys?: Stored & { position: number },
  ): Stored {
    let width: number = headerSlots === 0 ? 1 : unsignedWidth(elements.length);
    if (keys !== undefined) width = Math.max(width, this.#slotWidth(keys, 0));
    for (let i = 0; i < elements.length; i++) {
      width = Math.max(width, this.#slotWidth(elements[i] as Stored, headerSlots + i));
    }
    this.#align(width);
    if (keys !== undefined) {
      this.#putSlot(keys, width);
      this.#putUnsigned(keys.width, width);
    }
    if (headerSlots > 0) this.#putUnsigned(elements.length, width);
    const position = this.#size;
    for (const element of elements) this.#putSlot(element, width);
    if (hasTypes) for (const element of elements) this.#putUnsigned(packedType(element, width), 1);
    return { type, position, width };
  }

  #writeMap(map: Record<string, unknown>, depth: number): Stored {
    const names = Object.keys(map).filter((name) => map[name] !== undefined);
    names.sort(compareUtf8);
    const keys: Stored[] = [];
    const values: Stored[] = [];
    for (const name of names) {
      keys.push({ type: TYPE_KEY, position: this.#writeKey(name), width: 1 });
      values.push(this.#write(map[name], depth + 1));
    }
    const keyVector = this.#writeVector(keys, TYPE_KEY, 1, false) as Stored & { position: number };
    return this.#writeVector(values, TYPE_MAP, 3, true, keyVector);
  }

  #writeKey(name: string): number {
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    if (name.includes("\0")) refuse(`key ${JSON.stringify(name)} holds a NUL`);
    const position = this.#size;
    this.#putBytes(encodeUtf8(name));
    this.#putUnsigned(0, 1);
    this.#keys.set(name, position);
    return position;
  }

  /** Narrowest slot that holds `stored` if it becomes slot `index` of a vector written next. */
  #slotWidth(stored: Stored, index: number): number {
    if ("number" in stored) return stored.width;
    for (const width of WIDTHS) {
      const start = Math.ceil(this.#size / width) * width;
      if (unsignedWidth(start + index * width - stored.position) <= width) return width;
    }
    return 8;
  }

  #putSlot(stored: Stored, width: number): void {
    if (!("number" in stored)) this.#putUnsigned(this.#size - stored.position, width);
    else if (stored.type === TYPE_FLOAT) this.#putFloat(stored.number as number, width);
    else this.#putUnsigned(stored.number, width);
  }

  #putFloat(value: number, width: number): void {
    this.#reserve(width);
    if (width === 4) this.#view.setFloat32(this.#size, value, true);
    else this.#view.setFloat64(this.#size, value, true);
    this.#size += width;
  }

  /** Little-endian, two's complement. */
  #putUnsigned(value: number | bigint, width: number): void {
    this.#reserve(width);
    if (width === 1) this.#view.setUint8(this.#size, Number(value));
    else if (width === 2) this.#view.setUint16(this.#size, Number(value), true);
    else if (width === 4) this.#view.setUint32(this.#size, Number(value), true);
    else this.#view.setBigUint64(this.#size, BigInt.asUintN(64, BigInt(value)), true);
    this.#size += width;
  }

  #putBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  #align(width: number): void {
    const padding = -this.#size & (width - 1);
    this.#reserve(padding);
    this.#size += padding;
  }

  #reserve(byteCount: number): void {
    const needed = this.#size + byteCount;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

function refuse(what: string): never {
  throw makeError("serialization", `flexbuffers: ${what}`);
}

function packedType(stored: Stored, parentWidth: number): number {
  const width = "number" in stored ? parentWidth : stored.width;
  return (stored.type << 2) | (31 - Math.clz32(width));
}

/** The number or boolean type that all elements have, if there is one. */
function sharedType(elements: readonly Stored[]): number | undefined {
  const type = elements[0]?.type;
  const isScalar =
    type === TYPE_INT || type === TYPE_UINT || type === TYPE_FLOAT || type === TYPE_BOOL;
  return isScalar && elements.every((element) => element.type === type) ? type : undefined;
}

function storedNumber(value: number): Stored {
  if (!Number.isFinite(value)) return { type: TYPE_NULL, number: 0, width: 1 };
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return storedInteger(value);
  return { type: TYPE_FLOAT, number: value, width: Math.fround(value) === value ? 4 : 8 };
}

function storedBigint(value: bigint): Stored {
  if (value >= UINT64_END || value < INT64_START) return storedNumber(Number(value));
  const number = Number(value);
  if (Number.isSafeInteger(number)) return storedInteger(number);
  return { type: value < 0n ? TYPE_INT : TYPE_UINT, number: value, width: 8 };
}

function storedInteger(value: number): Stored {
  if (value >= 0) return { type: TYPE_UINT, number: value, width: unsignedWidth(value) };
  const width = value >= -(2 ** 7) ? 1 : value >= -(2 ** 15) ? 2 : value >= -(2 ** 31) ? 4 : 8;
  return { type: TYPE_INT, number: value, width };
}

function unsignedWidth(value: number): 1 | 2 | 4 | 8 {
  return value < 2 ** 8 ? 1 : value < 2 ** 16 ? 2 : value < 2 ** 32 ? 4 : 8;
}
