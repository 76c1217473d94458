/**
 * Calendars of the CF conventions: dates to day numbers and back, in exact integers, by as many
 * steps for the largest number as for the smallest.
 *
 * Day 0 is 1970-01-01. The three real calendars share their day numbers, so that one day has one
 * number in all of them; a model calendar (noleap, all_leap, 360_day) counts its own days.
 * Spec: CF "Calendar".
 */

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

/**
 * A date of some calendar; month and day count from 1. Before year 1 lies year 0, in `standard` and
 * `julian` year -1: those count as historians do.
 */
export interface CalendarDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The last year that has dates, and, negative, the first. */
const YEAR_MAX = 999_999;
const MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const GREGORIAN_START = { year: 1582, month: 10, day: 15 };
/** The number of 1582-10-15, the first day of the Gregorian calendar. */
const GREGORIAN_START_DAY = -141_427;

/** The calendar of that name, in any case, or `undefined`. */
export function findCalendar(name: string): Calendar | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(NAMES, key) ? NAMES[key as keyof typeof NAMES] : undefined;
}

/** Whether dates of this calendar are days that have happened, or will. */
export function isRealCalendar(calendar: Calendar): boolean {
  return calendar === "standard" || calendar === "proleptic_gregorian" || calendar === "julian";
}

/** Whether no year lies between -1 and 1. */
export function isHistorical(calendar: Calendar): boolean {
  return calendar === "standard" || calendar === "julian";
}

/**
 * The number of a date's day, or `undefined` if the calendar has no such date. Years reach from
 * -`YEAR_MAX` to `YEAR_MAX`.
 */
export function dayNumber(calendar: Calendar, date: CalendarDate): number | undefined {
  const { month, day } = date;
  if (calendar === "standard") {
    if (compareDates(date, GREGORIAN_START) >= 0) return dayNumber("proleptic_gregorian", date);
    const number = dayNumber("julian", date);
    return number !== undefined && number < GREGORIAN_START_DAY ? number : undefined;
  }
  if (![date.year, month, day].every(Number.isSafeInteger)) return undefined;
  if (Math.abs(date.year) > YEAR_MAX || month < 1 || month > 12 || day < 1) return undefined;
  if (isHistorical(calendar) && date.year === 0) return undefined;
  const year = isHistorical(calendar) && date.year < 0 ? date.year + 1 : date.year;
  if (day > monthLength(calendar, year, month)) return undefined;
  const days = daysBeforeYear(calendar, year) + daysBeforeMonth(calendar, year, month) + day - 1;
  return days - EPOCHS[calendar];
}

/** The date of a day number; `undefined` where it is out of the range of years, or no integer. */
export function dateOfDay(calendar: Calendar, number: number): CalendarDate | undefined {
  if (calendar === "standard") {
    return dateOfDay(number >= GREGORIAN_START_DAY ? "proleptic_gregorian" : "julian", number);
  }
  if (!Number.isSafeInteger(number)) return undefined;
  const days = number + EPOCHS[calendar];
  // Off by one year at most, since a calendar never strays from its mean year by a year.
  let year = Math.floor(days / YEAR_LENGTHS[calendar]);
  if (daysBeforeYear(calendar, year) > days) year--;
  else if (daysBeforeYear(calendar, year + 1) <= days) year++;
  let rest = days - daysBeforeYear(calendar, year);
  let month = 1;
  for (; month < 12 && rest >= monthLength(calendar, year, month); month++) {
    rest -= monthLength(calendar, year, month);
  }
  const shown = isHistorical(calendar) && year <= 0 ? year - 1 : year;
  return Math.abs(shown) > YEAR_MAX ? undefined : { year: shown, month, day: rest + 1 };
}

/** The number of the first day after a date's month or year, in the range of years. */
export function dayAfter(
  calendar: Calendar,
  { year, month }: CalendarDate,
  period: "month" | "year",
): number | undefined {
  if (period === "month" && month < 12) {
    return dayNumber(calendar, { year, month: month + 1, day: 1 });
  }
  const next = { year: year + 1, month: 1, day: 1 };
  // Historians' year -1 is followed by year 1.
  return (
    dayNumber(calendar, next) ??
    (year === -1 ? dayNumber(calendar, { ...next, year: 1 }) : undefined)
  );
}

/**
 * Why a time of one calendar has no equal in another; `undefined` where it has. `standard` is the
 * Julian calendar up to 1582-10-04 and the Gregorian one from 1582-10-15 on.
 */
export function whyNotShared(a: Calendar, b: Calendar, days: number): string | undefined {
  if (a === b) return undefined;
  const [first, second] = [a, b].sort();
  if (first !== "proleptic_gregorian" || second !== "standard") {
    return `the calendars ${a} and ${b} share no dates`;
  }
  if (days >= GREGORIAN_START_DAY) return undefined;
  return "before 1582-10-15 the calendar standard is the Julian one, whose dates are others than those of proleptic_gregorian";
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
