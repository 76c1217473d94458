/**
 * Bounds-checked reading of FlatBuffers: no offset, length, vtable or string of the buffer is
 * trusted. Positions are absolute byte offsets; position 0 means "absent" (nothing but the root
 * offset can stand there). Misaligned buffers are read. Work is bounded by the buffer's size even
 * where hostile offsets share one vector a million times. Of bytes that are made when asked for,
 * it asks for what it reads.
 *
 * Damage is refused (`deserialization`) with the object's name and the byte offset.
 */
import { decodeIfUtf8 } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import type { PartialBytes } from "../../base/partial-bytes.ts";

const ABSENT = 0;
/** A vtable's size has 16 bits. */
const SLOTS_MAX = 32_768;
const NO_SLOTS: readonly number[] = [];
/** Offset of the root table, then the 4-byte file identifier (which readers must not require). */
const HEADER_BYTES = 4;
/** Vectors may be shared, so their elements may add up to more than the buffer holds: to 8 times. */
const ELEMENTS_PER_BYTE = 2;
const STRING_BYTES_PER_BYTE = 2;
const BUDGET_FLOOR = 65_536;
/** Above this a string is decoded by TextDecoder at once; below, a loop over ASCII is faster. */
const SHORT_STRING_BYTES = 64;

/** Reads one buffer. Holds no copy: views that it hands out are views of `bytes`. */
export class FlatBufferReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Names the object in messages. */
  readonly object: string;
  readonly #partial: PartialBytes | undefined;
  #elementsLeft: number;
  #stringBytesLeft: number;
  #checkedBytesLeft: number;
  readonly #strings = new Map<number, string>();
  readonly #unknownSlots = new Map<number, readonly number[]>();

  /** `partial`: where `bytes` come from, unless all are there. */
  constructor(bytes: Uint8Array, object: string, partial?: PartialBytes) {
    this.bytes = bytes;
    this.#partial = partial;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.object = object;
    this.#elementsLeft = bytes.length * ELEMENTS_PER_BYTE + BUDGET_FLOOR;
    this.#stringBytesLeft = bytes.length * STRING_BYTES_PER_BYTE + BUDGET_FLOOR;
    this.#checkedBytesLeft = this.#stringBytesLeft;
  }

  /** Throws: the buffer is damaged at byte `offset`. */
  fail(offset: number, what: string): never {
    throw makeError("deserialization", `${this.object}: damaged at byte ${offset}: ${what}`, {
      details: { object: this.object, offset },
    });
  }

  /** Position of the root table. */
  root(): number {
    if (this.bytes.length < HEADER_BYTES) this.fail(0, "shorter than a root offset");
    this.#partial?.ensure(0, HEADER_BYTES);
    return this.#follow(0);
  }

  /** Position of the inline field in `slot`, checked to hold `byteCount` bytes; 0 if absent. */
  field(table: number, slot: number, byteCount: number): number {
    const vtable = table - this.view.getInt32(table, true);
    const entry = 4 + 2 * slot;
    if (entry + 2 > this.view.getUint16(vtable, true)) return ABSENT;
    const offset = this.view.getUint16(vtable + entry, true);
    if (offset === 0) return ABSENT;
    if (offset < 4 || offset + byteCount > this.view.getUint16(vtable + 2, true)) {
      this.fail(vtable + entry, `field ${slot} lies outside its table`);
    }
    return table + offset;
  }

  /** Numbers of the present slots from `known` on: fields of a newer minor version. */
  unknownSlots(table: number, known: number): readonly number[] {
    const vtable = table - this.view.getInt32(table, true);
    const slotCount = (this.view.getUint16(vtable, true) - 4) >> 1;
    if (slotCount <= known) return NO_SLOTS;
    const key = vtable * SLOTS_MAX + known; // Tables of different kinds may share a vtable.
    const cached = this.#unknownSlots.get(key);
    if (cached !== undefined) return cached;
    this.#spendElements(vtable, slotCount);
    const unknown: number[] = [];
    for (let slot = known; slot < slotCount; slot++) {
      if (this.view.getUint16(vtable + 4 + 2 * slot, true) !== 0) unknown.push(slot);
    }
    this.#unknownSlots.set(key, unknown);
    return unknown;
  }

  uint8(table: number, slot: number, fallback: number): number {
    const at = this.field(table, slot, 1);
    return at === ABSENT ? fallback : this.view.getUint8(at);
  }

  uint16(table: number, slot: number, fallback: number): number {
    const at = this.field(table, slot, 2);
    return at === ABSENT ? fallback : this.view.getUint16(at, true);
  }

  uint32(table: number, slot: number, fallback: number): number {
    const at = this.field(table, slot, 4);
    return at === ABSENT ? fallback : this.view.getUint32(at, true);
  }

  int32(table: number, slot: number, fallback: number): number {
    const at = this.field(table, slot, 4);
    return at === ABSENT ? fallback : this.view.getInt32(at, true);
  }

  /** An unsigned 64-bit field; beyond 2^53 - 1 it is refused, never rounded. */
  uint64(table: number, slot: number, fallback: number): number {
    const at = this.field(table, slot, 8);
    return at === ABSENT ? fallback : this.uint64At(at);
  }

  /** The unsigned 64-bit integer at `position`, which must lie inside the buffer. */
  uint64At(position: number): number {
    const high = this.view.getUint32(position + 4, true);
    const value = high * 2 ** 32 + this.view.getUint32(position, true);
    if (high >= 2 ** 21) this.fail(position, "integer beyond 2^53");
    return value;
  }

  /** Position of the table that `slot` points to; 0 if absent. */
  table(table: number, slot: number): number {
    const at = this.field(table, slot, 4);
    return at === ABSENT ? ABSENT : this.#follow(at);
  }

  /** Position of the table that element `index` of a vector of offsets points to. */
  tableAt(vector: number, index: number): number {
    this.#partial?.ensure(vector + 4 + 4 * index, vector + 8 + 4 * index);
    return this.#follow(vector + 4 + 4 * index);
  }

  /** What `read` makes of each table that a vector of offsets points to, in order. */
  mapTables<T>(vector: number, read: (table: number) => T): T[] {
    const values: T[] = [];
    const length = this.vectorLength(vector);
    for (let i = 0; i < length; i++) values.push(read(this.tableAt(vector, i)));
    return values;
  }

  /**
   * Position of the vector in `slot`, checked to hold all its elements of `elementBytes` each;
   * 0 if absent. Element i starts at `position + 4 + i * elementBytes`; it is not asked for here.
   */
  vector(table: number, slot: number, elementBytes: number): number {
    const at = this.field(table, slot, 4);
    if (at === ABSENT) return ABSENT;
    const position = at + this.view.getUint32(at, true);
    if (position + 4 > this.bytes.length) this.fail(at, "vector starts behind the end");
    this.#partial?.ensure(position, position + 4);
    const length = this.view.getUint32(position, true);
    if (position + 4 + length * elementBytes > this.bytes.length) {
      this.fail(position, `vector of ${length} x ${elementBytes} bytes reaches behind the end`);
    }
    if (elementBytes > 1) this.#spendElements(position, length);
    return position;
  }

  /** Elements of the vector at `position`; 0 if it is absent. */
  vectorLength(position: number): number {
    return position === ABSENT ? 0 : this.view.getUint32(position, true);
  }

  /** The byte vector in `slot`, as a view; `undefined` if absent. */
  byteVector(table: number, slot: number): Uint8Array | undefined {
    const position = this.vector(table, slot, 1);
    if (position === ABSENT) return undefined;
    const end = position + 4 + this.vectorLength(position);
    this.#partial?.ensure(position + 4, end);
    return this.bytes.subarray(position + 4, end);
  }

  /** The string in `slot`; `undefined` if absent. Equal positions give one and the same string. */
  string(table: number, slot: number): string | undefined {
    const position = this.vector(table, slot, 1);
    return position === ABSENT ? undefined : this.#stringAtPosition(position);
  }

  /** Whether `slot` holds a string; refuses what `string` would, and makes none of plain ASCII. */
  hasString(table: number, slot: number): boolean {
    const position = this.vector(table, slot, 1);
    if (position === ABSENT) return false;
    const end = position + 4 + this.view.getUint32(position, true);
    this.#partial?.ensure(position + 4, end);
    this.#checkedBytesLeft -= end - position;
    // Beyond that, as where many share one long string, each is looked at once.
    if (this.#checkedBytesLeft < 0) this.#stringAtPosition(position);
    for (let at = position + 4; at < end && this.#checkedBytesLeft >= 0; at++) {
      if ((this.bytes[at] as number) < 0x80) continue;
      this.#stringAtPosition(position);
      break;
    }
    return true;
  }

  /** The string that element `index` of a vector of offsets points to. */
  stringAt(vector: number, index: number): string {
    const at = vector + 4 + 4 * index;
    this.#partial?.ensure(at, at + 4);
    const position = at + this.view.getUint32(at, true);
    if (position + 4 > this.bytes.length) this.fail(at, "string starts behind the end");
    this.#partial?.ensure(position, position + 4);
    if (position + 4 + this.view.getUint32(position, true) > this.bytes.length) {
      this.fail(position, "string reaches behind the end");
    }
    return this.#stringAtPosition(position);
  }

  #stringAtPosition(position: number): string {
    const known = this.#strings.get(position);
    if (known !== undefined) return known;
    const length = this.view.getUint32(position, true);
    this.#stringBytesLeft -= length;
    if (this.#stringBytesLeft < 0) this.fail(position, "strings overlap");
    const text = this.#decodeString(position + 4, length);
    this.#strings.set(position, text);
    return text;
  }

  #decodeString(start: number, length: number): string {
    this.#partial?.ensure(start, start + length);
    if (length <= SHORT_STRING_BYTES) {
      let text = "";
      let i = start;
      for (; i < start + length; i++) {
        const code = this.bytes[i] as number;
        if (code >= 0x80) break;
        text += String.fromCharCode(code);
      }
      if (i === start + length) return text;
    }
    return (
      decodeIfUtf8(this.bytes.subarray(start, start + length)) ??
      this.fail(start, "string is not UTF-8")
    );
  }

  #spendElements(position: number, length: number): void {
    this.#elementsLeft -= length;
    if (this.#elementsLeft < 0) this.fail(position, "vectors overlap");
  }

  /** Follows the offset at `at` to a table and checks that table's vtable and extent. */
  #follow(at: number): number {
    const partial = this.#partial;
    const end = this.bytes.length;
    const table = at + this.view.getUint32(at, true);
    if (table === at || table + 4 > end) this.fail(at, "offset points behind the end");
    partial?.ensure(table, table + 4);
    const vtable = table - this.view.getInt32(table, true);
    if (vtable < 0 || vtable + 4 > end) this.fail(table, "vtable lies outside the buffer");
    partial?.ensure(vtable, vtable + 4);
    const vtableBytes = this.view.getUint16(vtable, true);
    if (vtableBytes < 4 || vtable + vtableBytes > end) this.fail(vtable, "vtable has a wrong size");
    const tableBytes = this.view.getUint16(vtable + 2, true);
    if (tableBytes < 4 || table + tableBytes > end) this.fail(vtable, "table has a wrong size");
    partial?.ensure(vtable, vtable + vtableBytes);
    partial?.ensure(table, table + tableBytes);
    return table;
  }
}
