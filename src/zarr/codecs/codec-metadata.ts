/** Codecs as zarr.json names them: reading their members, and completing what a caller gives. */
import { makeError } from "../../base/errors.ts";
import {
  checkOptions,
  integerFrom,
  type OptionKinds,
  oneOf,
  positiveInteger,
  trueOrFalse,
} from "../../base/options.ts";
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  printJson,
} from "../../codec/json.ts";
import { type DataType, mustFindDataType } from "./data-type.ts";

/** Name and value of each member of a configuration. */
type Configuration = readonly (readonly [string, JsonValue])[];

const SHARDING = "sharding_indexed";
/** What the index of a shard is made of. */
const INDEX_TYPE = mustFindDataType("uint64", "a shard's index");
/** Codecs that make bytes of elements. */
const SERIALIZERS: readonly string[] = ["bytes", "vlen-utf8", "vlen-bytes", SHARDING];
export const BLOSC_COMPRESSORS: readonly string[] = ["blosclz", "lz4", "lz4hc", "zlib", "zstd"];
export const BLOSC_SHUFFLES: readonly string[] = ["noshuffle", "shuffle", "bitshuffle"];
/** Larger elements are not shuffled. */
const BLOSC_TYPE_BYTES_MAX = 255;
/** Configurations of compressors, as zarr-python takes them. */
const KINDS: Readonly<Record<string, OptionKinds>> = {
  zstd: { level: integerFrom(-131_072, 22), checksum: trueOrFalse },
  gzip: { level: integerFrom(0, 9) },
  "numcodecs.zlib": { level: integerFrom(0, 9) },
  blosc: {
    typesize: positiveInteger,
    cname: oneOf(BLOSC_COMPRESSORS),
    clevel: integerFrom(0, 9),
    shuffle: oneOf(BLOSC_SHUFFLES),
    blocksize: integerFrom(0, 2 ** 31 - 1),
  },
};
/** What zarr-python insists on, and what it writes by default. */
const DEFAULTS: Readonly<Record<string, Configuration>> = {
  zstd: [
    ["level", 0],
    ["checksum", false],
  ],
  gzip: [["level", 5]],
  blosc: [
    ["cname", "zstd"],
    ["clevel", 5],
    ["shuffle", "shuffle"],
    ["blocksize", 0],
  ],
};

/** Name of a codec, for a codec given as an object or as its name. */
export function codecName(codec: JsonValue): string {
  const name = isJsonObject(codec) ? codec.get("name") : codec;
  return typeof name === "string" ? name : printJson(codec);
}

/** Configuration of a codec; empty if it has none. */
export function codecConfiguration(codec: JsonValue): JsonObject {
  const configuration = isJsonObject(codec) ? codec.get("configuration") : undefined;
  return isJsonObject(configuration) ? configuration : new Map();
}

/** `invalid-array-metadata` for an array's codecs. */
export function invalidCodecs(path: string, what: string): Error {
  return makeError("invalid-array-metadata", `zarr.json of ${path}: ${what}`, {
    details: { path, member: "codecs" },
  });
}

/** Whether a codec makes bytes of elements. */
export function isSerializer(codec: JsonValue): boolean {
  return SERIALIZERS.includes(codecName(codec));
}

/** Whether a codec makes shards. */
export function isSharding(codec: JsonValue): boolean {
  return codecName(codec) === SHARDING;
}

/** A codec with that configuration, or without one. */
function codecOf(name: string, configuration: Configuration): JsonValue {
  const codec = new Map<string, JsonValue>([["name", name]]);
  if (configuration.length > 0 || name.startsWith("vlen-")) {
    codec.set("configuration", new Map(configuration));
  }
  return codec;
}

/** The codec that makes bytes of a type's elements. */
export function serializerOf(dataType: DataType, endian: JsonValue = "little"): JsonValue {
  if (dataType.isVariable)
    return codecOf(dataType.kind === "text" ? "vlen-utf8" : "vlen-bytes", []);
  return codecOf("bytes", hasEndian(dataType) ? [["endian", endian]] : []);
}

