/** Selections by coordinate values, as `sel` takes them. */
import { makeError } from "../../base/errors.ts";
import { describe, isPlainObject } from "../../base/options.ts";
import { type Calendar, dateOfDay, dayAfter, whyNotShared } from "../cf/calendar.ts";
import { type DatePrecision, parseDateLabel } from "../cf/date-label.ts";
import { DAY_NANOS, splitInstant } from "../cf/instant.ts";
import { isTimeArray } from "./data.ts";
import type { DataArray } from "./data-array.ts";
import type { Indexer } from "./indexers.ts";

/** One coordinate value. */
export type Label = number | bigint | string | Date;

/** One dimension: a value, a list, or a range with both ends included. */
export type LabelIndexer =
  | Label
  | readonly Label[]
  | { readonly start?: Label | null | undefined; readonly end?: Label | null | undefined };

/** Selections by dimension name. */
export type Labels = Readonly<Record<string, LabelIndexer>>;

/** Options of `sel`. */
export interface SelectOptions {
  /** `nearest`: the closest value, where none is equal. */
  readonly method?: "nearest" | undefined;
}

type Comparable = number | bigint | string;

/** Values as they compare; `undefined` is not a label. */
type Keys = readonly (Comparable | undefined)[];

/** A label as the coordinate's values compare: an interval for texts such as `2013-01`. */
interface LabelRange {
  readonly first: Comparable;
  readonly last: Comparable;
}

/** Positions of labels in a loaded one-dimensional coordinate. @throws {invalid-option} */
export function labelsToIndexers(
  index: DataArray,
  label: LabelIndexer,
  { method }: SelectOptions,
): Indexer {
  if (method !== undefined && method !== "nearest") {
    throw invalid(index, `unknown method ${describe(method)}`);
  }
  const keys = comparableValues(index);
  if (Array.isArray(label)) return label.map((one) => findOne(index, keys, one as Label, method));
  if (isPlainObject(label)) {
    if (method === undefined) return findRange(index, keys, label);
    throw invalid(index, `method ${method} goes with values, not with a range`);
  }
  const one = label as Label;
  const range = parseLabel(index, one);
  if (typeof one === "string" && range.first !== range.last && method === undefined) {
    const matches = keys.flatMap((key, i) => (isWithin(key, range) ? [i] : []));
    // A text that names a day finds the one time in it, or all of them.
    if (matches.length > 1 || !keys.includes(range.first)) {
      if (matches.length > 0) return matches;
    }
  }
  return findOne(index, keys, one, method);
}

/** Instants of times, everything else as it is. */
function comparableValues(index: DataArray): Keys {
  const { values } = index;
  if (isTimeArray(values)) {
    return Array.from({ length: values.length }, (_, i) => values.toNanoseconds(i));
  }
  return Array.from(values as ArrayLike<number | bigint | string | Uint8Array>, (value) =>
    value instanceof Uint8Array ? new TextDecoder().decode(value) : value,
  );
}

function parseLabel(index: DataArray, label: Label): LabelRange {
  const { values } = index;
  if (!isTimeArray(values)) {
    if (label instanceof Date) throw invalid(index, "its values are no times");
    const isBig = values instanceof BigInt64Array || values instanceof BigUint64Array;
    const value = isBig && Number.isSafeInteger(label) ? BigInt(label as number) : label;
    return { first: value, last: value };
  }
  const { calendar } = values.parsed;
  if (label instanceof Date) return rangeOfDate(index, label, calendar);
  const parsed = typeof label === "string" ? parseDateLabel(label, calendar) : undefined;
  const last = parsed && endOf(parsed.instant, parsed.precision, calendar);
  if (parsed !== undefined && last !== undefined) return { first: parsed.instant, last };
  throw invalid(index, `${describe(label)} is no time of its calendar ${calendar}`);
}

/** A `Date` is a time of the calendar proleptic_gregorian. */
function rangeOfDate(index: DataArray, date: Date, calendar: Calendar): LabelRange {
  const milliseconds = date.getTime();
  if (Number.isNaN(milliseconds)) throw invalid(index, `${describe(date)} is no time`);
  const instant = BigInt(milliseconds) * 1_000_000n;
  const why = whyNotShared("proleptic_gregorian", calendar, splitInstant(instant).days);
  if (why === undefined) return { first: instant, last: instant };
  throw invalid(index, `a Date cannot say ${date.toISOString()} there: ${why}; use a text`);
}

/** The last nanosecond of the day, month or year that an instant begins, in the range of years. */
function endOf(instant: bigint, precision: DatePrecision, calendar: Calendar): bigint | undefined {
  if (precision === "time") return instant;
  if (precision === "day") return instant + DAY_NANOS - 1n;
  const date = dateOfDay(calendar, splitInstant(instant).days);
  const next = date && dayAfter(calendar, date, precision);
  return next === undefined ? undefined : BigInt(next) * DAY_NANOS - 1n;
}

function isWithin(key: Comparable | undefined, { first, last }: LabelRange): boolean {
  return key !== undefined && key >= first && key <= last;
}

function findOne(
  index: DataArray,
  keys: Keys,
  label: Label,
  method: SelectOptions["method"],
): number {
  const { first } = parseLabel(index, label);
  const position = keys.indexOf(first);
  if (position >= 0) return position;
  if (method === "nearest" && typeof first !== "string") return nearest(index, keys, first);
  throw invalid(index, `there is no value ${describe(label)}`);
}

function nearest(index: DataArray, keys: Keys, wanted: number | bigint): number {
  let best = -1;
  let distance: number | bigint = 0;
  keys.forEach((key, i) => {
    if (key === undefined || typeof key === "string" || Number.isNaN(key)) return;
    const apart =
      typeof key === "bigint" && typeof wanted === "bigint"
        ? absolute(key - wanted)
        : Math.abs(Number(key) - Number(wanted));
    if (best < 0 || apart < distance) {
      best = i;
      distance = apart;
    }
  });
  if (best >= 0) return best;
  throw invalid(index, "it has no values");
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function findRange(
  index: DataArray,
  keys: Keys,
  range: { readonly start?: Label | null | undefined; readonly end?: Label | null | undefined },
): Indexer {
  const unknown = Object.keys(range).find((key) => key !== "start" && key !== "end");
  if (unknown !== undefined) throw invalid(index, `unknown key ${unknown} in a range of values`);
  const isFalling = isSorted(keys, false);
  if (!isFalling && !isSorted(keys, true)) throw invalid(index, "a range needs sorted values");
  // In a falling coordinate the range is given in its own order: from the larger to the smaller.
  const [low, high] =
    isFalling && keys.length > 1 ? [range.end, range.start] : [range.start, range.end];
  const first = low === undefined || low === null ? undefined : parseLabel(index, low).first;
  const last = high === undefined || high === null ? undefined : parseLabel(index, high).last;
  const isIn = (key: Comparable | undefined): boolean =>
    key !== undefined &&
    (first === undefined || key >= first) &&
    (last === undefined || key <= last);
  const start = keys.findIndex(isIn);
  if (start < 0) return { start: 0, end: 0 };
  return { start, end: keys.findLastIndex(isIn) + 1 };
}

function isSorted(keys: Keys, isRising: boolean): boolean {
  return keys.every((key, i) => {
    const before = keys[i - 1];
    if (i === 0) return key !== undefined;
    if (key === undefined || before === undefined) return false;
    return isRising ? key >= before : key <= before;
  });
}

function invalid(index: DataArray, what: string): Error {
  return makeError("invalid-option", `sel: coordinate ${index.name}: ${what}`, {
    details: { coordinate: index.name },
  });
}
