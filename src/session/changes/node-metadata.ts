/**
 * Reads zarr.json as far as the engine needs it: group or array, shape, chunk counts, names.
 *
 * Everything else in the document is the user's and is stored byte for byte. Stricter than the
 * official engine where it accepts what can only fail later: not Zarr 3, ranks that disagree,
 * chunk keys that the store could not read. Spec: docs/semantics.md "Nodes".
 */
import { decodeUtf8 } from "../../base/bytes.ts";
import { type ErrorDetails, isIcefloeError, makeError } from "../../base/errors.ts";
import { isCount } from "../../base/options.ts";
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
  printCanonicalJson,
  printJson,
} from "../../codec/json.ts";
import type { DimensionShape } from "../../format/snapshot/array-data.ts";
import { UINT32_MAX } from "../../format/table-fields.ts";
import type { ArrayMetadata, NodeState } from "./change-set.ts";

/** What a zarr.json says. */
export type ParsedMetadata =
  | { readonly type: "group" }
  | { readonly type: "array"; readonly array: ArrayMetadata };

/** Checks the zarr.json of `path`. @throws {bad-metadata} @throws {invalid-array-metadata} */
export function parseNodeMetadata(bytes: Uint8Array, path: string): ParsedMetadata {
  const document = parseDocument(bytes, path);
  const version = document.get("zarr_format");
  if (version !== 3) {
    throw badMetadata(path, `zarr_format must be 3, found ${show(version)}`, {
      found: show(version),
    });
  }
  const type = document.get("node_type");
  if (type === "group") return { type };
  if (type !== "array") {
    throw badMetadata(path, `node_type must be "array" or "group", found ${show(type)}`, {
      found: show(type),
    });
  }
  return { type, array: parseArray(document, path) };
}

/** The node at `path` with that zarr.json, which it keeps. */
export function makeNode(
  id: string,
  path: string,
  parsed: ParsedMetadata,
  userData: Uint8Array,
): NodeState {
  const array = parsed.type === "array" ? parsed.array : undefined;
  return Object.freeze({ id, path, type: parsed.type, userData, array });
}

/**
 * The signature of a stored zarr.json, which another engine may have written: checks nothing
 * else. `undefined` if the bytes are not a JSON object.
 */
export function readSignature(bytes: Uint8Array, path: string): string | undefined {
  try {
    return signatureOf(parseDocument(bytes, path));
  } catch (error) {
    if (isIcefloeError(error, "bad-metadata")) return undefined;
    throw error;
  }
}

const signatures = new WeakMap<NodeState, string>();

/** The signature of an array's node. A foreign document that can't be read is equal to itself only. */
export function arraySignature(node: NodeState): string {
  const { array, userData, path } = node;
  const known = array?.signature ?? signatures.get(node);
  if (known !== undefined) return known;
  const signature = readSignature(userData, path) ?? String(userData);
  signatures.set(node, signature);
  return signature;
}

function parseDocument(bytes: Uint8Array, path: string): JsonObject {
  let document: JsonValue;
  try {
    document = parseJson(decodeUtf8(bytes));
  } catch (cause) {
    if (isIcefloeError(cause)) throw badMetadata(path, cause.message, cause.details, cause);
    throw badMetadata(path, "not UTF-8", {}, cause);
  }
  if (!isJsonObject(document)) {
    throw badMetadata(path, `must be a JSON object, found ${show(document)}`, {});
  }
  return document;
}

function parseArray(document: JsonObject, path: string): ArrayMetadata {
  const lengths = parseLengths(document.get("shape"), "shape", path);
  const counts = chunkCounts(document.get("chunk_grid"), lengths, path);
  const shape: DimensionShape[] = lengths.map((arrayLength, dimension) => {
    const chunkCount = counts[dimension] as number;
    if (chunkCount <= UINT32_MAX) return { arrayLength, chunkCount };
    throw invalidArray(
      path,
      `dimension ${dimension} has ${chunkCount} chunks, at most ${UINT32_MAX} are possible`,
      { dimension, chunkCount },
    );
  });
  checkChunkKeys(document.get("chunk_key_encoding"), path);
  const dimensionNames = parseDimensionNames(document.get("dimension_names"), shape.length, path);
  return {
    shape,
    ...(dimensionNames === undefined ? {} : { dimensionNames }),
    signature: signatureOf(document),
  };
}

function parseLengths(value: JsonValue | undefined, member: string, path: string): number[] {
  if (!isJsonArray(value)) {
    throw invalidArray(path, `${member} must be a list of integers, found ${show(value)}`, {
      member,
    });
  }
  return value.map((length, dimension) => {
    if (isCount(length)) return length;
    throw invalidArray(
      path,
      `${member} has ${show(length)} in dimension ${dimension}, expected an integer from 0 to 2^53 - 1`,
      { member, dimension, found: show(length) },
    );
  });
}

