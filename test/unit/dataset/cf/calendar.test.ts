import { describe, expect, test } from "vitest";
import {
  type Calendar,
  dateOfDay,
  dayAfter,
  dayNumber,
  findCalendar,
} from "../../../../src/dataset/cf/calendar.ts";
import { formatInstant } from "../../../../src/dataset/cf/instant.ts";
import { parseTimeUnits } from "../../../../src/dataset/cf/time-units.ts";
import { TimeArray } from "../../../../src/dataset/model/time-array.ts";

/** The last year that has dates. */
const YEAR_MAX = 999_999;
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

  test.each(CALENDARS)("%s has dates in a range of years, and beyond it none", (calendar) => {
    for (const year of [YEAR_MAX, -YEAR_MAX]) {
      const edge = { year, month: year > 0 ? 12 : 1, day: year > 0 ? 30 : 1 };
      const number = dayNumber(calendar, edge) as number;
      const beyond = year > 0 ? number + 2 : number - 1;

      expect(dateOfDay(calendar, number)).toEqual(edge);
      expect(dateOfDay(calendar, beyond)).toBeUndefined();
      expect(dayNumber(calendar, { ...edge, year: year + Math.sign(year) })).toBeUndefined();
    }
  });

  test.each(["standard", "julian"] as const)(
    "%s has no year 0, as historians count",
    (calendar) => {
      const first = dayNumber(calendar, { year: 1, month: 1, day: 1 }) as number;

      expect(dayNumber(calendar, { year: 0, month: 6, day: 1 })).toBeUndefined();
      expect(dateOfDay(calendar, first - 1)).toEqual({ year: -1, month: 12, day: 31 });
      expect(dayAfter(calendar, { year: -1, month: 12, day: 1 }, "month")).toBe(first);
      expect(dayAfter(calendar, { year: -1, month: 3, day: 1 }, "year")).toBe(first);
    },
  );

  test("the last month of the range is followed by no day", () => {
    expect(dayAfter("noleap", { year: YEAR_MAX, month: 12, day: 1 }, "month")).toBeUndefined();
  });

  test("the real calendars share their days from 1582 on", () => {
    for (let day = -141_427; day < 20_000; day += 1000) {
      expect(dateOfDay("standard", day)).toEqual(dateOfDay("proleptic_gregorian", day));
    }
    expect(dateOfDay("standard", -141_428)).toEqual(dateOfDay("julian", -141_428));
  });

  test("are known by their names in any case", () => {
    expect(findCalendar("365_DAY")).toBe("noleap");
    expect(findCalendar("Gregorian")).toBe("standard");
    expect(findCalendar("toString")).toBeUndefined();
    expect(() => parseTimeUnits("days since 2000-01-01", "toString", "time")).toThrow(
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

  test("months go with 360_day only", () => {
    const days = parseTimeUnits("months since 2000-01-01", "360_day", "v").unitNanos;

    expect(days / 86_400_000_000_000n).toBe(30n);
    expect(() => parseTimeUnits("months since 2000-01-01", "noleap", "v")).toThrow();
  });

  test("common_years go with noleap only", () => {
    const days = parseTimeUnits("common_years since 2000-01-01", "noleap", "v").unitNanos;

    expect(days / 86_400_000_000_000n).toBe(365n);
    expect(() => parseTimeUnits("common_years since 2000-01-01", "standard", "v")).toThrow();
  });

  test("a date that the calendar does not have is refused", () => {
    expect(() => parseTimeUnits("days since 2001-02-29", "noleap", "v")).toThrow(/no clear date/);
    expect(() => parseTimeUnits("days since yesterday", undefined, "v")).toThrow(/no clear date/);
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

  test.each(CALENDARS)("of the calendar %s says that a time is out of range", (calendar) => {
    const far = [9.969209968386869e36, -9.969209968386869e36, 1e308, -1e300, 2 ** 53, -(2 ** 63)];
    for (const unit of ["days", "hours", "seconds", "milliseconds"]) {
      const times = new TimeArray(Float64Array.from(far), `${unit} since 2000-01-01`, calendar);
      far.forEach((value, i) => {
        const years = (Math.abs(value) * Number(times.parsed.unitNanos)) / (366 * 86_400e9);
        const text = times.toISO(i);

        if (years > 1_100_000) expect(text).toBe("out of range");
        else expect(text).toMatch(/^-?\d{4,6}-\d\d-\d\dT/);
        if (years > 300_000) expect(times.toDate(i).getTime()).toBeNaN();
      });
    }
  });

  test.each(CALENDARS)("of the calendar %s ends with any integer", (calendar) => {
    const far = BigInt64Array.of(2n ** 63n - 1n, 1n - 2n ** 63n, -(2n ** 63n), 2n ** 62n);
    for (const unit of ["days", "seconds", "microseconds", "nanoseconds"]) {
      const times = new TimeArray(far, `${unit} since 2000-01-01`, calendar);

      expect([0, 1, 2, 3].map((i) => times.toISO(i).replace(/^-?\d{4,6}-.*/, "a date"))).toEqual(
        unit === "days" || unit === "seconds"
          ? ["out of range", "out of range", "NaT", "out of range"]
          : ["a date", "a date", "NaT", "a date"],
      );
    }
  });

  test("takes NaN and infinity for no time", () => {
    const values = Float64Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    const times = new TimeArray(values, "days since 2000-01-01");

    expect([0, 1, 2].map((i) => times.toISO(i))).toEqual(["NaT", "NaT", "NaT"]);
    expect([0, 1, 2].map((i) => times.toNanoseconds(i))).toEqual([undefined, undefined, undefined]);
  });

  test("refuses other values", () => {
    expect(() => new TimeArray([1, 2] as never, "days since 2000-01-01")).toThrow(/BigInt64Array/);
  });
});
