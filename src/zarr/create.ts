/**
 * Makes groups and arrays: complete zarr.json documents that zarrita and zarr-python read,
 * with the missing groups above them. Everything is checked before anything is written.
 * Spec: Zarr v3 "Group metadata", "Array metadata".
 */
import { encodeUtf8 } from "../base/bytes.ts";
import { isIcefloeError, makeError } from "../base/errors.ts";
import { inTurn } from "../base/in-turn.ts";
import {
  abortSignal,
  anything,
  checkOption,
  checkOptions,
  describe,
  isCount,
  mustBe,
  plainObject,
  trueOrFalse,
} from "../base/options.ts";
import { isJsonArray, isJsonObject, type JsonValue, parseJson, printJson } from "../codec/json.ts";
import { parseNodeMetadata } from "../session/changes/node-metadata.ts";
import { parseLayout } from "./array-layout.ts";
import { defaultChunkShape } from "./chunk-shape.ts";
import { completeCodecs, defaultCodecs, shardingOf } from "./codecs/codec-metadata.ts";
import {
  type DataType,
  type DataTypeName,
  parseDtype,
  type SizedDataType,
} from "./codecs/data-type.ts";
import type { ElementValue } from "./codecs/element-values.ts";
import { defaultFillValue, encodeFillValue } from "./codecs/fill-value.ts";
import {
  addressOf,
  applyEdits,
  deleteNode,
  missingGroups,
  type NodeAddress,
  ownerOf,
  readDocument,
  runAt,
  writeDocument,
  type ZarrStore,
} from "./zarr-store.ts";

/** Attributes: what JSON can say, bigints included; `jsonFloat(2)` prints as `2.0`. */
export type Attributes = Readonly<Record<string, unknown>>;

/** A codec as zarr.json names it. */
export interface CodecMetadata {
  readonly name: string;
  readonly configuration?: Readonly<Record<string, unknown>> | undefined;
}

