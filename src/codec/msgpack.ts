/**
 * MessagePack, the metadata encoding of spec 1 files: JSON-like values, bytes, and bigints beyond
 * 2^53. Own code, since the package is ten times its size in every page that only reads.
 * Extension types are refused: no writer of metadata has them. Spec: MessagePack "Formats".
 */
import { decodeUtf8, encodeUtf8 } from "../base/bytes.ts";
import { makeError } from "../base/errors.ts";
import { describe, isPlainObject } from "../base/options.ts";
import { setMember } from "./members.ts";

const DEPTH_MAX = 64;

/**
 * The value in `bytes`; integers beyond 2^53 become bigints.
 * @throws {deserialization}
 */
export function decodeMessagePack(bytes: Uint8Array): unknown {
  const reader = new MessagePackReader(bytes);
  const value = reader.read(0);
  if (reader.position !== bytes.length) reader.fail("trailing bytes");
  return value;
}

class MessagePackReader {
  position = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  fail(what: string): never {
    const offset = this.position;
    throw makeError("deserialization", `msgpack: damaged at byte ${offset}: ${what}`, {
      details: { offset },
    });
  }

  read(depth: number): unknown {
    if (depth > DEPTH_MAX) this.fail("nested too deeply");
    const type = this.#unsigned(1);
    if (type < 0x80) return type;
    if (type >= 0xe0) return type - 0x100;
    if (type < 0x90) return this.#map(type & 15, depth);
    if (type < 0xa0) return this.#array(type & 15, depth);
    if (type < 0xc0) return this.#text(type & 31);
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
      case 0xc3:
        return type === 0xc3;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#span(this.#unsigned(1 << (type - 0xc4))).slice();
      case 0xca:
        return this.#view.getFloat32(this.#advance(4));
      case 0xcb:
        return this.#view.getFloat64(this.#advance(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#unsigned(1 << (type - 0xcc));
      case 0xcf:
        return narrow(this.#view.getBigUint64(this.#advance(8)));
      case 0xd0:
        return this.#view.getInt8(this.#advance(1));
      case 0xd1:
        return this.#view.getInt16(this.#advance(2));
      case 0xd2:
        return this.#view.getInt32(this.#advance(4));
      case 0xd3:
        return narrow(this.#view.getBigInt64(this.#advance(8)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#unsigned(1 << (type - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#unsigned(type === 0xdc ? 2 : 4), depth);
      case 0xde:
      case 0xdf:
        return this.#map(this.#unsigned(type === 0xde ? 2 : 4), depth);
      default:
        return this.fail(`type ${type} is not metadata`);
    }
  }

  // Each element takes a byte at least, so hostile lengths end with the bytes.
  #array(length: number, depth: number): unknown[] {
    const values: unknown[] = [];
    for (let i = 0; i < length; i++) values.push(this.read(depth + 1));
    return values;
  }

  #map(length: number, depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (let i = 0; i < length; i++) {
      const name = this.read(depth + 1);
      if (typeof name !== "string") this.fail(`member named by ${describe(name)}`);
      setMember(map, name, this.read(depth + 1));
    }
    return map;
  }

  #text(length: number): string {
    const bytes = this.#span(length);
    try {
      return decodeUtf8(bytes);
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause;
      return this.fail("string is not UTF-8");
    }
  }

  #span(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  #unsigned(byteCount: number): number {
    const at = this.#advance(byteCount);
    if (byteCount === 1) return this.#view.getUint8(at);
    return byteCount === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  /** Passes `byteCount` bytes, which must be there; returns where they start. */
  #advance(byteCount: number): number {
    const start = this.position;
    if (start + byteCount > this.#bytes.length) this.fail("truncated");
    this.position = start + byteCount;
    return start;
  }
}

function narrow(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/**
 * `value` as MessagePack: everything in its shortest form, NaN and infinities as null, members
 * that are `undefined` left out.
 * @throws {serialization} on values that JSON has no place for, and on nesting deeper than 64
 */
export function encodeMessagePack(value: unknown): Uint8Array {
  const bytes: number[] = [];
  write(bytes, value, 0);
  return Uint8Array.from(bytes);
}

function write(bytes: number[], value: unknown, depth: number): void {
  if (depth > DEPTH_MAX) refuse("nested too deeply");
  if (value === null || value === undefined) bytes.push(0xc0);
  else if (typeof value === "boolean") bytes.push(value ? 0xc3 : 0xc2);
  else if (typeof value === "number") writeNumber(bytes, value);
  else if (typeof value === "bigint") writeBigint(bytes, value);
  else if (typeof value === "string") {
    const text = encodeUtf8(value);
    if (text.length < 32) bytes.push(0xa0 | text.length);
    else writeLength(bytes, 0xd9, text.length, 1);
    for (const byte of text) bytes.push(byte);
  } else if (value instanceof Uint8Array) {
    writeLength(bytes, 0xc4, value.length, 1);
    for (const byte of value) bytes.push(byte);
  } else if (Array.isArray(value)) {
    if (value.length < 16) bytes.push(0x90 | value.length);
    else writeLength(bytes, 0xdc, value.length, 2);
    for (const item of value) write(bytes, item, depth + 1);
  } else if (isPlainObject(value)) {
    const members = Object.entries(value).filter(([, item]) => item !== undefined);
    if (members.length < 16) bytes.push(0x80 | members.length);
    else writeLength(bytes, 0xde, members.length, 2);
    for (const [name, item] of members) {
      write(bytes, name, depth + 1);
      write(bytes, item, depth + 1);
    }
  } else refuse(`${describe(value)} has no stored form`);
}

function refuse(what: string): never {
  throw makeError("serialization", `msgpack: ${what}`);
}

/** A length in the narrowest of the types from `type` on, the first of `byteCountMin` bytes. */
function writeLength(bytes: number[], type: number, length: number, byteCountMin: number): void {
  let narrowest = type;
  let byteCount = byteCountMin;
  while (length >= 2 ** (8 * byteCount)) {
    narrowest++;
    byteCount *= 2;
  }
  writeWord(bytes, narrowest, BigInt(length), byteCount);
}

function writeWord(bytes: number[], type: number, value: bigint, byteCount: number): void {
  bytes.push(type);
  for (let i = byteCount - 1; i >= 0; i--) bytes.push(Number((value >> BigInt(8 * i)) & 0xffn));
}

function writeNumber(bytes: number[], value: number): void {
  if (!Number.isFinite(value)) bytes.push(0xc0);
  else if (Number.isSafeInteger(value) && !Object.is(value, -0)) writeBigint(bytes, BigInt(value));
  else {
    bytes.push(0xcb);
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    for (let i = 0; i < 8; i++) bytes.push(view.getUint8(i));
  }
}

function writeBigint(bytes: number[], value: bigint): void {
  if (value >= 1n << 64n || value < -(1n << 63n)) writeNumber(bytes, Number(value));
  else if (value >= -32n && value < 128n) bytes.push(Number(value) & 0xff);
  else {
    const isSigned = value < 0n;
    for (const [i, byteCount] of [1, 2, 4, 8].entries()) {
      const range = 1n << BigInt(8 * byteCount);
      if (isSigned ? value < -(range / 2n) : value >= range) continue;
      writeWord(bytes, (isSigned ? 0xd0 : 0xcc) + i, value, byteCount);
      return;
    }
  }
}
