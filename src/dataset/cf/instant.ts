/**
 * Instants: nanoseconds since day 0 of a calendar, as bigints, so that nothing is rounded and
 * nothing overflows.
 */
import { type Calendar, type CalendarDate, dateOfDay, dayNumber } from "./calendar.ts";

/** Nanoseconds of a day. */
export const DAY_NANOS = 86_400_000_000_000n;

/** What stands where a time has no date: see `YEAR_MAX`. */
const OUT_OF_RANGE = "out of range";

/** A time of day, and how far it is ahead of UTC. */
export interface Clock {
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  /** Digits behind the decimal point; those beyond nine are cut off. */
  readonly fraction: string;
  readonly zoneMinutes: number;
}

/** The instant of a date and clock; `undefined` if there is no such date or time of day. */
export function instantOfDate(
  calendar: Calendar,
  date: CalendarDate,
  { hours, minutes, seconds, fraction, zoneMinutes }: Clock,
): bigint | undefined {
  const days = dayNumber(calendar, date);
  if (days === undefined || hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const whole = ((hours * 60 + minutes - zoneMinutes) * 60 + seconds) * 1000;
  const nanos = BigInt(fraction.slice(0, 9).padEnd(9, "0"));
  return BigInt(days) * DAY_NANOS + BigInt(whole) * 1_000_000n + nanos;
}

/** The day of an instant and the nanoseconds since that day began. */
export function splitInstant(instant: bigint): { days: number; nanos: bigint } {
  const nanos = ((instant % DAY_NANOS) + DAY_NANOS) % DAY_NANOS;
  return { days: Number((instant - nanos) / DAY_NANOS), nanos };
}

/**
 * An instant as `2013-01-01T12:00:00`, with as much of a fraction as it has; `out of range` where
 * the calendar has no date.
 */
export function formatInstant(instant: bigint, calendar: Calendar, separator = "T"): string {
  const { days, nanos } = splitInstant(instant);
  const found = dateOfDay(calendar, days);
  if (found === undefined) return OUT_OF_RANGE;
  const { year, month, day } = found;
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