/** Options of `createGroup`. */
export interface CreateGroupOptions {
  readonly attributes?: Attributes | undefined;
  /** Deletes what is at the path, with everything below it. Default: false. */
  readonly overwrite?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Options of `createArray`. */
export interface CreateArrayOptions extends CreateGroupOptions {
  readonly shape: readonly number[];
  /** Elements per chunk and dimension. Default: see `defaultChunkShape`. */
  readonly chunkShape?: readonly number[] | undefined;
  readonly dtype: DataTypeName | SizedDataType;
  /** What elements without a chunk read as. Default: NaN for floats, else 0, false or empty. */
  readonly fillValue?: ElementValue | undefined;
  /** Default: little-endian bytes, zstd. `[]`: not compressed. */
  readonly codecs?: readonly CodecMetadata[] | undefined;
  /** One per dimension; xarray cannot open arrays without. */
  readonly dimensionNames?: readonly (string | null)[] | undefined;
  /**
   * Elements per shard and dimension, multiples of `chunkShape`: chunks are then stored together, a
   * shard under one key. Two writers may not share a shard; readers fetch single chunks.
   */
  readonly shards?: readonly number[] | undefined;
}

/**
 * Makes the group at `path` and missing groups above it.
 * @throws {node-already-exists} something is there and `overwrite` is not set
 * @throws {not-a-group} an array lies above it
 * @throws {bad-metadata} attributes that JSON cannot say, by name
 * @throws {node-changed} something else was made here meanwhile
 * @throws {invalid-path}
 */
export async function createGroup(
  store: ZarrStore,
  path: string,
  options: CreateGroupOptions = {},
): Promise<void> {
  checkOptions("createGroup", options, {
    attributes: anything,
    overwrite: trueOrFalse,
    signal: abortSignal,
  });
  const address = addressOf("createGroup", store, path, options.signal);
  const bytes = groupDocument(options.attributes);
  await runAt("createGroup", address, (own) => createNode(own, bytes, options.overwrite === true));
}

/**
 * Makes the array at `path`, without chunks, and missing groups above it.
 * @throws {node-already-exists} something is there and `overwrite` is not set
 * @throws {not-a-group} an array lies above it
 * @throws {invalid-array-metadata} shape, chunk shape, codecs or dimension names that do not fit
 * @throws {invalid-option} a fill value that the data type cannot hold; shards that chunks do not
 *   fill
 * @throws {bad-metadata} attributes that JSON cannot say, by name
 * @throws {unimplemented} a data type of Zarr that is not supported (times, structures), by name
 * @throws {node-changed} something else was made here meanwhile
 * @throws {invalid-path}
 */
export async function createArray(
  store: ZarrStore,
  path: string,
  options: CreateArrayOptions,
): Promise<void> {
  checkOptions("createArray", options ?? null, {
    shape: anything,
    chunkShape: anything,
    dtype: anything,
    fillValue: anything,
    codecs: anything,
    shards: anything,
    dimensionNames: anything,
    attributes: anything,
    overwrite: trueOrFalse,
    signal: abortSignal,
  });
  const address = addressOf("createArray", store, path, options.signal);
  const bytes = arrayDocument(address.path, options);
  await runAt("createArray", address, (own) => createNode(own, bytes, options.overwrite === true));
}

function groupDocument(attributes: Attributes | undefined): Uint8Array {
  return encodeUtf8(
    printJson({
      attributes: checkAttributes(attributes ?? {}),
      zarr_format: 3,
      node_type: "group",
    }),
  );
}

/** Refuses what is not an object. @throws {invalid-option} */
export function checkAttributes(attributes: unknown): Attributes {
  checkOption(undefined, "attributes", attributes, plainObject);
  return attributes as Attributes;
}

function arrayDocument(path: string, options: CreateArrayOptions): Uint8Array {
  const owner = `createArray ${path}`;
  const dataType = parseDtype(options.dtype, owner);
  const { shape } = options;
  if (!Array.isArray(shape)) {
    throw makeError("invalid-option", `${owner}: shape ${mustBe("a list", shape)}`, {
      details: { path, option: "shape" },
    });
  }
  const chunkShape = options.chunkShape ?? defaultChunkShape(shape, dataType.bytesPerElement);
  checkShards(options.shards, chunkShape, owner);
  const fillValue = options.fillValue ?? defaultFillValue(dataType);
  const codecs = codecsOf(options.codecs, dataType);
  const document = {
    shape,
    data_type: dataType.metadata,
    chunk_grid: { name: "regular", configuration: { chunk_shape: options.shards ?? chunkShape } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: encodeFillValue(dataType, fillValue, owner),
    codecs: options.shards === undefined ? codecs : [shardingOf(chunkShape, codecs)],
    attributes: checkAttributes(options.attributes ?? {}),
    dimension_names: options.dimensionNames,
    zarr_format: 3,
    node_type: "array",
    storage_transformers: [],
  };
  const text = printJson(document);
  const bytes = encodeUtf8(text);
  parseNodeMetadata(bytes, path); // Refuses what no store could take, before anything is written.
  refuseNonsense(text, path);
  return bytes;
}

function checkShards(
  shards: readonly number[] | undefined,
  chunkShape: readonly number[],
  owner: string,
): void {
  if (shards === undefined) return;
  const isFit =
    Array.isArray(shards) &&
    Array.isArray(chunkShape) &&
    shards.length === chunkShape.length &&
    shards.every((size, d) => isCount(size) && size > 0 && size % (chunkShape[d] as number) === 0);
  if (isFit) return;
  const found = Array.isArray(shards) ? `[${shards}]` : describe(shards);
  throw makeError(
    "invalid-option",
    `${owner}: shards must be multiples of chunks [${chunkShape}], got ${found}`,
    { details: { option: "shards", chunkShape, found } },
  );
}

/** Lets codecs pass that only others have: they may write the array. */
function refuseNonsense(text: string, path: string): void {
  const document = parseJson(text);
  if (!isJsonObject(document)) return;
  try {
    parseLayout(document, path);
  } catch (error) {
    if (!isIcefloeError(error, "unimplemented")) throw error;
  }
}

function codecsOf(
  codecs: readonly CodecMetadata[] | undefined,
  dataType: DataType,
): readonly JsonValue[] {
  if (codecs === undefined) return defaultCodecs(dataType);
  const given = parseJson(printJson(codecs));
  const isUsable =
    isJsonArray(given) &&
    given.every((codec) => typeof (isJsonObject(codec) ? codec.get("name") : codec) === "string");
  checkOption(undefined, "codecs", codecs, () =>
    isUsable ? undefined : mustBe("a list of codecs, each with a name", codecs),
  );
  return completeCodecs(given as JsonValue[], dataType);
}

async function createNode(
  address: NodeAddress,
  bytes: Uint8Array,
  overwrite: boolean,
): Promise<void> {
  const owner = ownerOf(address.store);
  const create = async (): Promise<void> => {
    const missing = await missingGroups(address);
    const present = await readDocument(address);
    if (present !== undefined && !overwrite) {
      throw alreadyExists(address.path, String(present.get("node_type")));
    }
    const group = groupDocument(undefined);
    await applyEdits(address.store, [
      ...(present === undefined ? [] : [() => deleteNode(address)]),
      ...missing.map((path) => () => writeDocument({ ...address, path }, group)),
      () => writeDocument(address, bytes),
    ]);
  };
  // Two tasks that make one node must not both find nothing there, and one that changes the
  // document must not write back what it was before.
  await inTurn(owner, "create", () => inTurn(owner, `document ${address.path}`, create));
}

function alreadyExists(path: string, type: string): Error {
  return makeError(
    "node-already-exists",
    `there is already ${type === "array" ? "an array" : `a ${type}`} at ${path}`,
    {
      details: { path, found: type },
    },
  );
}
