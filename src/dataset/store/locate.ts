/** Finds a part of a dimension in a store by the values of its coordinate, compared exactly. */

import type { Extent } from "../../base/extent.ts";
import { isList } from "../../zarr/codecs/elements.ts";
import { whyNotShared } from "../cf/calendar.ts";
import { splitInstant } from "../cf/instant.ts";
import { type Comparable, describeItem } from "../model/compare-values.ts";
import { instantOf } from "../model/time-array.ts";
import { invalid } from "./invalid.ts";
import type { BothValues } from "./stored-values.ts";

type Key = number | bigint | string | undefined;

/** Where the own values stand among the stored ones. @throws {invalid-option} */
export function locate(dim: string, { own, stored }: BothValues): Extent {
  refuseOtherDates(dim, own, stored);
  const wanted = keysOf(own);
  const [first] = wanted;
  if (wanted.length === 0) return { start: 0, end: 0 };
  const positions = new Map<Key, number>();
  const repeated = new Set<Key>();
  keysOf(stored).forEach((key, i) => {
    if (positions.has(key)) repeated.add(key);
    else positions.set(key, i);
  });
  const start = positions.get(first);
  wanted.forEach((key, i) => {
    const value = `value ${i} of coordinate ${dim} (${describeItem(own, i)})`;
    const position = positions.get(key);
    if (position === undefined || key === undefined || start === undefined) {
      throw invalid("region", `${value} is not in the store`);
    }
    if (repeated.has(key)) {
      throw invalid("region", `${value} is in the store twice`);
    }
    if (position !== start + i) {
      if (wanted.every((other, back) => positions.get(other) === start - back)) {
        throw invalid(
          "region",
          `coordinate ${dim} is in reverse order: the store has its values from ${describeItem(own, wanted.length - 1)} to ${describeItem(own, 0)}`,
        );
      }
      throw invalid(
        "region",
        `coordinate ${dim} is not one stretch of the store's: value ${i} stands at ${position}, not at ${start + i}`,
      );
    }
  });
  return { start: start as number, end: (start as number) + wanted.length };
}

/** Equal instants of two calendars may be other dates. */
function refuseOtherDates(dim: string, own: Comparable, stored: Comparable): void {
  const [a, b] = [own.time, stored.time];
  if (a === undefined || b === undefined || a.calendar === b.calendar) return;
  for (const [i, value] of own.values.entries()) {
    const instant = instantOf(value as bigint | number, a);
    if (instant === undefined) continue;
    const why = whyNotShared(a.calendar, b.calendar, splitInstant(instant).days);
    if (why === undefined) continue;
    throw invalid("region", `value ${i} of coordinate ${dim} (${describeItem(own, i)}): ${why}`);
  }
}

/** Values as keys of a map: equal values have equal keys. */
function keysOf({ values, time }: Comparable): Key[] {
  if (isList(values)) {
    return (values as (string | Uint8Array)[]).map((value) =>
      typeof value === "string" ? value : `bytes ${Array.from(value).join(" ")}`,
    );
  }
  return Array.from(values as ArrayLike<number | bigint>, (value): Key => {
    if (time !== undefined) return instantOf(value, time);
    // An int64 and a double of the same value are one key.
    const number = Number(value);
    return typeof value === "bigint" && Number.isSafeInteger(number) ? number : value;
  });
}
