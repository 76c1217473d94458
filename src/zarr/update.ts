/**
 * Changes a zarr.json in place: attributes, or the shape. Every other member keeps its bytes'
 * meaning, order and spelling of numbers; foreign members stay.
 */
import { encodeUtf8 } from "../base/bytes.ts";
import { makeError } from "../base/errors.ts";
import { inTurn } from "../base/in-turn.ts";
import { checkOptions, describe, isPlainObject, SIGNAL } from "../base/options.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  jsonToPlain,
  keepSpelling,
  printJson,
} from "../codec/json.ts";
import { parseNodeMetadata } from "../session/changes/node-metadata.ts";
import { chunkKey } from "../session/store/key.ts";
import { assertArrayDocument, parseChunkShape, parseShape } from "./array-layout.ts";
import { type Attributes, checkAttributes } from "./create.ts";
import {
  addressOf,
  applyEdits,
  mustReadDocument,
  type NodeAddress,
  optionsOf,
  ownerOf,
  runAt,
  writeDocument,
  type ZarrStore,
} from "./zarr-store.ts";

/** Options of one change. */
export interface UpdateOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Changes the attributes of the group or array at `path`. An object is laid over the old ones
 * (`undefined` removes a member); a function gets the old ones, as a copy, and returns all of the
 * new ones. Runs one after the other per node and session.
 * @throws {node-not-found} nothing is there
 * @throws {bad-metadata} attributes that JSON cannot say (NaN, dates), by name
 * @throws {invalid-option} attributes that are not an object
 * @throws {node-changed} something else has changed the zarr.json meanwhile
 * @throws {invalid-path}
 */
export async function updateAttributes(
  store: ZarrStore,
  path: string,
  change: Attributes | ((old: Record<string, unknown>) => Attributes),
  options?: UpdateOptions,
): Promise<void> {
  checkOptions("updateAttributes", options, SIGNAL);
  const address = addressOf("updateAttributes", store, path, options?.signal);
  await changeDocument("updateAttributes", address, (document) => {
    const member = document.get("attributes");
    const stored: JsonObject = isJsonObject(member) ? member : new Map();
    const old = jsonToPlain(stored) as Record<string, unknown>;
    const next = typeof change === "function" ? change(old) : { ...old, ...checkPatch(change) };
    const attributes = keepSpelling(stored, checkAttributes(next));
    return { document: withMember(document, "attributes", attributes) };
  });
}

function checkPatch(patch: unknown): Attributes {
  if (isPlainObject(patch)) return patch;
  throw makeError(
    "invalid-option",
    `updateAttributes: expected an object or a function, got ${describe(patch)}`,
    { details: { found: describe(patch) } },
  );
}

/**
 * Sets the shape of the array at `path`; its rank stays. Chunks that then lie outside are
 * deleted. A chunk across the new edge keeps its elements behind it: growing again shows them.
 * Of a sharded array that holds for whole shards, as in zarr-python.
 * @throws {node-not-found} nothing is there
 * @throws {not-an-array} a group
 * @throws {unimplemented} a grid that is not regular
 * @throws {invalid-array-metadata} another rank, or a length that is not a whole number from 0
 * @throws {node-changed} something else has changed the zarr.json meanwhile
 * @throws {invalid-path}
 */
export async function resize(
  store: ZarrStore,
  path: string,
  shape: readonly number[],
  options?: UpdateOptions,
): Promise<void> {
  checkOptions("resize", options, SIGNAL);
  const given = addressOf("resize", store, path, options?.signal);
  await changeDocument("resize", given, async (document, address) => {
    assertArrayDocument(document, address.path);
    const chunkShape = parseChunkShape(document, address.path);
    const old = parseShape(document, address.path);
    const resized = withMember(document, "shape", [...checkShape(shape, old.length, address.path)]);
    parseNodeMetadata(encodeUtf8(printJson(resized)), address.path);
    const isShrunk = old.some((length, d) => (shape[d] as number) < length);
    const outside = isShrunk ? await chunksOutside(address, chunkShape, shape) : [];
    return { document: resized, alsoDelete: outside };
  });
}

function checkShape(shape: unknown, rank: number, path: string): readonly number[] {
  if (Array.isArray(shape) && shape.length === rank) return shape;
  const found = Array.isArray(shape) ? `[${shape}]` : describe(shape);
  throw makeError(
    "invalid-array-metadata",
    `resize ${path}: the shape must keep its ${rank} dimensions, got ${found}`,
    { details: { path, expected: rank, found } },
  );
}

interface ChunkLister {
  chunkCoordinates(path: string, options?: UpdateOptions): AsyncIterable<number[]>;
}

/** Plain stores keep such chunks: they cannot say which ones they have. */
async function chunksOutside(
  { store, path, signal }: NodeAddress,
  chunkShape: readonly number[],
  shape: readonly number[],
): Promise<number[][]> {
  const session = store.session as Partial<ChunkLister> | undefined;
  if (store.delete === undefined || typeof session?.chunkCoordinates !== "function") return [];
  const outside: number[][] = [];
  for await (const coordinates of session.chunkCoordinates(path, optionsOf(signal))) {
    const isOutside = coordinates.some(
      (coordinate, d) => coordinate * (chunkShape[d] as number) >= (shape[d] as number),
    );
    if (isOutside) outside.push(coordinates);
  }
  return outside;
}

interface Change {
  readonly document: unknown;
  /** Chunks that go with it. */
  readonly alsoDelete?: readonly (readonly number[])[] | undefined;
}

/** Reads, changes and writes one zarr.json; nothing is written if it says the same as before. */
function changeDocument(
  operation: string,
  given: NodeAddress,
  change: (document: JsonObject, address: NodeAddress) => Change | Promise<Change>,
): Promise<void> {
  return runAt(operation, given, async (address) => {
    const { store, path, signal } = address;
    await inTurn(ownerOf(store), `document ${path}`, async () => {
      const before = await mustReadDocument(address);
      const { document, alsoDelete = [] } = await change(before, address);
      const text = printJson(document);
      if (text === printJson(before)) return;
      await applyEdits(store, [
        ...alsoDelete.map(
          (coordinates) => async () =>
            store.delete?.(`/${chunkKey(path, coordinates)}`, optionsOf(signal)),
        ),
        () => writeDocument(address, encodeUtf8(text)),
      ]);
    });
  });
}

/** A copy of the document with one member replaced in its place, or added. */
function withMember(document: JsonObject, name: string, value: unknown): Map<string, unknown> {
  return new Map<string, JsonValue | unknown>(document).set(name, value);
}
