/** What a codec of chunks does, and where the bytes of a chunk's parts come from. */
import type { Box } from "../box.ts";
import type { DataType } from "./data-type.ts";
import type { Elements, Region } from "./elements.ts";

/** A chunk's elements. */
export interface ChunkLayout {
  readonly dataType: DataType;
  readonly shape: readonly number[];
  /** One element: what is not stored. */
  readonly fill: Elements;
}

/** Encodes and decodes whole chunks. */
export interface ChunkCodec {
  /** The stored form; fresh. */
  encode(elements: Elements): Promise<Uint8Array>;
  /** `chunk` names the chunk in messages. @throws {deserialization} */
  decode(bytes: Uint8Array, chunk: string): Promise<Elements>;
  /** Of shards: parts without the rest. */
  readonly parts?: ChunkPartsCodec | undefined;
}

/** Reads and changes parts of a chunk whose chunks inside are encoded one by one. */
export interface ChunkPartsCodec {
  /**
   * Copies the elements at `box` of the chunk into `target`, which holds the fill value; reads no
   * more than they need.
   * @throws {deserialization} naming `chunk`
   */
  read(source: ByteParts, box: Box, target: Region, chunk: string): Promise<void>;
  /**
   * The stored form with the elements at `box` replaced; what is encoded beside them stays byte for
   * byte. `undefined`: nothing but the fill value is left.
   */
  write(
    stored: Uint8Array | undefined,
    box: Box,
    source: Region,
    chunk: string,
  ): Promise<Uint8Array | undefined>;
}

/** Parts of one stored object; `undefined`: there is no object. Shorter than asked for: it ends there. */
export interface ByteParts {
  read(offset: number, length: number): Promise<Uint8Array | undefined>;
  readEnd(length: number): Promise<Uint8Array | undefined>;
}

/** Parts of bytes in memory; not copied. */
export function partsOf(bytes: Uint8Array): ByteParts {
  return {
    read: async (offset, length) => bytes.subarray(offset, offset + length),
    readEnd: async (length) => bytes.subarray(Math.max(0, bytes.length - length)),
  };
}

/** Parts of the `length` bytes at `offset` of an object, as if they were one of their own. */
export function partsWithin(source: ByteParts, offset: number, length: number): ByteParts {
  return {
    read: (at, size) => source.read(offset + at, Math.max(0, Math.min(size, length - at))),
    readEnd: (size) => {
      const held = Math.min(size, length);
      return source.read(offset + length - held, held);
    },
  };
}
