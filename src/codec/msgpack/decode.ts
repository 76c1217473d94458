/**
 * Reading MessagePack, the metadata encoding of spec 1 files: JSON-like values, bytes, and bigints
 * beyond 2^53. Own code, since the package is ten times its size in every page that only reads.
 * Extension types are refused: no writer of metadata has them. Spec: MessagePack "Formats".
 */
import { decodeIfUtf8 } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { describe } from "../../base/options.ts";
import { setMember } from "../members.ts";

const MESSAGE_PACK_DEPTH_MAX = 64;

/** The value in `bytes`; integers beyond 2^53 become bigints. @throws {deserialization} */
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
    if (depth > MESSAGE_PACK_DEPTH_MAX) this.fail("nested too deeply");
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
    return decodeIfUtf8(this.#span(length)) ?? this.fail("string is not UTF-8");
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
