/** Reads boxes of an HDF5 dataset. h5wasm reads at once, so a large box blocks while it is read. */

import { volumeOf } from "../../base/coordinates.ts";
import type { Extent } from "../../base/extent.ts";
import { type Box, intersection, isWhole, relativeTo, shapeOf, wholeBox } from "../../zarr/box.ts";
import { copyRegion } from "../../zarr/codecs/elements.ts";
import { withoutTrailingNulls } from "../../zarr/codecs/fill-value.ts";
import type { ArraySource } from "../array/array-source.ts";
import { allocate, type ElementType, numbersFromBytes, type Values } from "../array/elements.ts";
import { textValue } from "./attribute-value.ts";
import { bytesFrom, guarded, HDF5_CLASS, type Hdf5File, type Hdf5Type } from "./hdf5.ts";
import { vlenText } from "./hdf5-attributes.ts";

const CLASS_NAMES: Readonly<Record<number, string>> = {
  2: "time",
  4: "bit field",
  5: "opaque",
  6: "compound",
  7: "reference",
  9: "variable-length",
  10: "array",
};

/** The element type of a dataset, with `char` for single characters; or why there is none. */
type Hdf5Element = ElementType | { readonly name: "char" } | { readonly reason: string };

/** The element type that holds a type of HDF5. */
export function elementOf(type: Hdf5Type): Hdf5Element {
  if (type.shape === null) return { reason: "it has no dataspace" };
  const isInteger = type.type === HDF5_CLASS.integer || type.type === HDF5_CLASS.enum;
  if (isInteger && [1, 2, 4, 8].includes(type.size)) {
    return { name: `${type.signed ? "int" : "uint"}${type.size * 8}` as ElementType["name"] };
  }
  if (type.type === HDF5_CLASS.float && [2, 4, 8].includes(type.size)) {
    return { name: `float${type.size * 8}` as ElementType["name"] };
  }
  if (type.type === HDF5_CLASS.string) {
    return type.vlen || type.size > 1 ? { name: "string" } : { name: "char" };
  }
  const name = CLASS_NAMES[type.type] ?? `${type.size}-byte number`;
  return { reason: `its type is ${name}` };
}

/** The values of the dataset at `path`; chars come as single bytes. */
export function hdf5Source(
  file: Hdf5File,
  path: string,
  type: Hdf5Type,
  element: ElementType | { readonly name: "char" },
): ArraySource {
  const inMemory: ElementType = element.name === "char" ? { name: "uint8" } : element;
  const shape = type.shape ?? [];
  return {
    type: inMemory,
    shape,
    async read(box, signal) {
      signal?.throwIfAborted();
      const count = volumeOf(shapeOf(box));
      if (count === 0) return allocate(inMemory, 0, path);
      return guarded(file, `variable ${path}`, () =>
        type.type === HDF5_CLASS.string && type.vlen
          ? readTexts(file, path, type, box)
          : numbersOf(inMemory, type, readBytes(file, path, type, box), count),
      );
    },
  };
}

function readBytes(file: Hdf5File, path: string, type: Hdf5Type, box: Box): Uint8Array {
  const { module, id } = file;
  const isAll = box.length === 0 || isWhole(box, type.shape ?? []);
  const count = isAll ? null : box.map(({ start, end }: Extent) => BigInt(end - start));
  const offset = isAll ? null : box.map(({ start }: Extent) => BigInt(start));
  const strides = isAll ? null : box.map(() => 1n);
  const byteCount = type.size * volumeOf(shapeOf(box));
  return bytesFrom(module, byteCount, (pointer) => {
    const status = module.get_dataset_data(id, path, count, offset, strides, pointer);
    if (status < 0) throw new Error(`status ${status}`);
  });
}

function numbersOf(element: ElementType, type: Hdf5Type, bytes: Uint8Array, count: number): Values {
  if (type.type === HDF5_CLASS.string && element.name === "string") {
    return Array.from({ length: count }, (_, i) =>
      textValue(withoutTrailingNulls(bytes.subarray(i * type.size, (i + 1) * type.size))),
    );
  }
  return numbersFromBytes(element, bytes);
}

function readTexts(file: Hdf5File, path: string, type: Hdf5Type, box: Box): string[] {
  const dataset = new file.library.Dataset(file.id, path);
  const found = dataset.slice(box.map(({ start, end }: Extent) => [start, end]));
  const texts = Array.isArray(found) ? found : [found];
  return texts.map((text) => vlenText(text as string, type));
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
