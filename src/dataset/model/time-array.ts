/**
 * Times as a data set holds them: numbers in units of a calendar, never rounded to another clock.
 * "No time" is the smallest int64 (BigInt64Array) or NaN (Float64Array).
 */
import { makeError } from "../../base/errors.ts";
import { checkOption, mustBe } from "../../base/options.ts";
import { type Calendar, dateOfDay, dayNumber, isRealCalendar } from "../cf/calendar.ts";
import {
  formatInstant,
  parseTimeUnits,
  splitInstant,
  type TimeUnits,
  UNIT_NANOS,
} from "../cf/time-units.ts";

/** Stands for "no time" among integers. */
export const NOT_A_TIME: bigint = -(2n ** 63n);
const NANOS_PER_MILLISECOND = 1_000_000n;

/** Times of one calendar. */
export class TimeArray {
  /** Numbers in `units`; may be changed in place. */
  readonly values: BigInt64Array | Float64Array;
  /** For example `days since 2000-01-01`. */
  readonly units: string;
  /** The calendar by the name it was given. */
  readonly calendar: string;
  readonly #parsed: TimeUnits;

  /**
   * Takes the values as they are, without copying. The calendar is `standard` unless given.
   * @throws {invalid-option} values or units that make no times
   * @throws {unimplemented} unknown calendars
   */
  constructor(values: BigInt64Array | Float64Array, units: string, calendar = "standard") {
    checkOption("TimeArray", "values", values, (value) =>
      value instanceof BigInt64Array || value instanceof Float64Array
        ? undefined
        : mustBe("a BigInt64Array or a Float64Array", value),
    );
    this.#parsed = parseTimeUnits(units, calendar, "TimeArray");
    this.values = values;
    this.units = units;
    this.calendar = calendar;
  }

  /** How many times there are. */
  get length(): number {
    return this.values.length;
  }

  /** @internal Units and calendar, taken apart. */
  get parsed(): TimeUnits {
    return this.#parsed;
  }

  /** Nanoseconds since 1970-01-01 of the calendar, exact; `undefined` where there is no time. */
  toNanoseconds(index: number): bigint | undefined {
    return instantOf(this.values[index], this.#parsed);
  }

  /**
   * The time as a `Date`, invalid where there is none; finer than milliseconds is cut off. Dates of
   * model calendars (noleap, …) keep year, month and day.
   * @throws {invalid-option} a date that only the model calendar has, such as 30 February
   */
  toDate(index: number): Date {
    const instant = this.toNanoseconds(index);
    if (instant === undefined) return new Date(Number.NaN);
    const { days, nanos } = splitInstant(instant);
    const milliseconds = Number(nanos / NANOS_PER_MILLISECOND);
    return new Date(realDay(this.#parsed.calendar, days) * 86_400_000 + milliseconds);
  }

  /** The time in the calendar's own date, as `2013-01-01T12:00:00`; `NaT` where there is none. */
  toISO(index: number): string {
    const instant = this.toNanoseconds(index);
    return instant === undefined ? "NaT" : formatInstant(instant, this.#parsed.calendar);
  }
}

function realDay(calendar: Calendar, days: number): number {
  if (isRealCalendar(calendar)) return days;
  const date = dateOfDay(calendar, days);
  const real = dayNumber("proleptic_gregorian", date);
  if (real !== undefined) return real;
  throw makeError(
    "invalid-option",
    `${date.year}-${date.month}-${date.day} of the calendar ${calendar} is no date of ours; use toISO`,
    { details: { calendar, ...date } },
  );
}

/** The instant of an encoded value; `undefined` for no time. Fractions are rounded to nanoseconds. */
export function instantOf(
  value: bigint | number | undefined,
  { unitNanos, reference }: TimeUnits,
): bigint | undefined {
  if (value === undefined || value === NOT_A_TIME) return undefined;
  if (typeof value === "bigint") return reference + value * unitNanos;
  if (!Number.isFinite(value)) return undefined;
  const whole = Math.floor(value);
  const fraction = Math.round((value - whole) * Number(unitNanos));
  return reference + BigInt(whole) * unitNanos + BigInt(fraction);
}

/** An encoded value as its date, with the calendar where it is not a real one; `NaT` for no time. */
export function describeTime(value: bigint | number | undefined, units: TimeUnits): string {
  const instant = instantOf(value, units);
  if (instant === undefined) return "NaT";
  const date = formatInstant(instant, units.calendar);
  return isRealCalendar(units.calendar) ? date : `${date} (${units.calendar})`;
}

/** Instants in whole units, or `undefined` if some lie between. No time stays no time. */
export function encodeWhole(
  instants: readonly (bigint | undefined)[],
  { unitNanos, reference }: TimeUnits,
): BigInt64Array | undefined {
  const encoded = new BigInt64Array(instants.length);
  for (let i = 0; i < instants.length; i++) {
    const instant = instants[i];
    if (instant === undefined) {
      encoded[i] = NOT_A_TIME;
      continue;
    }
    const distance = instant - reference;
    const value = distance / unitNanos;
    if (value * unitNanos !== distance || BigInt.asIntN(64, value) !== value) return undefined;
    encoded[i] = value;
  }
  return encoded;
}

/** Instants in units, as nearly as doubles can say; no time is NaN. */
export function encodeFractional(
  instants: readonly (bigint | undefined)[],
  { unitNanos, reference }: TimeUnits,
): Float64Array {
  return Float64Array.from(instants, (instant) => {
    if (instant === undefined) return Number.NaN;
    const distance = instant - reference;
    const rest = distance % unitNanos;
    return Number((distance - rest) / unitNanos) + Number(rest) / Number(unitNanos);
  });
}

/**
 * Dates as times, in the coarsest unit that holds every one exactly, counted from the first: what
 * xarray chooses. Invalid dates become "no time".
 */
export function timesOfDates(dates: readonly Date[]): TimeArray {
  const instants = dates.map((date) => {
    const milliseconds = date.getTime();
    return Number.isNaN(milliseconds) ? undefined : BigInt(milliseconds) * NANOS_PER_MILLISECOND;
  });
  const first = instants.find((instant) => instant !== undefined) ?? 0n;
  // Fractions have six digits in the units that xarray writes; dates here have milliseconds.
  const start = formatInstant(first, "proleptic_gregorian", " ").replace(
    /\.(\d+)$/,
    (_, digits) => `.${String(digits).padEnd(6, "0")}`,
  );
  for (const unit of UNIT_NANOS.keys()) {
    const units = `${unit} since ${start}`;
    const parsed = parseTimeUnits(units, "proleptic_gregorian", "TimeArray");
    const values = encodeWhole(instants, parsed);
    if (values !== undefined) return new TimeArray(values, units, "proleptic_gregorian");
  }
  throw makeError("internal", "dates fit no unit");
}
