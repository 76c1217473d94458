/** Attributes of an HDF5 object, as NetCDF shows them: bookkeeping hidden, single values alone. */
import { makeError } from "../../base/errors.ts";
import type { JsonValue } from "../../codec/json.ts";
import { type ElementType, numbersFromBytes } from "../array/elements.ts";
import type { DatasetWarning } from "../model/warning.ts";
import { numbersValue, textValue } from "./attribute-value.ts";
import {
  attributeType,
  guarded,
  HDF5_CLASS,
  type Hdf5File,
  type Hdf5Type,
  typeName,
} from "./hdf5.ts";
import { bytesFrom, textsFrom } from "./hdf5-memory.ts";
import type { RawAttributes } from "./raw-variable.ts";

/** Written by the NetCDF library for itself, never shown. */
const HIDDEN: ReadonlySet<string> = new Set([
  "_Netcdf4Dimid",
  "_Netcdf4Coordinates",
  "_NCProperties",
  "_nc3_strict",
  "CLASS",
  "DIMENSION_LIST",
  "NAME",
  "REFERENCE_LIST",
]);

/** Names of the attributes of the object at `path`. */
export function attributeNames(file: Hdf5File, path: string): string[] {
  return guarded(file, `the attributes of ${path}`, () =>
    Array.from(file.module.get_attribute_names(file.id, path)),
  );
}

/** The attributes of the object at `path`; those that nothing can hold are left out with a warning. */
export function readHdf5Attributes(
  file: Hdf5File,
  path: string,
  names: readonly string[],
  variable: string | undefined,
): RawAttributes & { readonly warnings: readonly DatasetWarning[] } {
  const values = new Map<string, JsonValue>();
  const float32Names = new Set<string>();
  const warnings: DatasetWarning[] = [];
  for (const name of names) {
    if (HIDDEN.has(name)) continue;
    const type = attributeType(file, path, name);
    const value = attributeValue(file, path, name, type);
    if (value === undefined) {
      const owner = variable === undefined ? `group ${path}` : `variable ${variable}`;
      const message = `${owner}: attribute ${name} is of a user-defined type (${typeName(type)}) and left out`;
      warnings.push({ variable, attribute: name, message });
      continue;
    }
    values.set(name, value);
    if (type.type === HDF5_CLASS.float && type.size === 4) float32Names.add(name);
  }
  return { values, float32Names, warnings };
}

/** The numbers or text of one attribute, whether NetCDF shows it or not; `undefined` for others. */
export function readHdf5Attribute(
  file: Hdf5File,
  path: string,
  name: string,
): JsonValue | undefined {
  return attributeValue(file, path, name, attributeType(file, path, name));
}

function attributeValue(
  file: Hdf5File,
  path: string,
  name: string,
  type: Hdf5Type,
): JsonValue | undefined {
  if (type.type === HDF5_CLASS.string) return textAttribute(file, path, name, type);
  // NetCDF shows no enumerated attributes but the fill value of an enumerated variable.
  const isFill = name === "_FillValue" && type.type === HDF5_CLASS.enum;
  const element = numberType(isFill ? { ...type, type: HDF5_CLASS.integer } : type);
  if (element === undefined) return undefined;
  if (type.shape === null || type.total_size === 0) return [];
  const numbers = numbersFromBytes(element, readBytes(file, path, name, type));
  return numbersValue(numbers, element.name.startsWith("float"));
}

/** The type of numbers, enumerated ones not among them. */
export function numberType({ type, size, signed }: Hdf5Type): ElementType | undefined {
  if (type === HDF5_CLASS.integer && [1, 2, 4, 8].includes(size)) {
    return { name: `${signed ? "int" : "uint"}${size * 8}` as ElementType["name"] };
  }
  if (type === HDF5_CLASS.float && [2, 4, 8].includes(size)) {
    return { name: `float${size * 8}` as ElementType["name"] };
  }
  return undefined;
}

function textAttribute(file: Hdf5File, path: string, name: string, type: Hdf5Type): JsonValue {
  if (type.shape === null) return "";
  const texts = (type.vlen ? readTexts : readFixedTexts)(file, path, name, type).map(textValue);
  return texts.length === 1 ? (texts[0] as string) : texts;
}

function readTexts(file: Hdf5File, path: string, name: string, type: Hdf5Type): Uint8Array[] {
  return textsFrom(file.module, type.total_size, (pointer) => fill(file, path, name, pointer));
}

function readFixedTexts(file: Hdf5File, path: string, name: string, type: Hdf5Type): Uint8Array[] {
  const bytes = readBytes(file, path, name, type);
  return Array.from({ length: type.total_size }, (_, i) =>
    bytes.subarray(i * type.size, (i + 1) * type.size),
  );
}

function readBytes(file: Hdf5File, path: string, name: string, type: Hdf5Type): Uint8Array {
  const { module } = file;
  return bytesFrom(module, type.size * type.total_size, (to) => fill(file, path, name, to));
}

function fill(file: Hdf5File, path: string, name: string, pointer: bigint): void {
  const what = `attribute ${name} of ${path}`;
  const status = guarded(file, what, () =>
    file.module.get_attribute_data(file.id, path, name, pointer),
  );
  if (status >= 0) return;
  throw makeError("invalid-file-format", `${file.name}: HDF5 could not read ${what}`, {
    details: { object: file.name, what },
  });
}
