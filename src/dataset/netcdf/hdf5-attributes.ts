/** Attributes of an HDF5 object, as NetCDF shows them: bookkeeping hidden, single values alone. */
import { makeError } from "../../base/errors.ts";
import type { JsonValue } from "../../codec/json.ts";
import { numbersValue, textValue } from "./attribute-value.ts";
import { bytesFrom, guarded, HDF5_CLASS, type Hdf5File, type Hdf5Type } from "./hdf5.ts";
import type { RawAttributes } from "./raw-variable.ts";

/** Written by the NetCDF library for itself, never shown. */
const HIDDEN: ReadonlySet<string> = new Set([
  "_Netcdf4Dimid",
  "_Netcdf4Coordinates",
  "_NCProperties",
  "_nc3_strict",
  "REFERENCE_LIST",
  "DIMENSION_LIST",
]);
/** Of a dimension scale only. */
const HIDDEN_OF_SCALES: ReadonlySet<string> = new Set(["CLASS", "NAME"]);

/** An attribute that cannot be held: its name, and why. */
interface RefusedAttribute {
  readonly name: string;
  readonly reason: string;
}

/** The attributes of the object at `path`. */
export function readHdf5Attributes(
  file: Hdf5File,
  path: string,
): RawAttributes & { readonly refused: readonly RefusedAttribute[] } {
  const names = guarded(file, `the attributes of ${path}`, () =>
    Array.from(file.module.get_attribute_names(file.id, path)),
  );
  const isScale = names.includes("REFERENCE_LIST") || names.includes("_Netcdf4Dimid");
  const values = new Map<string, JsonValue>();
  const float32Names = new Set<string>();
  const refused: RefusedAttribute[] = [];
  for (const name of names) {
    if (HIDDEN.has(name) || (isScale && HIDDEN_OF_SCALES.has(name))) continue;
    const { type, value } = guarded(file, `attribute ${name} of ${path}`, () =>
      attributeValue(file, path, name),
    );
    if (value === undefined) {
      refused.push({ name, reason: `attribute ${name} has HDF5 type class ${type.type}` });
      continue;
    }
    values.set(name, value);
    if (type.type === HDF5_CLASS.float && type.size === 4) float32Names.add(name);
  }
  return { values, float32Names, refused };
}

/** The numbers or text of one attribute that NetCDF hides, or `undefined` if it is not there. */
export function hiddenAttribute(file: Hdf5File, path: string, name: string): JsonValue | undefined {
  return guarded(file, `attribute ${name} of ${path}`, () => {
    if (!Array.from(file.module.get_attribute_names(file.id, path)).includes(name))
      return undefined;
    return attributeValue(file, path, name).value;
  });
}

function attributeValue(
  file: Hdf5File,
  path: string,
  name: string,
): { type: Hdf5Type; value: JsonValue | undefined } {
  const type = file.module.get_attribute_metadata(file.id, path, name);
  if (type.type === HDF5_CLASS.string)
    return { type, value: textAttribute(file, path, name, type) };
  const isFloat = type.type === HDF5_CLASS.float && (type.size === 4 || type.size === 8);
  if (!isFloat && type.type !== HDF5_CLASS.integer && type.type !== HDF5_CLASS.enum)
    return { type, value: undefined };
  if (type.shape === null) return { type, value: [] };
  const { value } = new file.library.Attribute(file.id, path, name);
  const numbers = typeof value === "number" || typeof value === "bigint" ? [value] : value;
  return { type, value: numbersValue(numbers as ArrayLike<number>, isFloat) };
}

function textAttribute(file: Hdf5File, path: string, name: string, type: Hdf5Type): JsonValue {
  if (type.shape === null) return "";
  if (type.vlen) {
    const { value } = new file.library.Attribute(file.id, path, name);
    const texts = (Array.isArray(value) ? value : [value]).map((text) =>
      vlenText(text as string, type),
    );
    return texts.length === 1 ? (texts[0] as string) : texts;
  }
  const { module, id } = file;
  const bytes = bytesFrom(module, type.size * type.total_size, (pointer) => {
    if (module.get_attribute_data(id, path, name, pointer) < 0) throw unreadable(file, path, name);
  });
  const texts = Array.from({ length: type.total_size }, (_, i) =>
    textValue(bytes.subarray(i * type.size, (i + 1) * type.size)),
  );
  return texts.length === 1 ? (texts[0] as string) : texts;
}

function unreadable(file: Hdf5File, path: string, name: string): Error {
  return makeError("invalid-file-format", `${file.name}: attribute ${name} of ${path}`, {
    details: { object: file.name, path, attribute: name },
  });
}

/**
 * A variable-length text as it was meant: h5wasm gives one character per byte unless the file
 * says UTF-8, and many writers do not say so.
 */
export function vlenText(text: string, type: Pick<Hdf5Type, "cset">): string {
  if (type.cset === 1) return text;
  return textValue(Uint8Array.from(text, (character) => character.charCodeAt(0)));
}
