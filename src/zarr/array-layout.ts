/** What writing an array's elements needs to know, read from its zarr.json. */
import { makeError } from "../base/errors.ts";
import { isJsonObject, type JsonObject, printJson } from "../codec/json.ts";
import { type ChunkCodec, parseChunkCodec } from "./chunk-codec.ts";
import { type DataType, type Elements, mustFindDataType } from "./data-type.ts";
import { parseFillValue } from "./fill-value.ts";

/** Shape, chunks and encoding of one array. */
export interface ArrayLayout {
  readonly shape: readonly number[];
  readonly chunkShape: readonly number[];
  readonly dataType: DataType;
  readonly codec: ChunkCodec;
  /** One element. */
  readonly fill: Elements;
}

/** Refuses a group. Throws `not-an-array`. */
export function assertArrayDocument(document: JsonObject, path: string): void {
  const type = document.get("node_type");
  if (type === "array") return;
  throw makeError("not-an-array", `${path} is a ${String(type)}, expected an array`, {
    details: { path, found: String(type) },
  });
}

/**
 * Reads the layout of the array at `path`.
 * @throws {not-an-array} a group.
 * @throws {unimplemented} a data type, chunk grid, codec or transformer that cannot be written.
 */
export function parseLayout(document: JsonObject, path: string): ArrayLayout {
  assertArrayDocument(document, path);
  const dataType = mustFindDataType(plainName(document.get("data_type")), path);
  return {
    shape: parseShape(document, path),
    chunkShape: parseChunkShape(document, path),
    dataType,
    codec: parseChunkCodec(document, dataType, path),
    fill: parseFillValue(dataType, document.get("fill_value"), path),
  };
}

function plainName(name: unknown): unknown {
  return name instanceof Map ? (name.get("name") ?? name) : name;
}

/** The lengths of the array's dimensions. Throws `invalid-array-metadata`. */
export function parseShape(document: JsonObject, path: string): number[] {
  return parseLengths(document.get("shape"), "shape", path);
}

/** The chunk shape of a regular grid. Throws `unimplemented` for other grids. */
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
