/**
 * Calendars of the CF conventions: dates to day numbers and back, in exact integers.
 *
 * Day 0 is 1970-01-01. The three real calendars share their day numbers, so that one day has one
 * number in all of them; a model calendar (noleap, all_leap, 360_day) counts its own days.
 * Spec: CF "Calendar".
 */
import { makeError } from "../../base/errors.ts";

const NAMES = {
  standard: "standard",
  gregorian: "standard",
  proleptic_gregorian: "proleptic_gregorian",
  julian: "julian",
  noleap: "noleap",
  "365_day": "noleap",
  all_leap: "all_leap",
  "366_day": "all_leap",
  "360_day": "360_day",
} as const;

/** A calendar by its main name. */
export type Calendar = (typeof NAMES)[keyof typeof NAMES];

/** A date of some calendar; month and day count from 1, there is a year 0. */
interface CalendarDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const GREGORIAN_START = { year: 1582, month: 10, day: 15 };
/** The number of 1582-10-15, the first day of the Gregorian calendar. */
export const GREGORIAN_START_DAY = -141_427;

/** The calendar of that name, in any case; absent means `standard`. @throws {unimplemented} */
export function mustFindCalendar(name: string | undefined, owner: string): Calendar {
  const key = (name ?? "standard").toLowerCase();
  const calendar = Object.hasOwn(NAMES, key) ? NAMES[key as keyof typeof NAMES] : undefined;
  if (calendar !== undefined) return calendar;
  throw makeError("unimplemented", `${owner}: there is no calendar ${JSON.stringify(name)}`, {
    details: { owner, calendar: name, known: Object.keys(NAMES) },
  });
}

/** Whether dates of this calendar are days that have happened, or will. */
export function isRealCalendar(calendar: Calendar): boolean {
  return calendar === "standard" || calendar === "proleptic_gregorian" || calendar === "julian";
}

/** The number of a date's day, or `undefined` if the calendar has no such date. */
export function dayNumber(calendar: Calendar, date: CalendarDate): number | undefined {
  const { year, month, day } = date;
  if (![year, month, day].every(Number.isSafeInteger)) return undefined;
  if (month < 1 || month > 12 || day < 1) return undefined;
  if (calendar === "standard") {
    if (compareDates(date, GREGORIAN_START) >= 0) return dayNumber("proleptic_gregorian", date);
    const number = dayNumber("julian", date);
    return number !== undefined && number < GREGORIAN_START_DAY ? number : undefined;
  }
  if (day > monthLength(calendar, year, month)) return undefined;
  const days = daysBeforeYear(calendar, year) + daysBeforeMonth(calendar, year, month) + day - 1;
  return days - EPOCHS[calendar];
}

/** The date of a day number. */
export function dateOfDay(calendar: Calendar, number: number): CalendarDate {
  if (calendar === "standard") {
    return dateOfDay(number >= GREGORIAN_START_DAY ? "proleptic_gregorian" : "julian", number);
  }
  const days = number + EPOCHS[calendar];
  // The estimate is at most one year off, whatever the calendar.
  let year = Math.floor(days / YEAR_LENGTHS[calendar]);
  while (daysBeforeYear(calendar, year) > days) year--;
  while (daysBeforeYear(calendar, year + 1) <= days) year++;
  let rest = days - daysBeforeYear(calendar, year);
  let month = 1;
  for (; rest >= monthLength(calendar, year, month); month++) {
    rest -= monthLength(calendar, year, month);
  }
  return { year, month, day: rest + 1 };
}

type SimpleCalendar = Exclude<Calendar, "standard">;

const YEAR_LENGTHS: Readonly<Record<SimpleCalendar, number>> = {
  proleptic_gregorian: 365.2425,
  julian: 365.25,
  noleap: 365,
  all_leap: 366,
  "360_day": 360,
};

/** Days from the calendar's own year 0 to day 0. */
const EPOCHS: Readonly<Record<SimpleCalendar, number>> = {
  proleptic_gregorian: 719_528,
  julian: 719_530,
  noleap: 1970 * 365,
  all_leap: 1970 * 366,
  "360_day": 1970 * 360,
};

function compareDates(a: CalendarDate, b: CalendarDate): number {
  return a.year - b.year || a.month - b.month || a.day - b.day;
}

function isLeap(calendar: SimpleCalendar, year: number): boolean {
  if (calendar === "noleap" || calendar === "360_day") return false;
  if (calendar === "all_leap") return true;
  if (year % 4 !== 0) return false;
  return calendar === "julian" || year % 100 !== 0 || year % 400 === 0;
}

function monthLength(calendar: SimpleCalendar, year: number, month: number): number {
  if (calendar === "360_day") return 30;
  const length = MONTH_LENGTHS[month - 1] as number;
  return month === 2 && isLeap(calendar, year) ? length + 1 : length;
}

function daysBeforeMonth(calendar: SimpleCalendar, year: number, month: number): number {
  let days = 0;
  for (let earlier = 1; earlier < month; earlier++) days += monthLength(calendar, year, earlier);
  return days;
}

/** Days from 0000-01-01 to the first day of `year`, negative before. */
function daysBeforeYear(calendar: SimpleCalendar, year: number): number {
  if (calendar === "360_day") return year * 360;
  if (calendar === "noleap") return year * 365;
  if (calendar === "all_leap") return year * 366;
  const before = year - 1;
  const leaps = Math.floor(before / 4) + 1; // Year 0 is a leap year.
  if (calendar === "julian") return year * 365 + leaps;
  return year * 365 + leaps - (Math.floor(before / 100) + 1) + (Math.floor(before / 400) + 1);
}
