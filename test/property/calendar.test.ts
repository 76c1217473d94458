/** Calendars beside the simplest definition: days counted one by one. */
import { describe, expect, test } from "vitest";
import { type Calendar, dateOfDay, dayNumber } from "../../src/dataset/cf/calendar.ts";

interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const CALENDARS: readonly Calendar[] = [
  ...(["standard", "proleptic_gregorian", "julian"] as const),
  ...(["noleap", "all_leap", "360_day"] as const),
];

/** Stretches of years that are counted, each from its first day to its last. */
const STRETCHES = [
  [-420, 20],
  [1480, 1720],
  [1890, 2110],
  [998_900, 999_000],
  [-999_000, -998_900],
] as const;

const LONG = [1, 3, 5, 7, 8, 10, 12];

function isLeap(calendar: Calendar, shown: number): boolean {
  if (calendar === "noleap") return false;
  if (calendar === "all_leap") return true;
  const isHistorical = calendar === "julian" || calendar === "standard";
  const year = isHistorical && shown < 0 ? shown + 1 : shown;
  if (calendar === "julian" || (calendar === "standard" && year <= 1582)) return year % 4 === 0;
  return year % 400 === 0 || (year % 4 === 0 && year % 100 !== 0);
}

function lastOfMonth(calendar: Calendar, { year, month }: Day): number {
  if (calendar === "360_day") return 30;
  if (month === 2) return isLeap(calendar, year) ? 29 : 28;
  return LONG.includes(month) ? 31 : 30;
}

function nextDay(calendar: Calendar, date: Day): Day {
  const { year, month, day } = date;
  if (calendar === "standard" && year === 1582 && month === 10 && day === 4) {
    return { year, month, day: 15 };
  }
  if (day < lastOfMonth(calendar, date)) return { year, month, day: day + 1 };
  if (month < 12) return { year, month: month + 1, day: 1 };
  const hasYearZero = calendar !== "standard" && calendar !== "julian";
  return { year: year === -1 && !hasYearZero ? 1 : year + 1, month: 1, day: 1 };
}

describe.each(CALENDARS)("the calendar %s", (calendar) => {
  test.each(STRETCHES)("numbers the days of the years %i to %i one by one", (first, last) => {
    let date: Day = { year: first, month: 1, day: 1 };
    let number = dayNumber(calendar, date) as number;
    let wrong: unknown;
    for (; date.year <= last && wrong === undefined; number++) {
      const found = dateOfDay(calendar, number);
      const isSame =
        found?.year === date.year && found.month === date.month && found.day === date.day;
      if (!isSame || dayNumber(calendar, date) !== number) wrong = { date, number, found };
      date = nextDay(calendar, date);
    }

    expect(wrong).toBeUndefined();
  });

  test("has no dates but those", () => {
    for (const day of [0, -1, 1.5, 32, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(dayNumber(calendar, { year: 2000, month: 1, day })).toBeUndefined();
      expect(
        dayNumber(calendar, { year: 2000, month: day === 32 ? 13 : day, day: 1 }),
      ).toBeUndefined();
    }
    for (const number of [0.5, Number.NaN, Number.POSITIVE_INFINITY, -1e300, 2 ** 53, 4e8]) {
      expect(dateOfDay(calendar, number)).toBeUndefined();
    }
  });
});
