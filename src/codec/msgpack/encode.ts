/** Writing MessagePack, the metadata encoding of spec 1 files. Spec: MessagePack "Formats". */
import { encodeUtf8 } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { describe, isPlainObject } from "../../base/options.ts";
import { MESSAGE_PACK_DEPTH_MAX } from "./decode.ts";

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
  if (depth > MESSAGE_PACK_DEPTH_MAX) refuse("nested too deeply");
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
