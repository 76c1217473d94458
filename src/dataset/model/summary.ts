/**
 * Datasets and variables as text, for a console: what xarray's `repr` shows. Nothing is read: of
 * what is in memory the first values and the last are shown. Everything is bounded.
 */
import { isIcefloeError } from "../../base/errors.ts";
import { indexAt, wholeBox } from "../../zarr/box.ts";
import { isFloat } from "../array/elements.ts";
import { decodedType, decodeValues } from "../cf/decode-values.ts";
import type { Attributes, Content } from "./array-input.ts";
import { describeItem } from "./compare-values.ts";
import type { Dtype } from "./data.ts";

/** A variable, as far as it is shown. */
interface ShownArray {
  readonly name: string;
  readonly dims: readonly string[];
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  readonly attributes: Readonly<Attributes>;
  readonly content: Content;
}

/** A dataset, as far as it is shown. */
interface ShownDataset {
  readonly variables: Readonly<Record<string, ShownArray>>;
  readonly coordinates: Readonly<Record<string, ShownArray>>;
  readonly sizes: Readonly<Record<string, number>>;
  readonly attributes: Readonly<Attributes>;
  readonly groups: readonly string[];
}

const COLUMNS_MAX = 100;
/** Variables or attributes of one section. */
const LINES_MAX = 40;
/** Values of one variable: if there are more, the first ones (of times, which are long, one) and the last. */
const VALUES_MAX = 4;
/** Longest name that widens its column. */
const NAME_COLUMNS_MAX = 24;
const FLOAT_DIGITS = 6;

/** Dimensions, coordinates, data variables, attributes and groups below, a line each. */
export function summaryOfDataset(dataset: ShownDataset): string {
  const { coordinates, variables, sizes, attributes, groups } = dataset;
  const names = [...Object.keys(coordinates), ...Object.keys(variables)];
  const columns = Math.min(NAME_COLUMNS_MAX, Math.max(0, ...names.map(({ length }) => length)));
  const lineOf = (array: ShownArray): string => {
    const mark = array.dims.length === 1 && array.dims[0] === array.name ? "*" : " ";
    const dims = array.dims.length === 0 ? "" : `(${array.dims.join(", ")}) `;
    return `  ${mark} ${array.name.padEnd(columns)}  ${dims}${array.dtype} ${valuesOf(array)}`;
  };
  return textOf([
    `<icefloe.Dataset>`,
    `Dimensions:  (${sizesText(Object.entries(sizes))})`,
    ...sectionOf("Coordinates:", Object.values(coordinates), lineOf),
    ...sectionOf("Data variables:", Object.values(variables), lineOf),
    ...attributeLines(attributes),
    ...sectionOf("Groups:", groups, (path) => `    ${path}`),
  ]);
}

/** Name, dimensions, dtype, values and attributes. */
export function summaryOfArray(array: ShownArray): string {
  const { name, dims, shape, dtype, attributes } = array;
  const sizes = sizesText(dims.map((dim, d) => [dim, shape[d] as number]));
  return textOf([
    `<icefloe.DataArray ${name} (${sizes})> ${dtype} ${valuesOf(array)}`,
    ...attributeLines(attributes),
  ]);
}

function sizesText(sizes: readonly (readonly [string, number])[]): string {
  return sizes.map(([dim, size]) => `${dim}: ${size}`).join(", ");
}

function sectionOf<T>(title: string, items: readonly T[], lineOf: (item: T) => string): string[] {
  if (items.length === 0) return [];
  const rest = items.length - LINES_MAX;
  const more = rest > 0 ? [`    ... and ${rest} more`] : [];
  return [title, ...items.slice(0, LINES_MAX).map(lineOf), ...more];
}

function attributeLines(attributes: Readonly<Attributes>): string[] {
  const names = Object.keys(attributes);
  const longest = Math.max(0, ...names.map(({ length }) => length));
  const columns = Math.min(NAME_COLUMNS_MAX, longest) + 1;
  return sectionOf(
    "Attributes:",
    Object.entries(attributes),
    ([name, value]) => `    ${`${name}:`.padEnd(columns)}  ${attributeText(value)}`,
  );
}

/** An attribute on one line; lists in brackets. */
function attributeText(value: unknown): string {
  if (typeof value === "object" && value !== null) {
    const isList = Array.isArray(value) || (ArrayBuffer.isView(value) && "length" in value);
    if (!isList) return `{ ${Object.keys(value).slice(0, LINES_MAX).join(", ")} }`;
    const shown = Array.from(value as ArrayLike<unknown>).slice(0, LINES_MAX);
    return `[${shown.map(attributeText).join(", ")}${shown.length < (value as []).length ? ", ..." : ""}]`;
  }
  return String(value);
}

/** The values of a variable that are shown; "..." of those that are not in memory. */
function valuesOf({ name, shape, content }: ShownArray): string {
  const { source, coding } = content;
  const { readNow } = source;
  if (source.isTemplate === true) return "(no data)";
  if (readNow === undefined) return "...";
  const size = shape.reduce((count, length) => count * length, 1);
  const isCut = size > VALUES_MAX;
  const count = isCut ? (coding.time === undefined ? VALUES_MAX - 1 : 1) : size;
  const valueAt = (position: number): string => {
    const box = indexAt(wholeBox(shape), position).map((at) => ({ start: at, end: at + 1 }));
    const values = decodeValues(readNow(box), coding, `variable ${name}`);
    const value = values[0] as unknown;
    if (typeof value === "number" && coding.time === undefined) {
      if (coding.dtype === "bool") return String(value !== 0);
      if (isFloat(decodedType(coding))) return String(Number(value.toPrecision(FLOAT_DIGITS)));
    }
    return describeItem({ values, time: coding.time }, 0);
  };
  const first = Array.from({ length: count }, (_, position) => shown(() => valueAt(position)));
  return [...first, ...(isCut ? ["...", shown(() => valueAt(size - 1))] : [])].join(" ");
}

/** A text, or "?" for what cannot be decoded: a console must not fail. */
function shown(text: () => string): string {
  try {
    return text();
  } catch (error) {
    if (isIcefloeError(error)) return "?";
    throw error;
  }
}

/** Lines without control characters, none too long. */
function textOf(lines: readonly string[]): string {
  return lines
    .map((line) => {
      const plain = line.replace(/\p{Cc}+/gu, " ").trimEnd();
      return plain.length > COLUMNS_MAX ? `${plain.slice(0, COLUMNS_MAX - 3)}...` : plain;
    })
    .join("\n");
}
