/**
 * Time units such as `days since 2000-01-01 12:00`: how long a unit is, and the instant they count
 * from. Instants are nanoseconds since day 0 of the calendar, as bigints: nothing is rounded.
 * Spec: CF "Time Coordinate".
 */
import { makeError } from "../../base/errors.ts";
import { type Calendar, dateOfDay, dayNumber, mustFindCalendar } from "./calendar.ts";

/** Nanoseconds of a day. */
export const DAY_NANOS = 86_400_000_000_000n;

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

/** How long units are, by their main name, the longest first. */
export const UNIT_NANOS: ReadonlyMap<string, bigint> = new Map(
  UNITS.map(([unit, nanos]) => [unit, nanos]),
);
const COMMON_YEAR_DAYS = 365n;

/** Units, taken apart. */
export interface TimeUnits {
  /** As they were written. */
  readonly text: string;
  /** The unit's main name: `days` … `nanoseconds`, or `common_years`. */
  readonly unit: string;
  readonly unitNanos: bigint;
  /** The instant they count from. */
  readonly reference: bigint;
  readonly calendar: Calendar;
}

/** Whether equal numbers in both are equal times. */
export function isSameUnits(a: TimeUnits | undefined, b: TimeUnits | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.unitNanos === b.unitNanos && a.reference === b.reference && a.calendar === b.calendar;
}

/** Whether the text of a `units` attribute is meant as units of time. */
export function isTimeUnits(units: unknown): units is string {
  return typeof units === "string" && /\bsince\b/i.test(units);
}

/** Takes units apart. @throws {unimplemented} @throws {invalid-option} */
export function parseTimeUnits(
  text: string,
  calendarName: string | undefined,
  owner: string,
): TimeUnits {
  const calendar = mustFindCalendar(calendarName, owner);
  const match = /^\s*(\S+)\s+since\s+(.*?)\s*$/i.exec(text);
  const unit = canonicalUnit(match?.[1] ?? "", calendar);
  if (match === null || unit === undefined) {
    throw makeError(
      "unimplemented",
      `${owner}: units ${JSON.stringify(text)} have no unit of a fixed length; pass decodeTimes: false to read the numbers`,
      { details: { owner, units: text, known: [...UNIT_NANOS.keys()] } },
    );
  }
  const reference = parseDate(match[2] as string, calendar)?.instant;
  if (reference === undefined) {
    throw makeError(
      "invalid-option",
      `${owner}: units ${JSON.stringify(text)} have no date of the calendar ${calendar}`,
      { details: { owner, units: text, calendar } },
    );
  }
  return { text, ...unit, reference, calendar };
}

function canonicalUnit(
  name: string,
  calendar: Calendar,
): { unit: string; unitNanos: bigint } | undefined {
  const lower = name.toLowerCase();
  const isYear = lower === "common_year" || lower === "common_years";
  if (isYear && calendar === "noleap") {
    return { unit: "common_years", unitNanos: COMMON_YEAR_DAYS * DAY_NANOS };
  }
  const found = UNITS.find(([unit, , ...others]) => unit === lower || others.includes(lower));
  return found && { unit: found[0], unitNanos: found[1] };
}

const DATE = /^([+-]?\d{1,6})(?:-(\d{1,2})(?:-(\d{1,2}))?)?/;
const TIME = /^(?:[T\s]+)(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9})\d*)?)?)?/i;
const ZONE = /^\s*(?:Z|UTC|GMT|([+-])(\d{1,2})(?::?(\d{2}))?)$/i;

/** How much of a date a text says. */
export type DatePrecision = "year" | "month" | "day" | "time";

/** A text as the instant it begins at, and how precise it is; `undefined` if it is not a date. */
export function parseDate(
  text: string,
  calendar: Calendar,
): { instant: bigint; precision: DatePrecision } | undefined {
  let rest = text.trim();
  const date = DATE.exec(rest);
  if (date === null) return undefined;
  rest = rest.slice(date[0].length);
  const time = TIME.exec(rest);
  if (time !== null) rest = rest.slice(time[0].length);
  const zone = ZONE.exec(rest);
  if (rest.trim() !== "" && zone === null) return undefined;
  const [year, month, day] = [date[1], date[2] ?? "1", date[3] ?? "1"].map(Number);
  const number = dayNumber(calendar, {
    year: year as number,
    month: month as number,
    day: day as number,
  });
  const clock = clockNanos(time);
  if (number === undefined || clock === undefined) return undefined;
  const precision =
    time !== null
      ? "time"
      : date[3] !== undefined
        ? "day"
        : date[2] !== undefined
          ? "month"
          : "year";
  return { instant: BigInt(number) * DAY_NANOS + clock - zoneNanos(zone), precision };
}

function clockNanos(time: RegExpExecArray | null): bigint | undefined {
  if (time === null) return 0n;
  const [hours, minutes, seconds] = [time[1], time[2], time[3]].map((part) => Number(part ?? 0));
  if ((hours as number) > 24 || (minutes as number) > 59 || (seconds as number) > 60) {
    return undefined;
  }
  const whole = ((hours as number) * 60 + (minutes as number)) * 60 + (seconds as number);
  return BigInt(whole) * 1_000_000_000n + BigInt((time[4] ?? "").padEnd(9, "0"));
}

function zoneNanos(zone: RegExpExecArray | null): bigint {
  if (zone?.[1] === undefined) return 0n;
  const minutes = Number(zone[2]) * 60 + Number(zone[3] ?? 0);
  return BigInt(zone[1] === "-" ? -minutes : minutes) * 60_000_000_000n;
}

/** An instant as `2013-01-01T12:00:00`, with as much of a fraction as it has. */
export function formatInstant(instant: bigint, calendar: Calendar, separator = "T"): string {
  const { days, nanos } = splitInstant(instant);
  const { year, month, day } = dateOfDay(calendar, days);
  const seconds = Number(nanos / 1_000_000_000n);
  const fraction = String(nanos % 1_000_000_000n)
    .padStart(9, "0")
    .replace(/0+$/, "");
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map(pad2)
    .join(":");
  const sign = year < 0 ? "-" : "";
  const date = `${sign}${String(Math.abs(year)).padStart(4, "0")}-${pad2(month)}-${pad2(day)}`;
  return `${date}${separator}${clock}${fraction === "" ? "" : `.${fraction}`}`;
}

function pad2(value: number): string {
  return String(value).padStart(2, "0");
}

/** The day of an instant and the nanoseconds since that day began. */
export function splitInstant(instant: bigint): { days: number; nanos: bigint } {
  const nanos = ((instant % DAY_NANOS) + DAY_NANOS) % DAY_NANOS;
  return { days: Number((instant - nanos) / DAY_NANOS), nanos };
}
