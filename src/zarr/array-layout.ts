/** What reading and writing an array's elements needs to know, read from its zarr.json. */
import { makeError } from "../base/errors.ts";
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  printJson,
} from "../codec/json.ts";
import { chunkKey } from "../session/store/key.ts";
import type { ChunkCodec } from "./codecs/chunk-codec.ts";
import { parseCodecs } from "./codecs/codec-chain.ts";
import { codecConfiguration, codecName } from "./codecs/codec-metadata.ts";
import { type DataType, mustFindDataType } from "./codecs/data-type.ts";
import type { Elements } from "./codecs/elements.ts";
import { parseFillValue } from "./codecs/fill-value.ts";

/** Shape, chunks and encoding of one array. */
export interface ArrayLayout {
  /** The array's path in the store. */
  readonly path: string;
  readonly shape: readonly number[];
  /** Shape of what is stored under one key: with shards, of a shard. */
  readonly chunkShape: readonly number[];
  readonly dataType: DataType;
  readonly codec: ChunkCodec;
  /** One element. */
  readonly fill: Elements;
  /** What is stored under one key, as messages name it. */
  readonly storedUnit: "chunk" | "shard";
  /** The key of a chunk, without a leading slash. */
  keyOf(coordinates: readonly number[]): string;
}

/** Refuses a group. @throws {not-an-array} */
export function assertArrayDocument(document: JsonObject, path: string): void {
  const type = document.get("node_type");
  if (type === "array") return;
  throw makeError("not-an-array", `${path} is a ${String(type)}, expected an array`, {
    details: { path, found: String(type) },
  });
}

/**
 * Reads the layout of the array at `path`.
 * @throws {not-an-array} a group
 * @throws {unimplemented} a data type, chunk grid, codec or transformer that is not supported, by
 *   name
 * @throws {invalid-array-metadata} members that make no sense
 */
export function parseLayout(document: JsonObject, path: string): ArrayLayout {
  assertArrayDocument(document, path);
  const shape = parseShape(document, path);
  const chunkShape = parseChunkShape(document, path);
  if (chunkShape.length !== shape.length || !chunkShape.every((size) => size > 0)) {
    throw makeError(
      "invalid-array-metadata",
      `zarr.json of ${path}: chunks of [${chunkShape}] do not fit shape [${shape}]`,
      { details: { path, member: "chunk_shape" } },
    );
  }
  refuseTransformers(document.get("storage_transformers"), path);
  const dataType = mustFindDataType(document.get("data_type"), `array ${path}`);
  const fill = parseFillValue(dataType, document.get("fill_value"), path);
  const codec = parseCodecs(document.get("codecs"), { dataType, shape: chunkShape, fill }, path);
  const keyOf = keysOf(path, document.get("chunk_key_encoding"));
  const storedUnit = codec.parts === undefined ? "chunk" : "shard";
  return { path, shape, chunkShape, dataType, codec, fill, storedUnit, keyOf };
}

function refuseTransformers(transformers: JsonValue | undefined, path: string): void {
  if (!isJsonArray(transformers) || transformers.length === 0) return;
  const name = codecName(transformers[0] as JsonValue);
  throw makeError("unimplemented", `array ${path}: storage transformer ${name} is not supported`, {
    details: { path, unsupported: name },
  });
}

function keysOf(path: string, encoding: JsonValue | undefined): ArrayLayout["keyOf"] {
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

/** The lengths of the array's dimensions. @throws {invalid-array-metadata} */
export function parseShape(document: JsonObject, path: string): number[] {
  return parseLengths(document.get("shape"), "shape", path);
}

/** The chunk shape of a regular grid. @throws {unimplemented} for other grids */
export function parseChunkShape(document: JsonObject, path: string): number[] {
  const grid = document.get("chunk_grid");
  const name = isJsonObject(grid) ? grid.get("name") : undefined;
  if (!isJsonObject(grid) || name !== "regular") {
    throw makeError(
      "unimplemented",
      `${path}: chunk grid ${name === undefined ? "nothing" : printJson(name)} is not supported, only "regular"`,
      { details: { path } },
    );
  }
  const configuration = grid.get("configuration");
  const chunkShape = isJsonObject(configuration) ? configuration.get("chunk_shape") : undefined;
  return parseLengths(chunkShape, "chunk_shape", path);
}

function parseLengths(value: unknown, member: string, path: string): number[] {
  if (Array.isArray(value) && value.every(Number.isSafeInteger)) {
    return value as number[];
  }
  throw makeError(
    "invalid-array-metadata",
    `zarr.json of ${path}: ${member} must be a list of integers`,
    { details: { path, member } },
  );
}
