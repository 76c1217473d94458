/**
 * Time units such as `days since 2000-01-01 12:00`: how long a unit is, and the instant they count
 * from. Spec: CF "Time Coordinate".
 */
import { makeError } from "../../base/errors.ts";
import { describe } from "../../base/options.ts";
import { type Calendar, findCalendar, isHistorical } from "./calendar.ts";
import { DAY_NANOS } from "./instant.ts";
import { parseReferenceDate } from "./reference-date.ts";

/** Units by their main name, the longest first, and what else they are called. */
const UNITS: readonly (readonly [unit: string, nanos: bigint, ...others: string[]])[] = [
  ["days", DAY_NANOS, "d", "day"],
  ["hours", 3_600_000_000_000n, "h", "hr", "hrs", "hour"],
  ["minutes", 60_000_000_000n, "min", "mins", "minute"],
  ["seconds", 1_000_000_000n, "s", "sec", "secs", "second"],
  ["milliseconds", 1_000_000n, "ms", "msec", "msecs", "millisec", "millisecs", "millisecond"],
  ["microseconds", 1000n, "us", "microsec", "microsecs", "microsecond"],
  ["nanoseconds", 1n, "ns", "nanosec", "nanosecs", "nanosecond"],
];

/** Units that have a fixed length in one calendar only. */
const CALENDAR_UNITS: Partial<Record<Calendar, (typeof UNITS)[number]>> = {
  noleap: ["common_years", 365n * DAY_NANOS, "common_year"],
  "360_day": ["months", 30n * DAY_NANOS, "month"],
};

/** How long units are, by their main name, the longest first. */
export const UNIT_NANOS: ReadonlyMap<string, bigint> = new Map(
  UNITS.map(([unit, nanos]) => [unit, nanos]),
);

/** Units, taken apart. */
export interface TimeUnits {
  /** As they were written. */
  readonly text: string;
  /** The unit's main name: `days` … `nanoseconds`, `common_years` or `months`. */
  readonly unit: string;
  readonly unitNanos: bigint;
  /** The instant they count from. */
  readonly reference: bigint;
  readonly calendar: Calendar;
}

/** Why units are not understood. */
interface UnitsProblem {
  readonly problem: string;
  readonly attribute: "units" | "calendar";
  readonly kind: "unimplemented" | "invalid-option";
}

/** Whether equal numbers in both are equal times. */
export function isSameUnits(a: TimeUnits | undefined, b: TimeUnits | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.unitNanos === b.unitNanos && a.reference === b.reference && a.calendar === b.calendar;
}

/** Whether the text of a `units` attribute is meant as units of time. */
export function isTimeUnits(units: unknown): units is string {
  return typeof units === "string" && units.includes("since");
}

/** Takes units apart; the calendar is `standard` unless given. */
export function readTimeUnits(text: string, calendarName: unknown): TimeUnits | UnitsProblem {
  const calendar =
    typeof calendarName === "string"
      ? findCalendar(calendarName)
      : calendarName === undefined
        ? "standard"
        : undefined;
  if (calendar === undefined) {
    const problem = `there is no calendar ${describe(calendarName)}`;
    return { problem, attribute: "calendar", kind: "unimplemented" };
  }
  const spelled = `units ${JSON.stringify(text)}`;
  const [, name, date] = /^\s*(\S+)\s+since\s+(\S.*)$/s.exec(text) ?? [];
  const unit = name === undefined ? undefined : findUnit(name.toLowerCase(), calendar);
  if (unit === undefined) {
    const problem = `${spelled} have no unit of a fixed length`;
    return { problem, attribute: "units", kind: "unimplemented" };
  }
  const reference = parseReferenceDate(date ?? "", calendar);
  if (reference === undefined) {
    const isYearZero = /^0+-/.test(date ?? "") && isHistorical(calendar);
    const problem = isYearZero
      ? `${spelled} count from a year 0, which the calendar ${calendar} does not have`
      : `${spelled} have no clear date of the calendar ${calendar}`;
    return { problem, attribute: "units", kind: "invalid-option" };
  }
  const [main, unitNanos] = unit;
  return { text, unit: main, unitNanos, reference, calendar };
}

/** Takes units apart. @throws {unimplemented} @throws {invalid-option} */
export function parseTimeUnits(
  text: string,
  calendarName: string | undefined,
  owner: string,
): TimeUnits {
  const units = readTimeUnits(text, calendarName);
  if (!("problem" in units)) return units;
  throw makeError(units.kind, `${owner}: ${units.problem}`, {
    details: { owner, units: text, calendar: calendarName, known: [...UNIT_NANOS.keys()] },
  });
}

function findUnit(name: string, calendar: Calendar): (typeof UNITS)[number] | undefined {
  const own = CALENDAR_UNITS[calendar];
  const known = own === undefined ? UNITS : [...UNITS, own];
  return known.find(([unit, , ...others]) => unit === name || others.includes(name));
}
