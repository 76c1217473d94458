/**
 * Opens a NetCDF-4 file (HDF5) through h5wasm and shows what `ncdump` would: dimension names by
 * their scales, bookkeeping hidden, variables padded to the length of their dimensions.
 * Groups below the root are not part of the dataset. Spec: NetCDF "NetCDF-4 Format".
 */
import { makeError } from "../../base/errors.ts";
import { JsonNumber, type JsonValue } from "../../codec/json.ts";
import type { ElementType } from "../array/elements.ts";
import { charSource } from "./char-source.ts";
import { guarded, type Hdf5File, type Hdf5Type } from "./hdf5.ts";
import { hiddenAttribute, readHdf5Attributes } from "./hdf5-attributes.ts";
import { elementOf, hdf5Source, paddedSource } from "./hdf5-source.ts";
import type { RawDataset, RawVariable } from "./raw-variable.ts";

/** Marks a scale that stands for a dimension only. */
const DIMENSION_ONLY = "This is a netCDF dimension but not a netCDF variable";
/** Before the name of a variable that is named like a dimension but is not its coordinate. */
const NOT_A_COORDINATE = "_nc4_non_coord_";

/** What NetCDF reads where nothing was written. */
const DEFAULT_FILLS: Readonly<Record<string, number | bigint | string>> = {
  int8: -127,
  uint8: 255,
  int16: -32_767,
  uint16: 65_535,
  int32: -2_147_483_647,
  uint32: 4_294_967_295,
  int64: -9_223_372_036_854_775_806n,
  uint64: 18_446_744_073_709_551_614n,
  float16: Number.NaN,
  float32: 9.969_209_968_386_869e36,
  float64: 9.969_209_968_386_869e36,
  string: "",
  char: 0,
};

interface Item {
  readonly path: string;
  readonly name: string;
  readonly type: Hdf5Type;
  readonly dims: readonly string[];
  readonly isDimensionOnly: boolean;
}

/** The variables of the root group. @throws {invalid-file-format} damage */
export function readNetcdf4(file: Hdf5File, close: () => Promise<void>): RawDataset {
  const items = listItems(file);
  const sizes = dimensionSizes(items);
  const variables: RawVariable[] = [];
  const refused: { name: string; reason: string }[] = [];
  for (const item of items) {
    if (item.isDimensionOnly) continue;
    const variable = readVariable(file, item, sizes);
    if ("reason" in variable) refused.push(variable);
    else variables.push(variable);
  }
  const root = readHdf5Attributes(file, "/");
  if (root.refused[0] !== undefined) {
    throw makeError("unimplemented", `${file.name}: ${root.refused[0].reason}`, {
      details: { object: file.name, attribute: root.refused[0].name },
    });
  }
  const unlimited = unlimitedNames(items);
  return { variables, refused, attributes: root, unlimited, warnings: [], close };
}

function listItems(file: Hdf5File): Item[] {
  const { module, id } = file;
  const names = guarded(file, "its list of variables", () =>
    Array.from(module.get_names(id, "/", false)).filter(
      (name) => module.get_type(id, `/${name}`) === module.H5G_DATASET,
    ),
  );
  const found = names.map((name) => {
    const path = `/${name}`;
    const type = guarded(file, `variable ${name}`, () => module.get_dataset_metadata(id, path));
    return { path, name, type, dimensionId: hiddenAttribute(file, path, "_Netcdf4Dimid") };
  });
  const scales = new Map<number, string>();
  for (const { name, dimensionId } of found) {
    const number = numberOf(dimensionId);
    if (number !== undefined) scales.set(number, name);
  }
  return found.map(({ path, name, type }) => ({
    path,
    name: name.startsWith(NOT_A_COORDINATE) ? name.slice(NOT_A_COORDINATE.length) : name,
    type,
    dims: dimensionNames(file, path, name, type, scales),
    isDimensionOnly: isDimensionOnly(file, path),
  }));
}

