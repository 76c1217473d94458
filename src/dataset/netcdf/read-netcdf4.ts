/**
 * Opens a NetCDF-4 file (HDF5) through h5wasm and shows what `ncdump` would of one group: dimensions
 * by their scales, bookkeeping hidden, variables padded to the length of their dimensions.
 * Spec: NetCDF "NetCDF-4 Format".
 */
import { makeError } from "../../base/errors.ts";
import { JsonNumber, type JsonValue } from "../../codec/json.ts";
import { type ElementType, isFloat, isNumeric } from "../array/elements.ts";
import { usableFill } from "../cf/decode-attributes.ts";
import type { DatasetWarning } from "../model/warning.ts";
import { singleCharSource } from "./char-source.ts";
import { type Hdf5File, isLeftOut, typeName } from "./hdf5.ts";
import { attributeNames, readHdf5Attributes } from "./hdf5-attributes.ts";
import { elementOf, hdf5Source, paddedSource } from "./hdf5-source.ts";
import { type Hdf5Dataset, type Hdf5Group, readTree, withDescendants } from "./hdf5-tree.ts";
import { findDimensions, type Netcdf4Dimension } from "./netcdf4-dimensions.ts";
import type { RawDataset, RawVariable, RefusedVariable } from "./raw-variable.ts";

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

/**
 * The variables of the group at that path.
 * @throws {invalid-file-format} damage
 * @throws {node-not-found} there is no such group
 */
export function readNetcdf4(file: Hdf5File, path: string, close: () => Promise<void>): RawDataset {
  const root = readTree(file);
  const groups = withDescendants(root);
  const group = groups.find((candidate) => candidate.path === path);
  if (group === undefined) throw noGroup(file, path, groups);
  const dimensions = findDimensions(file, root);
  const variables: RawVariable[] = [];
  const refused: RefusedVariable[] = [];
  const own = readHdf5Attributes(file, path, attributeNames(file, path), undefined);
  const warnings: DatasetWarning[] = [...own.warnings];
  for (const dataset of group.datasets) {
    if (isLeftOut(dataset.type)) warnings.push(leftOutWarning(dataset));
    if (isLeftOut(dataset.type) || !dimensions.isVariable(dataset)) continue;
    const found = readVariable(file, dataset, dimensions.of(dataset));
    if ("reason" in found) refused.push(found);
    else variables.push(found);
    if ("warnings" in found) warnings.push(...found.warnings);
  }
  return {
    variables,
    refused,
    attributes: own,
    unlimited: unlimitedNames(dimensions.inGroup(group), group, dimensions.of.bind(dimensions)),
    groups: groups.flatMap((other) => (other === root ? [] : [other.path])),
    warnings,
    close,
  };
}

function noGroup(file: Hdf5File, path: string, groups: readonly Hdf5Group[]): Error {
  const paths = groups.map((group) => group.path);
  return makeError(
    "node-not-found",
    `${file.name} has no group ${path}; it has ${paths.join(", ")}`,
    { details: { object: file.name, path, groups: paths } },
  );
}

function unlimitedNames(
  begun: readonly Netcdf4Dimension[],
  group: Hdf5Group,
  dimensionsOf: (dataset: Hdf5Dataset) => readonly Netcdf4Dimension[],
): string[] {
  const all = [...begun, ...group.datasets.flatMap((dataset) => [...dimensionsOf(dataset)])];
  return [...new Set(all.flatMap(({ name, isUnlimited }) => (isUnlimited ? [name] : [])))];
}

function leftOutWarning({ name, type }: Hdf5Dataset): DatasetWarning {
  const message = `variable ${name} is left out: its type is ${typeName(type)}`;
  return { variable: name, attribute: undefined, message };
}

function readVariable(
  file: Hdf5File,
  dataset: Hdf5Dataset,
  dimensions: readonly Netcdf4Dimension[],
): RefusedVariable | (RawVariable & { readonly warnings: readonly DatasetWarning[] }) {
  const { path, type } = dataset;
  const name = dataset.name.startsWith(NOT_A_COORDINATE)
    ? dataset.name.slice(NOT_A_COORDINATE.length)
    : dataset.name;
  const dims = dimensions.map((dimension) => dimension.name);
  const element = elementOf(type);
  if ("reason" in element) return { name, dims, reason: element.reason };
  const { warnings, ...attributes } = readHdf5Attributes(file, path, dataset.attributeNames, name);
  const shape = dimensions.map(({ size }) => size);
  const fill = fillOf(element, attributes.values.get("_FillValue"));
  const source = paddedSource(hdf5Source(file, path, type, element, fill), shape, fill);
  const own = { name, dims, attributes, encoding: {}, warnings };
  if (element.name !== "char") return { ...own, source };
  return { ...own, source: singleCharSource(source), characters: source };
}

function fillOf(
  element: ElementType | { readonly name: "char" },
  attribute: JsonValue | undefined,
): number | bigint | string {
  const value = attribute instanceof JsonNumber ? attribute.value : attribute;
  const known = DEFAULT_FILLS[element.name] ?? 0;
  if (typeof value === "string") {
    if (element.name === "char") return value.charCodeAt(0);
    return element.name === "string" ? value : known;
  }
  // Any program may have written it, so that it is of another type than the variable.
  if (element.name === "char" || !isNumeric(element)) return known;
  if (isFloat(element) && typeof value === "number") return value;
  return usableFill(value, element, element) ?? known;
}
