/** MessagePack as the official engine writes it: everything in its shortest form. For tests. */
import { encodeUtf8 } from "../../../../src/base/bytes.ts";

/** `value`: what JSON has, bytes, and integers of 64 bits. */
export function encodeMessagePack(value: unknown): Uint8Array {
  const bytes: number[] = [];
  write(bytes, value);
  return Uint8Array.from(bytes);
}

function write(bytes: number[], value: unknown): void {
  if (value === null) bytes.push(0xc0);
  else if (typeof value === "boolean") bytes.push(value ? 0xc3 : 0xc2);
  else if (typeof value === "bigint") writeInteger(bytes, value);
  else if (typeof value === "number") writeNumber(bytes, value);
  else if (typeof value === "string") {
    const text = encodeUtf8(value);
    writeHead(bytes, { short: 0xa0, shortEnd: 32, long: 0xd9, byteCountMin: 1 }, text.length);
    for (const byte of text) bytes.push(byte);
  } else if (value instanceof Uint8Array) {
    writeHead(bytes, { short: 0, shortEnd: 0, long: 0xc4, byteCountMin: 1 }, value.length);
    for (const byte of value) bytes.push(byte);
  } else if (Array.isArray(value)) {
    writeHead(bytes, { short: 0x90, shortEnd: 16, long: 0xdc, byteCountMin: 2 }, value.length);
    for (const item of value) write(bytes, item);
  } else {
    const members = Object.entries(value as object);
    writeHead(bytes, { short: 0x80, shortEnd: 16, long: 0xde, byteCountMin: 2 }, members.length);
    for (const [name, item] of members) {
      write(bytes, name);
      write(bytes, item);
    }
  }
}

interface Head {
  /** The type that holds lengths below `shortEnd` itself. */
  readonly short: number;
  readonly shortEnd: number;
  /** The first of the types with a length of `byteCountMin` bytes, of twice as many, ... */
  readonly long: number;
  readonly byteCountMin: number;
}

function writeHead(bytes: number[], head: Head, length: number): void {
  if (length < head.shortEnd) {
    bytes.push(head.short | length);
    return;
  }
  let { long, byteCountMin: byteCount } = head;
  for (; length >= 2 ** (8 * byteCount); long++) byteCount *= 2;
  writeWord(bytes, long, BigInt(length), byteCount);
}

function writeWord(bytes: number[], type: number, value: bigint, byteCount: number): void {
  bytes.push(type);
  for (let i = byteCount - 1; i >= 0; i--) bytes.push(Number((value >> BigInt(8 * i)) & 0xffn));
}

function writeNumber(bytes: number[], value: number): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    writeInteger(bytes, BigInt(value));
    return;
  }
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  bytes.push(0xcb, ...new Uint8Array(view.buffer));
}

function writeInteger(bytes: number[], value: bigint): void {
  if (value >= -32n && value < 128n) {
    bytes.push(Number(value) & 0xff);
    return;
  }
  const isSigned = value < 0n;
  const width = [1, 2, 4, 8].findIndex((byteCount) => {
    const range = 1n << BigInt(8 * byteCount);
    return isSigned ? value >= -(range / 2n) : value < range;
  });
  writeWord(bytes, (isSigned ? 0xd0 : 0xcc) + width, value, 1 << width);
}
