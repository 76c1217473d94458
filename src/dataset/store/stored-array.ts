/** An array of a store, from its zarr.json: shape, chunks, codecs, dimension names, attributes. */
import { makeError } from "../../base/errors.ts";
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  printJson,
} from "../../codec/json.ts";
import { type ArrayLayout, parseLayout } from "../../zarr/array-layout.ts";
import type { ElementType } from "../array/elements.ts";
import { parseFillAttribute } from "../cf/decode-attributes.ts";
import type { RawAttributes } from "../netcdf/raw-variable.ts";
import { parseElementType } from "./data-type.ts";

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
  readonly attributes: RawAttributes;
  /** How its elements are stored. */
  readonly layout: ArrayLayout;
}

/** Reads an array's zarr.json. @throws {unimplemented} @throws {invalid-array-metadata} */
export function parseStoredArray(name: string, path: string, document: JsonObject): StoredArray {
  const type = parseElementType(document.get("data_type"), path);
  const layout = parseLayout(document, path);
  const { shape, chunkShape } = layout;
  return {
    name,
    path,
    document,
    shape,
    chunkShape,
    dims: parseDims(document.get("dimension_names"), shape.length, path),
    type,
    attributes: parseAttributes(document, type),
    layout,
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

function invalid(path: string, member: string, what: string): Error {
  return makeError("invalid-array-metadata", `zarr.json of ${path}: ${what}`, {
    details: { path, member },
  });
}
