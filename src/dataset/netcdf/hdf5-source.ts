/** Reads boxes of an HDF5 dataset. h5wasm reads at once, so a large box blocks while it is read. */

import { volumeOf } from "../../base/coordinates.ts";
import { makeError } from "../../base/errors.ts";
import type { Extent } from "../../base/extent.ts";
import { type Box, intersection, isWhole, relativeTo, shapeOf, wholeBox } from "../../zarr/box.ts";
import { startIn, touchedChunks } from "../../zarr/chunk-grid.ts";
import { copyRegion } from "../../zarr/codecs/elements.ts";
import { withoutTrailingNulls } from "../../zarr/codecs/fill-value.ts";
import type { ArraySource } from "../array/array-source.ts";
import { allocate, type ElementType, numbersFromBytes, type Values } from "../array/elements.ts";
import { textValue } from "./attribute-value.ts";
import { guarded, HDF5_CLASS, type Hdf5File, type Hdf5Type, typeName } from "./hdf5.ts";
import { numberType } from "./hdf5-attributes.ts";
import { bytesFrom, textsFrom } from "./hdf5-memory.ts";

/** Filters up to this number are part of the library, others come as plugins. */
const OWN_FILTER_MAX = 255;
/** The step of HDF5 that fails where texts were never written. */
const REFILL = "H5D__fill_refill_vl";
/** Read at once; a larger box is read part by part, since the module's memory never shrinks. */
const PART_BYTES_MAX = 64 * 1024 * 1024;

/** The element type of a dataset, with `char` for single characters; or why there is none. */
type Hdf5Element = ElementType | { readonly name: "char" } | { readonly reason: string };

/** The element type that holds a type of HDF5. */
export function elementOf(type: Hdf5Type): Hdf5Element {
  if (type.shape === null) return { reason: "it has no dataspace" };
  if (type.type === HDF5_CLASS.string) {
    return type.vlen || type.size > 1 ? { name: "string" } : { name: "char" };
  }
  const isEnum = type.type === HDF5_CLASS.enum;
  const number = numberType(isEnum ? { ...type, type: HDF5_CLASS.integer } : type);
  return number ?? { reason: `its type is ${typeName(type)}` };
}

/** The values of the dataset at `path`, `fill` where none are; chars come as single bytes. */
export function hdf5Source(
  file: Hdf5File,
  path: string,
  type: Hdf5Type,
  element: ElementType | { readonly name: "char" },
  fill: number | bigint | string,
): ArraySource {
  const inMemory: ElementType = element.name === "char" ? { name: "uint8" } : element;
  const shape = type.shape ?? [];
  const readWritten = (part: Box): Values =>
    guarded(file, `variable ${path}`, () => readNow(file, path, type, inMemory, part));
  return {
    type: inMemory,
    shape,
    async read(box, signal) {
      const count = volumeOf(shapeOf(box));
      const parts = count === 0 ? [] : partsOf(box, PART_BYTES_MAX / type.size);
      const readPart = (part: Box): Values => {
        signal?.throwIfAborted();
        try {
          return readWritten(part);
        } catch (error) {
          if (isNeverWritten(error)) return textsByChunk(type, part, fill as string, readWritten);
          throw missingFilter(file, path, error) ?? error;
        }
      };
      if (parts.length === 1) return readPart(box);
      const values = allocate(inMemory, count, path);
      let at = 0;
      for (const part of parts) {
        const read = readPart(part);
        const size = [read.length];
        copyRegion(
          { values: read, shape: size, start: [0] },
          { values, shape: [count], start: [at] },
          size,
        );
        at += read.length;
      }
      return values;
    },
  };
}

/**
 * Whether texts could not be read because a chunk of them was never written: HDF5 would put the
 * fill value into the file first.
 */
function isNeverWritten(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && cause.message.includes(REFILL);
}

