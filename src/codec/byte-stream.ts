/**
 * Writing and reading a flat sequence of varints, byte strings and texts. The reader trusts no
 * count: whatever would reach behind the end is refused before anything is allocated for it.
 */
import { decodeIfUtf8 } from "../base/bytes.ts";

const CAPACITY_MIN = 256;
const UTF8_BYTES_PER_UNIT_MAX = 3;
const VARINT_BYTES_MAX = 8; // 7 bits each: 53 bits fit.
const SHORT_BYTES = 32; // Below, a loop beats `set(subarray)`.

const encoder = new TextEncoder();

/** Bytes that `value`, a safe integer >= 0, takes as a varint. */
export function varintBytes(value: number): number {
  let byteCount = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) byteCount++;
  return byteCount;
}

/** Appends to a buffer that grows. */
export class ByteWriter {
  #bytes = new Uint8Array(CAPACITY_MIN);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Makes room for `byteCount` more bytes. */
  reserve(byteCount: number): void {
    const needed = this.#length + byteCount;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  byte(value: number): void {
    this.reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A safe integer >= 0: 7 bits a byte, lowest first, the top bit set on all but the last. */
  varint(value: number): void {
    this.reserve(VARINT_BYTES_MAX);
    let rest = value;
    while (rest >= 2 ** 31) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** The bytes as they are: the reader must know how many. */
  raw(source: Uint8Array): void {
    this.reserve(source.length);
    if (source.length > SHORT_BYTES) this.#bytes.set(source, this.#length);
    else
      for (let i = 0; i < source.length; i++) this.#bytes[this.#length + i] = source[i] as number;
    this.#length += source.length;
  }

  /** The bytes with their count in front. */
  bytes(source: Uint8Array): void {
    this.varint(source.length);
    this.raw(source);
  }

  /** UTF-8 with its byte count in front. */
  text(value: string): void {
    if (value.length * UTF8_BYTES_PER_UNIT_MAX < 0x80) {
      this.reserve(0x80);
      const start = this.#length + 1;
      const { written } = encoder.encodeInto(value, this.#bytes.subarray(start));
      this.#bytes[this.#length] = written;
      this.#length = start + written;
    } else {
      this.bytes(encoder.encode(value));
    }
  }

  uint32(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.byte((value >>> shift) & 0xff);
  }

  /** What was written so far: a view, valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** Throws the error for damage at byte `offset`. */
type Fail = (offset: number, what: string) => never;

/** Reads `bytes` [start, end) front to back. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #fail: Fail;
  #at: number;

  constructor(bytes: Uint8Array, start: number, end: number, fail: Fail) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#fail = fail;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#end - this.#at;
  }

  /** Throws: what was read last is wrong. */
  fail(what: string): never {
    return this.#fail(this.#at, what);
  }

  byte(): number {
    if (this.#at >= this.#end) this.fail("ends too early");
    return this.#bytes[this.#at++] as number;
  }

  /** A safe integer >= 0, in its shortest form only. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < VARINT_BYTES_MAX; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if ((byte === 0 && i > 0) || value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 0x80;
    }
    return this.fail("an integer is malformed");
  }

  /** A count of things that take at least `byteCountMin` bytes each in what follows. */
  count(byteCountMin: number): number {
    const count = this.varint();
    if (count * byteCountMin > this.remaining) this.fail(`a count of ${count} is too large`);
    return count;
  }

  /** The next `byteCount` bytes: a view. */
  raw(byteCount: number): Uint8Array {
    if (byteCount > this.remaining) this.fail("ends too early");
    this.#at += byteCount;
    return this.#bytes.subarray(this.#at - byteCount, this.#at);
  }

  /** Bytes with their count in front: a view. */
  bytes(): Uint8Array {
    return this.raw(this.varint());
  }

  text(): string {
    return this.decodeText(this.bytes());
  }

  /** `bytes` as text; fails as the reader does if they are not UTF-8. */
  decodeText(bytes: Uint8Array): string {
    return decodeIfUtf8(bytes) ?? this.fail("a text is not UTF-8");
  }
}
