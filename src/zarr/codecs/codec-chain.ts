/**
 * The codecs of one array: `transpose`, then `bytes`, `vlen-utf8`, `vlen-bytes` or
 * `sharding_indexed`, then compressors. Spec: Zarr v3 "Codecs".
 */
import { volumeOf } from "../../base/coordinates.ts";
import { makeError } from "../../base/errors.ts";
import { isJsonArray, type JsonValue, printJson } from "../../codec/json.ts";
import type { ByteCodec } from "./byte-codec.ts";
import { isByteCodec, parseByteCodec, unsupportedCodec } from "./byte-codecs.ts";
import type { ChunkCodec, ChunkLayout } from "./chunk-codec.ts";
import { codecConfiguration, codecName, invalidCodecs } from "./codec-metadata.ts";
import type { DataType } from "./data-type.ts";
import {
  decodeElements,
  decodeVariable,
  type Endian,
  encodeElements,
  encodeVariable,
} from "./element-bytes.ts";
import { type Elements, transposeInto } from "./elements.ts";
import { parseSharding } from "./sharding.ts";

/** Most bytes of one decoded chunk; what a hostile document can make us allocate. */
const CHUNK_BYTES_MAX = 2 ** 32;
/** Most bytes that a shard has for each of its chunks besides the chunk: entries of indexes, headers. */
const SHARD_BYTES_PER_CHUNK_MAX = 1024;
/** Most bytes of a chunk of strings of any length, whose size no document tells. */
const TEXT_BYTES_MAX = 2 ** 30;
/** By which part, and by how many bytes beside, a compressor lengthens what it cannot compress. */
const GROWTH_MAX = 2 ** -8;
const GROWTH_BYTES_MAX = 1024;

/**
 * The codec of an array's zarr.json.
 * @throws {unimplemented} a codec that is not supported, naming it and the array
 * @throws {invalid-array-metadata} codecs that make no sense
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
  if (volumeOf(layout.shape) * layout.dataType.bytesPerElement > CHUNK_BYTES_MAX) {
    throw makeError("unimplemented", `array ${path}: chunks of [${layout.shape}] are too large`, {
      details: { path, chunkShape: layout.shape },
    });
  }
  let at = 0;
  let order: readonly number[] | undefined;
  for (; at < codecs.length && codecName(codecs[at] as JsonValue) === "transpose"; at++) {
    const next = parseOrder(codecs[at] as JsonValue, layout.shape.length, path);
    const before = order;
    order = before === undefined ? next : next.map((d) => before[d] as number);
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
    order.every((d) => Number.isInteger(d) && (d as number) >= 0 && (d as number) < rank);
  if (isOrder) return order as number[];
  const found = printJson(order ?? null);
  throw invalidCodecs(path, `transpose takes each of ${rank} dimensions once, found ${found}`);
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
  const { dataType, shape } = layout;
  const { kind, isVariable, name: typeName } = dataType;
  const count = volumeOf(shape);
  const name = codec === undefined ? "nothing" : codecName(codec);
  if (isVariable && name === (kind === "text" ? "vlen-utf8" : "vlen-bytes")) {
    return {
      bytesMax: TEXT_BYTES_MAX,
      encode: async (elements) => encodeVariable(elements),
      decode: async (bytes, chunk) => decodeVariable(dataType, bytes, count, chunk),
    };
  }
  if (name === "bytes" && !isVariable) {
    const endian = codecConfiguration(codec as JsonValue).get("endian");
    if (endian !== undefined && endian !== "little" && endian !== "big") {
      throw invalidCodecs(path, `endian must be "little" or "big", found ${printJson(endian)}`);
    }
    return fixedCodec(dataType, count, endian ?? "little");
  }
  if (name === "sharding_indexed" && codec !== undefined) {
    const sharding = parseSharding(codecConfiguration(codec), layout, path, parseCodecs);
    const fixedMax = count * (2 * dataType.bytesPerElement + SHARD_BYTES_PER_CHUNK_MAX);
    const bytesMax = isVariable ? TEXT_BYTES_MAX : Math.min(fixedMax, 2 * CHUNK_BYTES_MAX);
    return { ...sharding, bytesMax };
  }
  if (["bytes", "vlen-utf8", "vlen-bytes"].includes(name)) {
    throw invalidCodecs(path, `codec ${name} does not fit data type ${typeName}`);
  }
  if (isByteCodec(name) || name === "nothing") {
    throw invalidCodecs(
      path,
      `codecs must make bytes of elements before compressors, found ${name}`,
    );
  }
  throw unsupportedCodec(path, name);
}

function fixedCodec(dataType: DataType, count: number, endian: Endian): ArrayCodec {
  return {
    bytesMax: count * dataType.bytesPerElement,
    encode: async (elements) => encodeElements(dataType, elements, endian),
    decode: async (bytes, chunk) => decodeElements(dataType, bytes, count, endian, chunk),
  };
}

function chain(
  { dataType, shape }: ChunkLayout,
  order: readonly number[] | undefined,
  array: ArrayCodec,
  byteCodecs: readonly ByteCodec[],
): ChunkCodec {
  if (order === undefined && byteCodecs.length === 0) return array;
  const inverse = order?.map((_, d) => order.indexOf(d));
  return {
    async encode(elements) {
      let bytes = await array.encode(transposed(dataType, elements, shape, order));
      for (const codec of byteCodecs) bytes = await codec.encode(bytes);
      return bytes;
    },
    async decode(stored, chunk) {
      let bytes = stored;
      for (const [i, codec] of [...byteCodecs].reverse().entries()) {
        const bytesMax = grown(array.bytesMax, byteCodecs.length - 1 - i);
        bytes = await codec.decode(bytes, bytesMax, chunk);
      }
      const elements = await array.decode(bytes, chunk);
      const turned = order === undefined ? shape : order.map((d) => shape[d] as number);
      return transposed(dataType, elements, turned, inverse);
    },
  };
}

/** Most bytes that `codecs` compressors make of bytes that none of them can compress. */
function grown(bytes: number, codecs: number): number {
  let most = bytes;
  for (let i = 0; i < codecs; i++) most += Math.ceil(most * GROWTH_MAX) + GROWTH_BYTES_MAX;
  return most;
}

/** Elements whose dimension `d` is dimension `order[d]` of the given ones. */
function transposed(
  dataType: DataType,
  elements: Elements,
  shape: readonly number[],
  order: readonly number[] | undefined,
): Elements {
  if (order === undefined || order.every((from, to) => from === to)) return elements;
  const { itemsPerElement: items } = dataType;
  const target = dataType.allocate(volumeOf(shape));
  if (items === 1) transposeInto(target, elements, shape, order);
  else transposeInto(target, elements, [...shape, items], [...order, order.length]);
  return target;
}