function hasEndian({ kind, bytesPerElement }: DataType): boolean {
  return kind !== "raw" && kind !== "bytes" && bytesPerElement > 1;
}

/**
 * A compressor with its default configuration, and the given one laid over it.
 * @throws {invalid-option} a member that zarr-python would refuse, by name
 */
export function compressorOf(
  name: string,
  dataType: DataType,
  configuration: JsonObject = new Map(),
): JsonValue {
  if (KINDS[name] !== undefined) {
    checkOptions(`codec ${name}`, Object.fromEntries(configuration), KINDS[name]);
  }
  const typeSize: Configuration = name === "blosc" ? [["typesize", bloscTypeSize(dataType)]] : [];
  return codecOf(name, [...new Map([...typeSize, ...(DEFAULTS[name] ?? []), ...configuration])]);
}

/** Bytes that are shuffled together; strings of any length have no common size. */
function bloscTypeSize({ isVariable, bytesPerElement }: DataType): number {
  return isVariable ? 1 : Math.min(bytesPerElement, BLOSC_TYPE_BYTES_MAX);
}

/** Little-endian bytes, zstd level 0: what zarr-python writes by default. */
export function defaultCodecs(dataType: DataType): JsonValue[] {
  return [serializerOf(dataType), compressorOf("zstd", dataType)];
}

/** A codec of shards that hold chunks of that shape: the index at the end, with a checksum. */
export function shardingOf(
  chunkShape: readonly JsonValue[],
  codecs: readonly JsonValue[],
): JsonValue {
  return codecOf(SHARDING, [
    ["chunk_shape", [...chunkShape]],
    ["codecs", [...codecs]],
    ["index_codecs", indexCodecs()],
    ["index_location", "end"],
  ]);
}

function indexCodecs(): JsonValue[] {
  return [codecOf("bytes", [["endian", "little"]]), codecOf("crc32c", [])];
}

/**
 * `codecs` with what zarr-python insists on filled in: a codec that makes bytes in front, the
 * byte order of multi-byte types, the configuration of compressors, the index of shards.
 */
export function completeCodecs(codecs: readonly JsonValue[], dataType: DataType): JsonValue[] {
  const complete = codecs.map((codec) => completeCodec(codec, dataType));
  if (complete.some(isSerializer)) return complete;
  const at = complete.findIndex((codec) => codecName(codec) !== "transpose");
  return complete.toSpliced(at < 0 ? complete.length : at, 0, serializerOf(dataType));
}

function completeCodec(codec: JsonValue, dataType: DataType): JsonValue {
  const name = codecName(codec);
  if (name === SHARDING) return completeSharding(codec, dataType);
  if (name === "bytes" && !codecConfiguration(codec).has("endian")) return serializerOf(dataType);
  if (Object.hasOwn(KINDS, name)) return compressorOf(name, dataType, codecConfiguration(codec));
  const isPlain = !isJsonObject(codec) || !codec.has("configuration");
  return isPlain && (name === "vlen-utf8" || name === "vlen-bytes") ? codecOf(name, []) : codec;
}

function completeSharding(codec: JsonValue, dataType: DataType): JsonValue {
  const given = new Map<string, JsonValue>(codecConfiguration(codec));
  const inner = given.get("codecs");
  if (inner === undefined) given.set("codecs", defaultCodecs(dataType));
  else if (isJsonArray(inner)) given.set("codecs", completeCodecs(inner, dataType));
  const index = given.get("index_codecs");
  if (index === undefined) given.set("index_codecs", indexCodecs());
  else if (isJsonArray(index)) given.set("index_codecs", completeCodecs(index, INDEX_TYPE));
  if (!given.has("index_location")) given.set("index_location", "end");
  return codecOf(SHARDING, [...given]);
}
