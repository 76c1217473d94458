/**
 * The codecs of one array: `transpose`, then `bytes`, `vlen-utf8` or `sharding_indexed`, then
 * compressors. Spec: Zarr v3 "Codecs".
 */
import { makeError } from "../../base/errors.ts";
import { isJsonArray, type JsonValue, printJson } from "../../codec/json.ts";
import { elementCount } from "../array/box.ts";
import type { ElementType, Values } from "../array/elements.ts";
import { transposeValues } from "../array/transpose.ts";
import {
  type ByteCodec,
  codecConfiguration,
  codecName,
  parseByteCodec,
  unsupportedCodec,
} from "./byte-codecs.ts";
import { elementBytes } from "./data-type.ts";
import {
  decodeElements,
  decodeTexts,
  type Endian,
  encodeElements,
  encodeTexts,
} from "./element-bytes.ts";
import { parseSharding } from "./sharding.ts";

/** Encodes and decodes whole chunks. */
export interface ChunkCodec {
  encode(values: Values): Promise<Uint8Array>;
  /** `chunk` names the chunk in messages. Throws `deserialization`. */
  decode(bytes: Uint8Array, chunk: string): Promise<Values>;
}

/** A chunk's elements. */
export interface ChunkLayout {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** One element: what is not stored. */
  readonly fill: Values;
}

/** Most bytes of one decoded chunk; what a hostile document can make us allocate. */
const CHUNK_BYTES_MAX = 2 ** 32;
/** Most bytes of a chunk of strings of any length, whose size no document tells. */
const TEXT_BYTES_MAX = 2 ** 30;

/**
 * The codec of an array's zarr.json.
 * @throws {unimplemented} a codec that is not supported, naming it and the array.
 * @throws {invalid-array-metadata} codecs that make no sense.
 */
export function parseCodecs(
  codecs: JsonValue | undefined,
  layout: ChunkLayout,
  path: string,
): ChunkCodec {
  if (!isJsonArray(codecs) || codecs.length === 0) {
    const found = codecs === undefined ? "nothing" : printJson(codecs);
    throw invalidCodecs(path, `codecs must be a list that begins with bytes, found ${found}`);
  }
  if (elementCount(layout.shape) * elementBytes(layout.type) > CHUNK_BYTES_MAX) {
    throw makeError("unimplemented", `array ${path}: chunks of [${layout.shape}] are too large`, {
      details: { path, chunkShape: layout.shape },
    });
  }
  let at = 0;
  let order: readonly number[] | undefined;
  if (codecName(codecs[0] as JsonValue) === "transpose") {
    order = parseOrder(codecs[0] as JsonValue, layout.shape.length, path);
    at = 1;
  }
  const stored = order === undefined ? layout.shape : order.map((d) => layout.shape[d] as number);
  const array = parseArrayCodec(codecs[at], { ...layout, shape: stored }, path);
  const byteCodecs = codecs.slice(at + 1).map((codec) => parseByteCodec(codec, path));
  return chain(layout, order, array, byteCodecs);
}

function parseOrder(codec: JsonValue, rank: number, path: string): readonly number[] {
  const order = codecConfiguration(codec).get("order");
  const isOrder =
    isJsonArray(order) &&
    order.length === rank &&
    new Set(order).size === rank &&
    order.every((d) => typeof d === "number" && d >= 0 && d < rank);
  if (isOrder) return order as number[];
  throw unsupportedCodec(path, `transpose with order ${printJson(order ?? null)}`);
}

interface ArrayCodec extends ChunkCodec {
  /** Most bytes that a chunk has before it is compressed. */
  readonly bytesMax: number;
}

function parseArrayCodec(
  codec: JsonValue | undefined,
  layout: ChunkLayout,
  path: string,
): ArrayCodec {
  const { type, shape } = layout;
  const count = elementCount(shape);
  const name = codec === undefined ? "nothing" : codecName(codec);
  const isText = type.name === "string" && type.width === undefined;
  if (name === "vlen-utf8" && isText) {
    return {
      bytesMax: TEXT_BYTES_MAX,
      encode: async (values) => encodeTexts(values),
      decode: async (bytes, chunk) => decodeTexts(bytes, count, chunk),
    };
  }
  if (name === "bytes" && !isText) {
    const endian = codecConfiguration(codec as JsonValue).get("endian") ?? "little";
    if (endian !== "little" && endian !== "big") {
      throw unsupportedCodec(path, `bytes with endian ${printJson(endian)}`);
    }
    return fixedCodec(type, count, endian);
  }
  if (name === "sharding_indexed" && codec !== undefined) {
    const sharding = parseSharding(codecConfiguration(codec), layout, path, parseCodecs);
    const inner = isText ? TEXT_BYTES_MAX : 2 * count * elementBytes(type) + CHUNK_BYTES_MAX;
    return { ...sharding, bytesMax: inner };
  }
  if (name === "bytes" || name === "vlen-utf8") {
    throw invalidCodecs(path, `codec ${name} does not fit data type ${type.name}`);
  }
  throw unsupportedCodec(path, name);
}

function fixedCodec(type: ElementType, count: number, endian: Endian): ArrayCodec {
  return {
    bytesMax: count * elementBytes(type),
    encode: async (values) => encodeElements(type, values, endian),
    decode: async (bytes, chunk) => decodeElements(type, bytes, count, endian, chunk),
  };
}

function chain(
  layout: ChunkLayout,
  order: readonly number[] | undefined,
  array: ArrayCodec,
  byteCodecs: readonly ByteCodec[],
): ChunkCodec {
  const inverse = order === undefined ? undefined : order.map((_, d) => order.indexOf(d));
  return {
    async encode(values) {
      const turned =
        order === undefined ? values : transposeValues(layout.type, values, layout.shape, order);
      let bytes = await array.encode(turned);
      for (const codec of byteCodecs) bytes = await codec.encode(bytes);
      return bytes;
    },
    async decode(stored, chunk) {
      let bytes = stored;
      for (const [i, codec] of [...byteCodecs].reverse().entries()) {
        // Only the innermost size is known; the others are bounded by it and what wraps it.
        const slack = (byteCodecs.length - 1 - i) * 1024;
        bytes = await codec.decode(bytes, array.bytesMax + slack, chunk);
      }
      const values = await array.decode(bytes, chunk);
      if (order === undefined || inverse === undefined) return values;
      const shape = order.map((d) => layout.shape[d] as number);
      return transposeValues(layout.type, values, shape, inverse);
    },
  };
}

function invalidCodecs(path: string, what: string): Error {
  return makeError("invalid-array-metadata", `zarr.json of ${path}: ${what}`, {
    details: { path, member: "codecs" },
  });
}
