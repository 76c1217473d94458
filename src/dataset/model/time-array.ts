/**
 * Times as a data set holds them: numbers in units of a calendar, never rounded to another clock.
 * "No time" is the smallest int64 (BigInt64Array) or NaN (Float64Array).
 */
import { makeError } from "../../base/errors.ts";
import { checkOption, mustBe } from "../../base/options.ts";
import { type Calendar, dateOfDay, dayNumber, isRealCalendar } from "../cf/calendar.ts";
import { formatInstant, splitInstant } from "../cf/instant.ts";
import { parseTimeUnits, type TimeUnits, UNIT_NANOS } from "../cf/time-units.ts";

/** Stands for "no time" among integers. */
export const NOT_A_TIME: bigint = -(2n ** 63n);
const NANOS_PER_MILLISECOND = 1_000_000n;
const NANOS_PER_SECOND = 1_000_000_000n;
const MICROS_PER_SECOND = 1_000_000n;

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
   * The time as a `Date`, invalid where there is none or it is beyond the range of a `Date`; finer
   * than milliseconds is cut off. Dates of model calendars (noleap, …) keep year, month and day.
   * @throws {invalid-option} a date that only the model calendar has, such as 30 February
   */
  toDate(index: number): Date {
    const instant = this.toNanoseconds(index);
    if (instant === undefined) return new Date(Number.NaN);
    const { days, nanos } = splitInstant(instant);
    const milliseconds = Number(nanos / NANOS_PER_MILLISECOND);
    return new Date(
      (realDay(this.#parsed.calendar, days) ?? Number.NaN) * 86_400_000 + milliseconds,
    );
  }

  /**
   * The time in the calendar's own date, as `2013-01-01T12:00:00`; `NaT` where there is none, `out of
   * range` beyond the years -999999 to 999999. Before year 1 comes year 0, in the calendars
   * `standard` and `julian` year -1.
   */
  toISO(index: number): string {
    const instant = this.toNanoseconds(index);
    return instant === undefined ? "NaT" : formatInstant(instant, this.#parsed.calendar);
  }
}

function realDay(calendar: Calendar, days: number): number | undefined {
  if (isRealCalendar(calendar)) return days;
  const date = dateOfDay(calendar, days);
  if (date === undefined) return undefined;
  const real = dayNumber("proleptic_gregorian", date);
  if (real !== undefined) return real;
  throw makeError(
    "invalid-option",
    `${date.year}-${date.month}-${date.day} of the calendar ${calendar} is no date of ours; use toISO`,
    { details: { calendar, ...date } },
  );
}

/**
 * The instant of an encoded value; `undefined` for no time. Of fractions it is what xarray finds:
 * in the range of its nanoseconds a product of doubles, elsewhere whole microseconds.
 */
export function instantOf(
  value: bigint | number | undefined,
  { unitNanos, reference, calendar }: TimeUnits,
): bigint | undefined {
  if (value === undefined || value === NOT_A_TIME) return undefined;
  if (typeof value === "bigint") return reference + value * unitNanos;
  if (!Number.isFinite(value)) return undefined;
  const product = Math.trunc(value * Number(unitNanos));
  const isCivil = calendar === "standard" || calendar === "proleptic_gregorian";
  if (isCivil && isInt64(reference) && Math.abs(product) < 2 ** 63) {
    const instant = reference + BigInt(product);
    if (isInt64(instant)) return instant;
  }
  const whole = Math.floor(value);
  const fraction = Math.round((value - whole) * Number(unitNanos));
  return reference + wholeMicros(BigInt(whole) * unitNanos + BigInt(fraction), unitNanos);
}

function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

/**
 * Rounds to microseconds, half to even; what is less than two of them from a whole second is taken
 * for it, unless units are shorter than seconds.
 */
function wholeMicros(nanos: bigint, unitNanos: bigint): bigint {
  const rest = modulo(nanos, 1000n);
  const below = (nanos - rest) / 1000n;
  const isUp = rest > 500n || (rest === 500n && modulo(below, 2n) === 1n);
  let micros = isUp ? below + 1n : below;
  if (unitNanos >= NANOS_PER_SECOND) {
    const beyond = modulo(micros, MICROS_PER_SECOND);
    if (beyond === 1n) micros = below;
    else if (beyond === MICROS_PER_SECOND - 1n && rest > 0n) micros = below + 1n;
  }
  return micros * 1000n;
}

function modulo(value: bigint, by: bigint): bigint {
  return ((value % by) + by) % by;
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
    if (value * unitNanos !== distance || !isInt64(value)) return undefined;
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
