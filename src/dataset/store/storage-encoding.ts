/** How a new array is stored: chunks, shards, codecs and fill value, from its encoding. */
import { makeError } from "../../base/errors.ts";
import { type JsonValue, parseJson, printJson } from "../../codec/json.ts";
import { defaultChunkShape } from "../../zarr/chunk-shape.ts";
import { isByteCodec } from "../../zarr/codecs/byte-codecs.ts";
import {
  codecConfiguration,
  codecName,
  compressorOf,
  serializerOf,
  shardingOf,
} from "../../zarr/codecs/codec-metadata.ts";
import type { DataType } from "../../zarr/codecs/data-type.ts";
import type { ElementType } from "../array/elements.ts";
import { CODING_KEYS, checkEncodingKeys, checkLengths, isLengths } from "../model/encoding.ts";
import { dataTypeOf, encodeFill } from "./data-type.ts";

/**
 * A variable's encoding with what the call asks for laid over it. If the call says anything about
 * what values are stored as, what the variable itself says about that is dropped.
 * @throws {invalid-option} an unknown key, by name
 */
export function mergeEncoding(
  own: Readonly<Record<string, unknown>>,
  asked: Readonly<Record<string, unknown>> | undefined,
  owner: string,
): Record<string, unknown> {
  checkEncodingKeys(own, owner);
  const merged = { ...own };
  if (asked === undefined) return merged;
  checkEncodingKeys(asked, owner);
  const keys = Object.keys(asked);
  if (keys.some((key) => CODING_KEYS.includes(key))) {
    for (const key of CODING_KEYS) delete merged[key];
  }
  // A new chunk shape does not go with old shards.
  if (asked["chunks"] !== undefined && asked["shards"] === undefined) delete merged["shards"];
  return { ...merged, ...asked };
}

/** Members of a new array's zarr.json. */
interface StorageMembers {
  /** Shape of what is stored under one key. */
  readonly chunkShape: readonly number[];
  readonly codecs: readonly JsonValue[];
  readonly fillValue: JsonValue;
  readonly dataType: JsonValue;
}

/**
 * Chooses how an array is stored.
 * @throws {invalid-option} chunks that do not fit
 * @throws {unimplemented} filters, other chunk keys
 */
export function storageMembers(
  type: ElementType,
  shape: readonly number[],
  encoding: Readonly<Record<string, unknown>>,
  fill: { readonly default: unknown; readonly isChunksAsked: boolean; readonly owner: string },
): StorageMembers {
  const { owner } = fill;
  refuseFilters(encoding, owner);
  const asked = parseLengths(encoding["chunks"], "chunks", shape, fill.isChunksAsked, owner);
  const dataType = dataTypeOf(type);
  const chunks = asked ?? defaultChunkShape(shape, dataType.bytesPerElement);
  const shards = parseLengths(encoding["shards"], "shards", shape, fill.isChunksAsked, owner);
  const fillValue = encodeFill(type, encoding["fill_value"] ?? fill.default, owner);
  const inner = [
    askedSerializer(dataType, encoding["serializer"], owner),
    ...compressorsOf(encoding, dataType, owner),
  ];
  if (shards === undefined) {
    return { chunkShape: chunks, codecs: inner, fillValue, dataType: dataType.metadata };
  }
  if (!shards.every((size, d) => size % (chunks[d] as number) === 0)) {
    throw invalid(owner, "shards", `shards [${shards}] are no multiples of chunks [${chunks}]`);
  }
  const codecs = [shardingOf(chunks, inner)];
  return { chunkShape: shards, codecs, fillValue, dataType: dataType.metadata };
}

function refuseFilters(encoding: Readonly<Record<string, unknown>>, owner: string): void {
  const { filters } = encoding;
  const isNone = filters === undefined || filters === null;
  if (!isNone && !(Array.isArray(filters) && filters.length === 0)) {
    throw makeError("unimplemented", `${owner}: filters are not supported`, {
      details: { variable: owner, option: "filters" },
    });
  }
  const keys = encoding["chunk_key_encoding"];
  const name = keys === undefined ? "default" : codecName(parseJson(printJson(keys)));
  if (name === "default") return;
  throw makeError("unimplemented", `${owner}: chunk keys ${name} are not supported`, {
    details: { variable: owner, option: "chunk_key_encoding" },
  });
}

/** One length per dimension. Lengths that came with a variable and no longer fit are ignored. */
function parseLengths(
  value: unknown,
  key: string,
  shape: readonly number[],
  isAsked: boolean,
  owner: string,
): number[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (isAsked) checkLengths(value, key, shape.length, owner);
  if (!isLengths(value, shape.length)) return undefined;
  return value.map((size, d) => (shape[d] === 0 ? 1 : size));
}

function askedSerializer(dataType: DataType, asked: unknown, owner: string): JsonValue {
  if (dataType.isVariable || asked === undefined || asked === null) return serializerOf(dataType);
  const codec = parseJson(printJson(asked));
  if (codecName(codec) !== "bytes") {
    throw invalid(owner, "serializer", `serializer must be "bytes", got ${codecName(codec)}`);
  }
  return serializerOf(dataType, codecConfiguration(codec).get("endian"));
}

function compressorsOf(
  { compressors }: Readonly<Record<string, unknown>>,
  dataType: DataType,
  owner: string,
): JsonValue[] {
  if (compressors === undefined || compressors === "auto") return [compressorOf("zstd", dataType)];
  if (compressors === null) return [];
  const list = Array.isArray(compressors) ? compressors : [compressors];
  return list.map((compressor) => {
    const codec = parseJson(printJson(compressor));
    const name = codecName(codec);
    if (isByteCodec(name)) return compressorOf(name, dataType, codecConfiguration(codec));
    throw makeError("unimplemented", `${owner}: compressor ${name} is not supported`, {
      details: { variable: owner, codec: name },
    });
  });
}

function invalid(owner: string, option: string, what: string): Error {
  return makeError("invalid-option", `${owner}: ${what}`, {
    details: { variable: owner, option },
  });
}
