/** Opens a group of a Zarr store as a dataset; values stay in the store until they are needed. */
import { anything } from "../../base/options.ts";
import { isJsonArray, type JsonValue, jsonToPlain } from "../../codec/json.ts";
import {
  codecConfiguration,
  codecName,
  isSerializer,
  isSharding,
} from "../../zarr/codecs/codec-metadata.ts";
import { addressOf, type ZarrStore } from "../../zarr/zarr-store.ts";
import type { Dataset } from "../model/dataset.ts";
import { checkOpenOptions, datasetOfRaw, type OpenOptions } from "../model/dataset-of-raw.ts";
import { charactersOf } from "../netcdf/char-source.ts";
import type { RawVariable } from "../netcdf/raw-variable.ts";
import { mustReadGroup, readDimensions } from "./group.ts";
import type { StoredArray } from "./stored-array.ts";
import { zarrSource } from "./zarr-source.ts";

/** Options of `openZarr`. */
export interface OpenZarrOptions extends OpenOptions {
  /** Path of the group. Default: the root. */
  readonly group?: string | undefined;
}

/**
 * The dataset in a group of a store, in the manner of xarray's `open_zarr`. Costs one listing and
 * one request per array; values are read when they are needed. Times that cannot be decoded stay
 * numbers, with a warning.
 * @throws {node-not-found} there is no group
 * @throws {not-a-group} an array is there
 * @throws {invalid-option} a store that cannot list its keys
 * @throws {bad-metadata} a zarr.json that is not JSON
 * @throws {invalid-path} `group`
 * @throws {unimplemented} an array that cannot be held, by name: see `dropVariables`
 * @throws {invalid-array-metadata} an array without dimension names; damage
 */
export async function openZarr(store: ZarrStore, options: OpenZarrOptions = {}): Promise<Dataset> {
  checkOpenOptions("openZarr", options, { group: anything });
  const address = addressOf("openZarr", store, options.group ?? "/", options.signal);
  const group = await mustReadGroup(address, options.dropVariables);
  const variables = [...group.arrays.values()].map((array) => rawVariable(store, array));
  const hasCharacters = variables.some(({ characters }) => characters !== undefined);
  return datasetOfRaw(
    {
      variables,
      others: hasCharacters ? await readDimensions(address, options.dropVariables ?? []) : [],
      attributes: shownAttributes(group.attributes),
      encoding: {},
      groups: group.groups,
      warnings: [],
      close: async () => undefined,
    },
    options,
  );
}

/** Attributes of the NetCDF library itself are not shown. */
function shownAttributes(attributes: ReadonlyMap<string, JsonValue>): Map<string, JsonValue> {
  return new Map([...attributes].filter(([name]) => !name.toLowerCase().startsWith("_nc")));
}

/** An array as a variable; how it is stored becomes its encoding. */
function rawVariable(store: ZarrStore, array: StoredArray): RawVariable {
  const { name, dims, attributes } = array;
  const source = zarrSource(store, array);
  const encoding = storageEncoding(array);
  if (source.type.name !== "bytes" || source.type.width !== 1) {
    return { name, dims, source, attributes, encoding };
  }
  return { name, dims, source, attributes, encoding, characters: charactersOf(source) };
}

function storageEncoding(array: StoredArray): Record<string, unknown> {
  const codecs = array.document.get("codecs") as readonly JsonValue[];
  const serializer = codecs.findIndex(isSerializer);
  const after = codecs.slice(serializer + 1);
  const sharding = codecs[serializer] as JsonValue;
  if (!isSharding(sharding)) {
    return {
      chunks: [...array.chunkShape],
      compressors: after.map(jsonToPlain),
      ...serializerEncoding(sharding),
    };
  }
  const inner = codecConfiguration(sharding);
  const innerCodecs = inner.get("codecs");
  const [first, ...rest] = isJsonArray(innerCodecs) ? innerCodecs : [];
  return {
    chunks: jsonToPlain(inner.get("chunk_shape") ?? null),
    shards: [...array.chunkShape],
    compressors: rest.map(jsonToPlain),
    ...serializerEncoding(first ?? null),
  };
}

/** Strings have a serializer of their own, which no encoding needs to name. */
function serializerEncoding(codec: JsonValue): Record<string, unknown> {
  return codecName(codec) === "bytes" ? { serializer: jsonToPlain(codec) } : {};
}