function numberOf(value: JsonValue | undefined): number | undefined {
  if (value instanceof JsonNumber) return value.value;
  return typeof value === "number" ? value : undefined;
}

function isDimensionOnly(file: Hdf5File, path: string): boolean {
  const name = hiddenAttribute(file, path, "NAME");
  return typeof name === "string" && name.startsWith(DIMENSION_ONLY);
}

function dimensionNames(
  file: Hdf5File,
  path: string,
  name: string,
  type: Hdf5Type,
  scales: ReadonlyMap<number, string>,
): string[] {
  const rank = type.shape?.length ?? 0;
  const isScale = hiddenAttribute(file, path, "CLASS") === "DIMENSION_SCALE";
  if (isScale && rank === 1) return [name];
  const ids = hiddenAttribute(file, path, "_Netcdf4Coordinates");
  const listed = (Array.isArray(ids) ? ids : [ids]) as (JsonValue | undefined)[];
  const taken = new Set<string>();
  return Array.from({ length: rank }, (_, axis) => {
    const attached = guarded(file, `the dimensions of ${name}`, () =>
      isScale ? [] : Array.from(file.module.get_attached_scales(file.id, path, axis)),
    )[0];
    const scale = attached?.split("/").at(-1) ?? scales.get(numberOf(listed[axis]) ?? -1);
    const dimension = scale ?? phonyName(type.shape?.[axis] ?? 0, taken);
    taken.add(dimension);
    return dimension;
  });
}

/** A name for a dimension that has none: by its size, so that equal sizes share it. */
function phonyName(size: number, taken: ReadonlySet<string>): string {
  let name = `phony_dim_${size}`;
  while (taken.has(name)) name += "_";
  return name;
}

/** The longest extent that any variable has along a dimension. */
function dimensionSizes(items: readonly Item[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { dims, type } of items) {
    dims.forEach((dim, axis) => {
      sizes.set(dim, Math.max(sizes.get(dim) ?? 0, type.shape?.[axis] ?? 0));
    });
  }
  return sizes;
}

function unlimitedNames(items: readonly Item[]): string[] {
  const names = new Set<string>();
  for (const { dims, type } of items) {
    const { maxshape } = type as { maxshape?: readonly number[] | null };
    dims.forEach((dim, axis) => {
      if ((maxshape?.[axis] ?? 0) > Number.MAX_SAFE_INTEGER) names.add(dim);
    });
  }
  return [...names];
}

function readVariable(
  file: Hdf5File,
  { path, name, type, dims }: Item,
  sizes: ReadonlyMap<string, number>,
): RawVariable | { name: string; reason: string } {
  const element = elementOf(type);
  if ("reason" in element) return { name, reason: element.reason };
  const attributes = readHdf5Attributes(file, path);
  if (attributes.refused[0] !== undefined) return { name, reason: attributes.refused[0].reason };
  const shape = dims.map((dim) => sizes.get(dim) ?? 0);
  const fill = fillOf(element, attributes.values.get("_FillValue"));
  const source = paddedSource(hdf5Source(file, path, type, element), shape, fill);
  const charDimension = element.name === "char" ? dims.at(-1) : undefined;
  return {
    name,
    dims: element.name === "char" ? dims.slice(0, -1) : dims,
    source: element.name === "char" ? charSource(source) : source,
    attributes,
    encoding: charDimension === undefined ? {} : { char_dim_name: charDimension },
  };
}

function fillOf(
  element: ElementType | { readonly name: "char" },
  attribute: JsonValue | undefined,
): number | bigint | string {
  const value = attribute instanceof JsonNumber ? attribute.value : attribute;
  const isBig = element.name === "int64" || element.name === "uint64";
  if (isBig && (typeof value === "number" || typeof value === "bigint")) return BigInt(value);
  if (typeof value === "number") return value;
  if (element.name === "char" && typeof value === "string") return value.charCodeAt(0);
  if (element.name === "string" && typeof value === "string") return value;
  return DEFAULT_FILLS[element.name] ?? 0;
}
