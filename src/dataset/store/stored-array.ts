/** An array of a store, from its zarr.json: shape, chunks, codecs, dimension names, attributes. */
import { makeError } from "../../base/errors.ts";
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  printJson,
} from "../../codec/json.ts";
import { chunkKey } from "../../session/store/key.ts";
import { parseChunkShape, parseShape } from "../../zarr/array-layout.ts";
import type { ElementType, Values } from "../array/elements.ts";
import { parseFillAttribute } from "../cf/encode-attributes.ts";
import type { RawAttributes } from "../netcdf/raw-variable.ts";
import { codecConfiguration, codecName } from "./byte-codecs.ts";
import { type ChunkCodec, parseCodecs } from "./codec-chain.ts";
import { parseDataType, parseFill } from "./data-type.ts";

/** One array of a group. */
export interface StoredArray {
  readonly name: string;
  /** Its path in the store. */
  readonly path: string;
  readonly document: JsonObject;
  readonly shape: readonly number[];
  /** Shape of what is stored under one key: with shards, of a shard. */
  readonly chunkShape: readonly number[];
  readonly dims: readonly string[];
  readonly type: ElementType;
  readonly codec: ChunkCodec;
  /** One element. */
  readonly fill: Values;
  readonly attributes: RawAttributes;
  /** The key of a chunk, without a leading slash. */
  keyOf(coordinates: readonly number[]): string;
}

/**
 * Reads an array's zarr.json.
 * @throws {unimplemented} a data type, grid or codec that is not supported, by name.
 * @throws {invalid-array-metadata} members that make no sense, and dimensions without names.
 */
export function parseStoredArray(name: string, path: string, document: JsonObject): StoredArray {
  const shape = parseShape(document, path);
  const chunkShape = parseChunkShape(document, path);
  if (chunkShape.length !== shape.length || !chunkShape.every((size) => size > 0)) {
    throw invalid(path, "chunk_shape", `chunks of [${chunkShape}] do not fit shape [${shape}]`);
  }
  const transformers = document.get("storage_transformers");
  if (isJsonArray(transformers) && transformers.length > 0) {
    throw makeError("unimplemented", `array ${path}: storage transformers are not supported`, {
      details: { path },
    });
  }
  const type = parseDataType(document.get("data_type"), path);
  const fill = parseFill(type, document.get("fill_value"), path);
  const codec = parseCodecs(document.get("codecs"), { type, shape: chunkShape, fill }, path);
  return {
    name,
    path,
    document,
    shape,
    chunkShape,
    dims: parseDims(document.get("dimension_names"), shape.length, path),
    type,
    codec,
    fill,
    attributes: parseAttributes(document, type),
    keyOf: keysOf(path, document.get("chunk_key_encoding")),
  };
}

function parseDims(names: JsonValue | undefined, rank: number, path: string): string[] {
  if (rank === 0) return [];
  const isList = isJsonArray(names) && names.length === rank;
  if (isList && names.every((name) => typeof name === "string")) return [...(names as string[])];
  throw invalid(
    path,
    "dimension_names",
    `a variable needs a name for each of its ${rank} dimensions, found ${printJson(names ?? null)}`,
  );
}

function parseAttributes(document: JsonObject, type: ElementType): RawAttributes {
  const attributes = attributesOf(document);
  const fill = attributes.get("_FillValue");
  if (fill !== undefined) attributes.set("_FillValue", parseFillAttribute(type, fill));
  // JSON numbers are doubles: packed values are decoded in double precision.
  return { values: attributes, float32Names: new Set() };
}

/** The attributes of a node, as a fresh map in the spelling of the document. */
export function attributesOf(document: JsonObject): Map<string, JsonValue> {
  const attributes = document.get("attributes");
  return new Map(isJsonObject(attributes) ? attributes : []);
}

function keysOf(path: string, encoding: JsonValue | undefined): StoredArray["keyOf"] {
  const name = encoding === undefined ? "default" : codecName(encoding);
  const separator = encoding === undefined ? "/" : codecConfiguration(encoding).get("separator");
  const prefix = path === "/" ? "" : `${path.slice(1)}/`;
  if (name === "v2") {
    const between = typeof separator === "string" ? separator : ".";
    return (coordinates) =>
      `${prefix}${coordinates.length === 0 ? "0" : coordinates.join(between)}`;
  }
  if (name === "default" && separator === ".") {
    return (coordinates) => `${prefix}${["c", ...coordinates].join(".")}`;
  }
  if (name === "default") return (coordinates) => chunkKey(path, coordinates);
  throw makeError("unimplemented", `array ${path}: chunk keys ${name} are not supported`, {
    details: { path },
  });
}

function invalid(path: string, member: string, what: string): Error {
  return makeError("invalid-array-metadata", `zarr.json of ${path}: ${what}`, {
    details: { path, member },
  });
}
