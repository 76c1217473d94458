/** Makes an array longer and writes into what is new. */
import { volumeOf } from "../base/coordinates.ts";
import { makeError } from "../base/errors.ts";
import { inTurn } from "../base/in-turn.ts";
import { abortSignal, anything, checkOptions, mustBe, trueOrFalse } from "../base/options.ts";
import { parseLayout } from "./array-layout.ts";
import { touchedChunkCount } from "./chunk-grid.ts";
import { type ArrayValues, elementsIn, toElements } from "./codecs/element-values.ts";
import { resize } from "./update.ts";
import { assertAligned, planRegion, writeRegion } from "./write-region.ts";
import {
  addressOf,
  isForkStore,
  mustReadDocument,
  type NodeAddress,
  ownerOf,
  runAt,
  type ZarrStore,
} from "./zarr-store.ts";

/** Options of `append`. */
export interface AppendOptions {
  /** Row-major values of the new part: a whole number of slices along `axis`. */
  readonly data: ArrayValues;
  /** The dimension that grows. Default: 0. */
  readonly axis?: number | undefined;
  /** False lets a fork write a part of a chunk. Default: true. */
  readonly safeChunks?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Appends `data` to the array at `path` along one dimension, and resolves to the new shape.
 * Appends of one session run one after the other. What can be checked is checked before the resize.
 * @throws {invalid-option} an axis that the array does not have; data that fills no whole slices
 * @throws {node-not-found} nothing is there
 * @throws {not-an-array} a group is
 * @throws {region-not-aligned} a fork and a chunk covered in part, naming it
 * @throws {unimplemented} a data type, grid or codec that cannot be written, by name
 * @throws {invalid-array-metadata} a zarr.json whose members make no sense
 * @throws {node-changed} something else has changed the zarr.json meanwhile
 * @throws {invalid-path}
 */
export async function append(
  store: ZarrStore,
  path: string,
  options: AppendOptions,
): Promise<number[]> {
  checkOptions("append", options ?? null, {
    data: anything,
    axis: anything,
    safeChunks: trueOrFalse,
    signal: abortSignal,
  });
  const { signal } = options;
  const given = addressOf("append", store, path, signal);
  return runAt("append", given, (address) =>
    inTurn(ownerOf(store), `append ${given.path}`, () => appendTo(address, options)),
  );
}

async function appendTo(address: NodeAddress, options: AppendOptions): Promise<number[]> {
  const { axis = 0, data, safeChunks, signal } = options;
  const { store } = address;
  const layout = parseLayout(await mustReadDocument(address), address.path);
  const owner = `append ${address.path}`;
  const { shape } = layout;
  const oldLength = shape[axis];
  if (oldLength === undefined) {
    throw makeError(
      "invalid-option",
      `${owner}: axis ${mustBe(`from 0 to ${shape.length - 1}`, axis)}`,
      { details: { path: address.path, option: "axis" } },
    );
  }
  const { dataType } = layout;
  const length = elementsIn(dataType, toElements(dataType, data, `${owner}: data`));
  const sliceSize = volumeOf(shape.with(axis, 1));
  const added = sliceSize === 0 ? 0 : length / sliceSize;
  if (!Number.isInteger(added) || (sliceSize === 0 && length > 0)) {
    throw makeError(
      "invalid-option",
      `${owner}: one slice has ${sliceSize} elements, data has ${length}`,
      { details: { path: address.path, sliceSize, found: length } },
    );
  }
  const newShape = shape.with(axis, oldLength + added);
  const region = newShape.map((size, d) => ({
    start: d === axis ? oldLength : 0,
    end: size,
  }));
  const grown = { ...layout, shape: newShape };
  const { box } = planRegion(grown, { region, data });
  if (touchedChunkCount(box, grown.chunkShape) === 0) return newShape;
  if (isForkStore(store) && safeChunks !== false) assertAligned(grown, box);
  await resize(store, address.path, newShape, { signal });
  await writeRegion(store, address.path, { region, data, safeChunks, signal });
  return newShape;
}
