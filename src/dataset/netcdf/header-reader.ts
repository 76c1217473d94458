/**
 * Reads the primitive parts of a NetCDF-3 header, checked against the bytes at hand: nothing is
 * trusted, no count is followed further than the file is long.
 *
 * A header's length is not known beforehand: where the window ends too early, `WindowTooSmall` is
 * thrown and the caller reads a larger one.
 */
import { makeError } from "../../base/errors.ts";

/** The window ends before the header does, but the file goes on. */
export class WindowTooSmall extends Error {}

const textDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A cursor in a header. `version` 5 has 8-byte counts, version 1 has 4-byte offsets. */
export class HeaderReader {
  readonly name: string;
  readonly version: number;
  readonly #window: Uint8Array;
  readonly #view: DataView;
  readonly #sizeBytes: number;
  #at: number;

  constructor(name: string, window: Uint8Array, sizeBytes: number, version: number, start: number) {
    this.name = name;
    this.version = version;
    this.#window = window;
    this.#view = new DataView(window.buffer, window.byteOffset, window.byteLength);
    this.#sizeBytes = sizeBytes;
    this.#at = start;
  }

  /** Where the next part begins, in bytes from the file's start. */
  get offset(): number {
    return this.#at;
  }

  /** `invalid-file-format`, naming the file and the byte. */
  fail(what: string, offset: number = this.#at): never {
    throw makeError("invalid-file-format", `${this.name}: ${what}, at byte ${offset}`, {
      details: { object: this.name, offset },
    });
  }

  /** A tag, a type or a 4-byte number. */
  uint32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** A count, length or dimension id. */
  count(): number {
    return this.version === 5 ? this.#uint64() : this.uint32();
  }

  /** The number of records: 2^32 - 1 (or 2^64 - 1) says that it is not known. */
  recordCount(): number | undefined {
    if (this.version !== 5) {
      const count = this.uint32();
      return count === 0xffffffff ? undefined : count;
    }
    if (this.#view.getBigUint64(this.#take(8)) === 2n ** 64n - 1n) return undefined;
    this.#at -= 8;
    return this.#uint64();
  }

  /** The place of a variable's first byte. */
  begin(): number {
    return this.version === 1 ? this.uint32() : this.#uint64();
  }

  /** A count of things that take at least `bytesEach` each: bounded by what is left of the file. */
  boundedCount(what: string, bytesEach: number): number {
    const at = this.#at;
    const count = this.count();
    if (count * bytesEach > this.#sizeBytes - this.#at) {
      this.fail(`${count} ${what} do not fit into the file`, at);
    }
    return count;
  }

  /** A name: its length, UTF-8, padding to 4 bytes. It ends at a NUL, which some writers count. */
  text(what: string): string {
    const at = this.#at;
    const counted = this.bytes(this.boundedCount(`characters of ${what}`, 1));
    const end = counted.indexOf(0);
    const bytes = end < 0 ? counted : counted.subarray(0, end);
    if (bytes.length === 0) this.fail(`${what} is empty`, at);
    try {
      return textDecoder.decode(bytes);
    } catch (cause) {
      throw makeError("invalid-file-format", `${this.name}: ${what} is not UTF-8, at byte ${at}`, {
        details: { object: this.name, offset: at },
        cause,
      });
    }
  }

  /** `length` bytes, and the padding to 4 bytes after them. Not copied. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    this.#take((4 - (length % 4)) % 4);
    return this.#window.subarray(start, start + length);
  }

  #uint64(): number {
    const at = this.#at;
    const value = this.#view.getBigUint64(this.#take(8));
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) this.fail(`${value} is too large`, at);
    return Number(value);
  }

  #take(byteCount: number): number {
    const start = this.#at;
    const end = start + byteCount;
    if (end > this.#sizeBytes) this.fail("the file ends inside its header", start);
    if (end > this.#window.length) throw new WindowTooSmall();
    this.#at = end;
    return start;
  }
}