/** The texts of `box`, chunk by chunk; `fill` for the chunks that were never written. */
function textsByChunk(
  { shape, chunks }: Hdf5Type,
  box: Box,
  fill: string,
  readWritten: (part: Box) => Values,
): Values {
  const size = shapeOf(box);
  const values = new Array<string>(volumeOf(size)).fill(fill);
  const whole = shape ?? [];
  for (const { shared } of touchedChunks(box, { shape: whole, chunkShape: chunks ?? whole })) {
    const part = shapeOf(shared);
    try {
      const source = { values: readWritten(shared), shape: part, start: part.map(() => 0) };
      copyRegion(source, { values, shape: size, start: startIn(box, shared) }, part);
    } catch (error) {
      if (!isNeverWritten(error)) throw error;
    }
  }
  return values;
}

/** The error that says so, if values are stored through a filter that HDF5 does not come with. */
function missingFilter(file: Hdf5File, path: string, cause: unknown): Error | undefined {
  const filters = guarded(file, `the filters of ${path}`, () =>
    Array.from(file.module.get_dataset_filters(file.id, path)),
  );
  const missing = filters.find(({ id }) => id > OWN_FILTER_MAX);
  if (missing === undefined) return undefined;
  const { id, name } = missing;
  return makeError(
    "unimplemented",
    `${file.name}: variable ${path} is stored through filter ${id} (${name}), which h5wasm has no plugin for; dropVariables leaves variables out`,
    { details: { object: file.name, path, filter: id }, cause },
  );
}

/** The box in parts of at most `countMax` elements, one behind the other in row-major order. */
function partsOf(box: Box, countMax: number): Box[] {
  const axis = box.findIndex(({ start, end }) => end - start > 1);
  const extent = box[axis];
  if (extent === undefined || volumeOf(shapeOf(box)) <= countMax) return [box];
  const rowCount = volumeOf(shapeOf(box)) / (extent.end - extent.start);
  const step = Math.max(1, Math.floor(countMax / rowCount));
  const parts: Box[] = [];
  for (let start = extent.start; start < extent.end; start += step) {
    const end = Math.min(extent.end, start + step);
    parts.push(...partsOf(box.with(axis, { start, end }), countMax));
  }
  return parts;
}

function readNow(
  file: Hdf5File,
  path: string,
  type: Hdf5Type,
  element: ElementType,
  box: Box,
): Values {
  const { module } = file;
  const count = volumeOf(shapeOf(box));
  const fill = (pointer: bigint): void => fillBox(file, path, type, box, pointer);
  if (type.type === HDF5_CLASS.string && type.vlen) {
    return textsFrom(module, count, fill).map(textValue);
  }
  const bytes = bytesFrom(module, type.size * count, fill);
  if (element.name !== "string") return numbersFromBytes(element, bytes);
  return Array.from({ length: count }, (_, i) =>
    textValue(withoutTrailingNulls(bytes.subarray(i * type.size, (i + 1) * type.size))),
  );
}

function fillBox(file: Hdf5File, path: string, type: Hdf5Type, box: Box, pointer: bigint): void {
  const isAll = isWhole(box, type.shape ?? []);
  const count = isAll ? null : box.map(({ start, end }: Extent) => BigInt(end - start));
  const offset = isAll ? null : box.map(({ start }: Extent) => BigInt(start));
  const strides = isAll ? null : box.map(() => 1n);
  const status = file.module.get_dataset_data(file.id, path, count, offset, strides, pointer);
  if (status < 0) throw new Error(`status ${status}`);
}

/** `source`, filled up: a variable not written to the end of an unlimited dimension. */
export function paddedSource(
  source: ArraySource,
  shape: readonly number[],
  fill: number | bigint | string,
): ArraySource {
  if (shape.every((size, d) => size === source.shape[d])) return source;
  return {
    type: source.type,
    shape,
    async read(box, signal) {
      const size = shapeOf(box);
      const values = allocate(source.type, volumeOf(size), "a padded variable");
      (values as Float64Array).fill(fill as number);
      const shared = intersection(box, wholeBox(source.shape));
      if (shared === undefined) return values;
      const part = shapeOf(shared);
      copyRegion(
        { values: await source.read(shared, signal), shape: part, start: part.map(() => 0) },
        { values, shape: size, start: relativeTo(shared, box).map(({ start }) => start) },
        part,
      );
      return values;
    },
  };
}
