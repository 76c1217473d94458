/** Whether decoded values are equal: NaN is NaN, 0 is -0, a time is a time whatever its units. */
import { describe } from "../../base/options.ts";
import { isList, isSameItem } from "../../zarr/codecs/elements.ts";
import type { Values } from "../array/elements.ts";
import { whyNotShared } from "../cf/calendar.ts";
import { splitInstant } from "../cf/instant.ts";
import { isSameUnits, type TimeUnits } from "../cf/time-units.ts";
import { describeTime, instantOf } from "./time-array.ts";

/** Decoded values, with their units if they are times. */
export interface Comparable {
  readonly values: Values;
  readonly time: TimeUnits | undefined;
}

/** One element as messages show it: times as dates, bytes as text where they are text. */
export function describeItem({ values, time }: Comparable, index: number): string {
  const value = values[index] as unknown;
  return time === undefined ? describe(value) : describeTime(value as bigint | number, time);
}

/** The first element in which both differ; -1 if none does. Both have the same length. */
export function firstDifference(a: Comparable, b: Comparable): number {
  if (isList(a.values) || isList(b.values)) return firstListDifference(a.values, b.values);
  // A time is no number, though it may be stored as one.
  if ((a.time === undefined) !== (b.time === undefined)) return a.values.length === 0 ? -1 : 0;
  if (a.time !== undefined && b.time !== undefined && !isSameTimes(a, b)) {
    return firstTimeDifference(a, a.time, b, b.time);
  }
  const x = a.values as Float64Array;
  const y = b.values as Float64Array;
  for (let i = 0; i < x.length; i++) {
    const p = x[i] as number;
    const q = y[i] as number;
    // Bigints and numbers are compared as numbers are, exactly.
    // biome-ignore lint/suspicious/noDoubleEquals: 1n == 1, which no strict comparison says.
    if (p != q && !(Number.isNaN(p) && Number.isNaN(q))) return i;
  }
  return -1;
}

function firstListDifference(a: Values, b: Values): number {
  for (let i = 0; i < a.length; i++) {
    const p = a[i] as unknown as string | Uint8Array;
    const q = b[i] as unknown as string | Uint8Array;
    if (typeof p !== typeof q || !isSameItem(p, q)) return i;
  }
  return -1;
}

/** Whether equal numbers are equal times. */
function isSameTimes(a: Comparable, b: Comparable): boolean {
  return isSameUnits(a.time, b.time) && a.values.constructor === b.values.constructor;
}

function firstTimeDifference(
  a: Comparable,
  aUnits: TimeUnits,
  b: Comparable,
  bUnits: TimeUnits,
): number {
  const isShared = (instant: bigint | undefined): boolean =>
    instant === undefined ||
    whyNotShared(aUnits.calendar, bUnits.calendar, splitInstant(instant).days) === undefined;
  for (let i = 0; i < a.values.length; i++) {
    const x = instantOf(a.values[i] as number, aUnits);
    const y = instantOf(b.values[i] as number, bUnits);
    if (x !== y || !isShared(x)) return i;
  }
  return -1;
}