function chunkCounts(
  grid: JsonValue | undefined,
  lengths: readonly number[],
  path: string,
): number[] {
  const name = isJsonObject(grid) ? grid.get("name") : undefined;
  const configuration = isJsonObject(grid) ? grid.get("configuration") : undefined;
  if (typeof name !== "string" || !isJsonObject(configuration)) {
    throw invalidArray(
      path,
      `chunk_grid must have a name and a configuration, found ${show(grid)}`,
      { member: "chunk_grid" },
    );
  }
  if (name === "regular") {
    const sizes = parseLengths(configuration.get("chunk_shape"), "chunk_shape", path);
    checkRank(sizes.length, lengths.length, "chunk_shape", path);
    return lengths.map((length, dimension) =>
      regularCount(length, sizes[dimension] as number, dimension, path),
    );
  }
  if (name === "rectilinear") {
    const shapes = configuration.get("chunk_shapes");
    if (!isJsonArray(shapes)) {
      throw invalidArray(path, `chunk_shapes must be a list, found ${show(shapes)}`, {
        member: "chunk_shapes",
      });
    }
    checkRank(shapes.length, lengths.length, "chunk_shapes", path);
    return lengths.map((length, dimension) =>
      rectilinearCount(length, shapes[dimension], dimension, path),
    );
  }
  throw invalidArray(path, `chunk grid ${show(name)} is unknown; known: "regular", "rectilinear"`, {
    member: "chunk_grid",
    found: name,
  });
}

function regularCount(length: number, size: number, dimension: number, path: string): number {
  if (length === 0) return 0;
  if (size > 0) return Math.ceil(length / size);
  throw invalidArray(path, `chunk size 0 in dimension ${dimension}, which has ${length} elements`, {
    dimension,
    arrayLength: length,
  });
}

/** Edge lengths of one dimension: one integer for all, or integers and [length, repetitions] pairs. */
function rectilinearCount(
  length: number,
  edges: JsonValue | undefined,
  dimension: number,
  path: string,
): number {
  if (isCount(edges)) return regularCount(length, edges, dimension, path);
  let chunkCount = 0;
  let covered = 0;
  for (const edge of isJsonArray(edges) ? edges : [edges]) {
    const run = isJsonArray(edge) ? edge : [edge, 1];
    const [size, repetitions] = run;
    if (run.length !== 2 || !isCount(size) || size === 0 || !isCount(repetitions)) {
      throw invalidArray(
        path,
        `chunk_shapes has ${show(edge)} in dimension ${dimension}, expected a size above 0 or [size, count]`,
        { member: "chunk_shapes", dimension },
      );
    }
    chunkCount += repetitions;
    covered += size * repetitions;
  }
  if (covered >= length) return chunkCount;
  throw invalidArray(
    path,
    `chunk_shapes cover ${covered} elements of dimension ${dimension}, which has ${length}`,
    { member: "chunk_shapes", dimension, arrayLength: length },
  );
}

function checkRank(found: number, rank: number, member: string, path: string): void {
  if (found === rank) return;
  throw invalidArray(path, `${member} has ${found} dimensions, shape has ${rank}`, {
    member,
    expected: rank,
    found,
  });
}

/**
 * Chunks are found by their keys, and the store reads only `c/<i>/<j>`. An array with other keys
 * would be created and then refuse every chunk, so it is refused here.
 */
function checkChunkKeys(encoding: JsonValue | undefined, path: string): void {
  if (encoding === undefined) return;
  const name = isJsonObject(encoding) ? encoding.get("name") : encoding;
  const configuration = isJsonObject(encoding) ? encoding.get("configuration") : undefined;
  const separator = isJsonObject(configuration) ? configuration.get("separator") : undefined;
  const isDefault = name === "default" && (separator === undefined || separator === "/");
  if (isDefault && (configuration === undefined || isJsonObject(configuration))) return;
  throw invalidArray(
    path,
    `chunk_key_encoding must be "default" with separator "/", found ${show(encoding)}`,
    { member: "chunk_key_encoding" },
  );
}

function parseDimensionNames(
  names: JsonValue | undefined,
  rank: number,
  path: string,
): (string | null)[] | undefined {
  if (names === undefined || names === null) return undefined;
  if (!isJsonArray(names)) {
    throw invalidArray(path, `dimension_names must be a list, found ${show(names)}`, {
      member: "dimension_names",
    });
  }
  checkRank(names.length, rank, "dimension_names", path);
  return names.map((name, dimension) => {
    // The stored form has no empty names: they read back as unnamed.
    if (name === null || name === "") return null;
    if (typeof name === "string") return name;
    throw invalidArray(
      path,
      `dimension_names has ${show(name)} in dimension ${dimension}, expected a string or null`,
      { member: "dimension_names", dimension },
    );
  });
}

/** Canonical text of the members that decide what a chunk's bytes mean. */
function signatureOf(document: JsonObject): string {
  const members = ["data_type", "chunk_grid", "codecs", "fill_value"];
  return printCanonicalJson(
    new Map(members.map((member) => [member, document.get(member) ?? null])),
  );
}

/** A short text of what was found. */
function show(value: JsonValue | undefined): string {
  if (value === undefined) return "nothing";
  const text = printJson(value);
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}

function badMetadata(path: string, what: string, details: ErrorDetails, cause?: unknown): Error {
  return makeError("bad-metadata", `zarr.json of ${path}: ${what}`, {
    details: { path, ...details },
    ...(cause === undefined ? {} : { cause }),
  });
}

function invalidArray(path: string, what: string, details: ErrorDetails): Error {
  return makeError("invalid-array-metadata", `zarr.json of ${path}: ${what}`, {
    details: { path, ...details },
  });
}
