/** Compares datasets as tests do: the first difference is an error that says where it is. */
import { makeError } from "../../base/errors.ts";
import { checkOptions, SIGNAL } from "../../base/options.ts";
import { printJson } from "../../codec/json.ts";
import { indexAt, wholeBox } from "../../zarr/box.ts";
import { type Comparable, describeItem, firstDifference } from "./compare-values.ts";
import type { DataArray } from "./data-array.ts";
import { Dataset } from "./dataset.ts";

/** Options of the assertions. */
export interface AssertOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Differences that are listed; the rest is counted. */
const DIFFERENCES_SHOWN_MAX = 10;

/**
 * Resolves if both are identical: names, dimensions in order, coordinates, attributes, dtype and
 * every value, NaN equal to NaN and 0 to -0. Lazy variables are read, one at a time, and stay lazy.
 * @throws {not-identical} a difference, with `details.differences`
 */
export async function assertIdentical(
  a: Dataset | DataArray,
  b: Dataset | DataArray,
  options?: AssertOptions,
): Promise<void> {
  checkOptions("assertIdentical", options, SIGNAL);
  await compare("identical", a, b, { isStrict: true, signal: options?.signal });
}

/**
 * As `assertIdentical`, but attributes, the dataset's and the variables', and dtypes may differ.
 * @throws {not-identical} a difference, with `details.differences`
 */
export async function assertEqual(
  a: Dataset | DataArray,
  b: Dataset | DataArray,
  options?: AssertOptions,
): Promise<void> {
  checkOptions("assertEqual", options, SIGNAL);
  await compare("equal", a, b, { isStrict: false, signal: options?.signal });
}

interface Comparison {
  readonly isStrict: boolean;
  readonly signal: AbortSignal | undefined;
}

async function compare(
  what: string,
  a: Dataset | DataArray,
  b: Dataset | DataArray,
  comparison: Comparison,
): Promise<void> {
  const differences =
    a instanceof Dataset && b instanceof Dataset
      ? await datasetDifferences(a, b, comparison)
      : a instanceof Dataset || b instanceof Dataset
        ? ["one is a Dataset, the other a DataArray"]
        : await arrayDifferences("variable", a, b, comparison);
  if (differences.length === 0) return;
  const shown = differences.slice(0, DIFFERENCES_SHOWN_MAX);
  const rest = differences.length - shown.length;
  const more = rest === 0 ? "" : `; and ${rest} more`;
  throw makeError("not-identical", `not ${what}: ${shown.join("; ")}${more}`, {
    details: { differences: shown, total: differences.length },
  });
}

async function datasetDifferences(
  a: Dataset,
  b: Dataset,
  comparison: Comparison,
): Promise<string[]> {
  const differences: string[] = [];
  for (const [kind, left, right] of [
    ["coordinate", a.coordinates, b.coordinates],
    ["variable", a.variables, b.variables],
  ] as const) {
    for (const name of Object.keys(left)) {
      if (right[name] === undefined) differences.push(`${kind} ${name} is only in the first`);
    }
    for (const [name, other] of Object.entries(right)) {
      const own = left[name];
      if (own === undefined) differences.push(`${kind} ${name} is only in the second`);
      else differences.push(...(await arrayDifferences(kind, own, other, comparison)));
    }
  }
  if (comparison.isStrict) {
    differences.push(...attributeDifferences("the dataset", a.attributes, b.attributes));
  }
  return differences;
}

async function arrayDifferences(
  kind: string,
  a: DataArray,
  b: DataArray,
  { isStrict, signal }: Comparison,
): Promise<string[]> {
  const owner = `${kind} ${a.name}`;
  const differences: string[] = [];
  if (a.name !== b.name && isStrict) differences.push(`names ${a.name} and ${b.name}`);
  if (isStrict) differences.push(...attributeDifferences(owner, a.attributes, b.attributes));
  if (isStrict && a.dtype !== b.dtype) {
    differences.push(`${owner}: dtype ${a.dtype} and ${b.dtype}`);
  }
  if (a.dims.join("\0") !== b.dims.join("\0")) {
    differences.push(`${owner}: dimensions [${a.dims.join(", ")}] and [${b.dims.join(", ")}]`);
  } else if (a.shape.join() !== b.shape.join()) {
    differences.push(`${owner}: shape [${a.shape.join(", ")}] and [${b.shape.join(", ")}]`);
  } else {
    differences.push(...(await valueDifferences(owner, a, b, signal)));
  }
  return differences;
}

async function valueDifferences(
  owner: string,
  a: DataArray,
  b: DataArray,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  if (kindOf(a) !== kindOf(b)) return [`${owner}: values of ${a.dtype} and of ${b.dtype}`];
  const [x, y] = await Promise.all([comparable(a, signal), comparable(b, signal)]);
  const index = firstDifference(x, y);
  if (index < 0) return [];
  const at = indexAt(wholeBox(a.shape), index);
  const labels = at.map((i, d) => `${a.dims[d]} ${i}`).join(", ");
  const where = labels === "" ? "" : ` at ${labels}`;
  return [`${owner}: ${show(x, y, index)} and ${show(y, x, index)}${where}`];
}

function kindOf({ dtype }: DataArray): string {
  return dtype === "string" || dtype === "bytes" || dtype === "datetime" ? dtype : "number";
}

async function comparable(array: DataArray, signal: AbortSignal | undefined): Promise<Comparable> {
  const values = await array.readValues(signal);
  return { values, time: array.content.coding.time };
}

/** An element; of times in two calendars, with its calendar. */
function show(own: Comparable, other: Comparable, index: number): string {
  const text = describeItem(own, index);
  const calendar = own.time?.calendar;
  const isTold = calendar === other.time?.calendar || text.endsWith(")") || text === "NaT";
  return isTold ? text : `${text} (${calendar})`;
}

function attributeDifferences(
  owner: string,
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].flatMap((name) => {
    const [x, y] = [a[name], b[name]];
    if (x === y || (x !== undefined && y !== undefined && isSameAttribute(x, y))) return [];
    return [`${owner}: attribute ${name} is ${showAttribute(x)} and ${showAttribute(y)}`];
  });
}

function showAttribute(value: unknown): string {
  if (value === undefined) return "absent";
  return typeof value === "number" ? String(value) : printJson(value ?? null);
}

/** Equal as JSON values are: 1 is 1.0 and 1n, a typed array a list, but 3 is not [3]. */
function isSameAttribute(a: unknown, b: unknown): boolean {
  const [x, y] = [asList(a), asList(b)];
  if (Array.isArray(x) || Array.isArray(y)) {
    if (!Array.isArray(x) || !Array.isArray(y) || x.length !== y.length) return false;
    return x.every((item, i) => isSameAttribute(item, y[i]));
  }
  if (isNumber(x) && isNumber(y)) {
    // biome-ignore lint/suspicious/noDoubleEquals: 1n == 1, which no strict comparison says.
    return x == y || (Number.isNaN(x) && Number.isNaN(y));
  }
  if (typeof x === "object" && typeof y === "object" && x !== null && y !== null) {
    const keys = Object.keys(x);
    if (keys.length !== Object.keys(y).length) return false;
    return keys.every(
      (key) =>
        Object.hasOwn(y, key) &&
        isSameAttribute((x as Record<string, unknown>)[key], (y as Record<string, unknown>)[key]),
    );
  }
  return x === y;
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function asList(value: unknown): unknown {
  const isTyped = ArrayBuffer.isView(value) && !(value instanceof DataView);
  return isTyped ? Array.from(value as unknown as ArrayLike<number>) : value;
}
