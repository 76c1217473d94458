import { describe, expect, test } from "vitest";
import {
  type Calendar,
  dateOfDay,
  dayNumber,
  mustFindCalendar,
} from "../../../src/dataset/cf/calendar.ts";
import { formatInstant, parseTimeUnits } from "../../../src/dataset/cf/time-units.ts";
import { TimeArray } from "../../../src/dataset/model/time-array.ts";

const CALENDARS: readonly Calendar[] = [
  "standard",
  "proleptic_gregorian",
  "julian",
  "noleap",
  "all_leap",
  "360_day",
];

/** Numbers of 2000-02-29 and the like, worked out with cftime 1.6.6. */
const KNOWN: readonly (readonly [Calendar, [number, number, number], number | undefined])[] = [
  ["proleptic_gregorian", [1970, 1, 1], 0],
  ["proleptic_gregorian", [2000, 2, 29], 11_016],
  ["proleptic_gregorian", [1900, 2, 29], undefined],
  ["proleptic_gregorian", [1, 1, 1], -719_162],
  ["julian", [1969, 12, 19], 0],
  ["julian", [1500, 2, 29], -171_596],
  ["standard", [1582, 10, 15], -141_427],
  ["standard", [1582, 10, 4], -141_428],
  ["standard", [1582, 10, 10], undefined],
  ["noleap", [1971, 1, 1], 365],
  ["noleap", [2000, 2, 29], undefined],
  ["all_leap", [1971, 2, 29], 366 + 31 + 28],
  ["360_day", [1970, 2, 30], 59],
  ["360_day", [1970, 1, 31], undefined],
];

describe("calendars", () => {
  test.each(KNOWN)("%s numbers %j as %j", (calendar, [year, month, day], number) => {
    expect(dayNumber(calendar, { year, month, day })).toBe(number);
  });

  test.each(CALENDARS)("%s gives every day one date, and back", (calendar) => {
    let before = "";
    for (let day = -800_000; day < 60_000; day += 17) {
      const date = dateOfDay(calendar, day);
      const text = [date.year + 20_000, date.month + 10, date.day + 10].join("-");

      expect(dayNumber(calendar, date)).toBe(day);
      expect(text > before).toBe(true);
      before = text;
    }
  });

  test("the real calendars share their days from 1582 on", () => {
    for (let day = -141_427; day < 20_000; day += 1000) {
      expect(dateOfDay("standard", day)).toEqual(dateOfDay("proleptic_gregorian", day));
    }
    expect(dateOfDay("standard", -141_428)).toEqual(dateOfDay("julian", -141_428));
  });

  test("are known by their names in any case", () => {
    expect(mustFindCalendar("365_DAY", "time")).toBe("noleap");
    expect(mustFindCalendar("Gregorian", "time")).toBe("standard");
    expect(mustFindCalendar(undefined, "time")).toBe("standard");
    expect(() => mustFindCalendar("toString", "time")).toThrow(
      'time: there is no calendar "toString"',
    );
  });
});

describe("time units", () => {
  test.each([
    ["days since 2000-01-01", "2000-01-01T00:00:00"],
    ["Hours since 2000-1-1 6:30", "2000-01-01T06:30:00"],
    ["seconds since 1970-01-01T00:00:00Z", "1970-01-01T00:00:00"],
    ["h since 2000-01-01 00:00:00 +02:00", "1999-12-31T22:00:00"],
    ["ms since 2000-01-01 00:00:00.25 -0130", "2000-01-01T01:30:00.25"],
    ["days since 1-1-1 00:00:0.0", "0001-01-01T00:00:00"],
    ["minutes since 0000-02-29 UTC", "0000-02-29T00:00:00"],
  ])("%s count from %s", (units, start) => {
    const { reference, calendar } = parseTimeUnits(units, "proleptic_gregorian", "v");

    expect(formatInstant(reference, calendar)).toBe(start);
  });

  test.each(["months since 2000-01-01", "years since 2000-01-01", "since 2000-01-01"])(
    "%s have no fixed length and are refused",
    (units) => {
      expect(() => parseTimeUnits(units, undefined, "variable t")).toThrow(/variable t: units/);
    },
  );

  test("common_years go with noleap only", () => {
    const days = parseTimeUnits("common_years since 2000-01-01", "noleap", "v").unitNanos;

    expect(days / 86_400_000_000_000n).toBe(365n);
    expect(() => parseTimeUnits("common_years since 2000-01-01", "standard", "v")).toThrow();
  });

  test("a date that the calendar does not have is refused", () => {
    expect(() => parseTimeUnits("days since 2001-02-29", "noleap", "v")).toThrow(/no date/);
    expect(() => parseTimeUnits("days since yesterday", undefined, "v")).toThrow(/no date/);
  });
});

describe("a TimeArray", () => {
  test("says its times in the calendar's own dates", () => {
    const times = new TimeArray(
      Float64Array.of(722_608.5, Number.NaN),
      "days since 0001-01-01",
      "noleap",
    );

    expect(times.toISO(0)).toBe("1980-10-01T12:00:00");
    expect(times.toISO(1)).toBe("NaT");
    expect(times.toDate(0).toISOString()).toBe("1980-10-01T12:00:00.000Z");
    expect(Number.isNaN(times.toDate(1).getTime())).toBe(true);
  });

  test("keeps fractions to the nanosecond", () => {
    const times = new TimeArray(Float64Array.of(0.1), "days since 2000-01-01");

    expect(times.toISO(0)).toBe("2000-01-01T02:24:00");
  });

  test("keeps integers exact that no double holds", () => {
    const times = new TimeArray(
      BigInt64Array.of(2n ** 62n + 1n),
      "nanoseconds since 1970-01-01",
      "proleptic_gregorian",
    );

    expect(times.toNanoseconds(0)).toBe(2n ** 62n + 1n);
  });

  test("has no Date for a day that only a model has", () => {
    const times = new TimeArray(BigInt64Array.of(59n), "days since 2001-01-01", "360_day");

    expect(times.toISO(0)).toBe("2001-02-30T00:00:00");
    expect(() => times.toDate(0)).toThrow(/toISO/);
  });

  test("refuses other values", () => {
    expect(() => new TimeArray([1, 2] as never, "days since 2000-01-01")).toThrow(/BigInt64Array/);
  });
});
