/**
 * Dates that units count from, as files have them: `1970-1-1 0:00:00 0:00`, `20000101`,
 * `01-JAN-2000`, `1992-10-8 15:15:42.5 -6:00`.
 *
 * Read is what xarray reads, with the same value. It has two readers, one for the real calendars
 * in the range of its nanoseconds, one for everything else, and both skip what they do not know.
 * Where that would lose a number, so that the date means something else to another reader, it is
 * not read here.
 */
import { type Calendar, isRealCalendar } from "./calendar.ts";
import { zoneMinutes } from "./date-label.ts";
import { type Clock, instantOfDate } from "./instant.ts";

/** Years of which every day fits xarray's nanoseconds. */
const CIVIL_YEARS = { first: 1678, last: 2261 };
const MONTHS = [
  ...["january", "february", "march", "april", "may", "june"],
  ...["july", "august", "september", "october", "november", "december"],
];

/**
 * Notations of dates. The groups: `y`, `m`, `d`, the month's name `b`, and `p`, `q`, month and day,
 * or day and month if there are not so many months.
 */
const ISO_DATE = /^(?<y>[+-]?\d{1,6})-(?<m>\d{1,2})-(?<d>\d{1,2})(?!\d)/;
/** Only of the real calendars. */
const CIVIL_DATES: readonly RegExp[] = [
  /^(?<y>\d{4})(?<m>\d{2})(?<d>\d{2})(?=\d{4}(?:\d\d)?$|\D|$)/,
  /^(?<y>\d{4})(?<separator>[/. ])(?<m>\d{1,2})\k<separator>(?<d>\d{1,2})(?!\d)/,
  /^(?<y>\d{4})(?:-(?<m>\d{1,2}))?$/,
  /^(?<p>\d{1,2})(?<separator>[/.-])(?<q>\d{1,2})\k<separator>(?<y>\d{4})(?!\d)/,
  /^(?<d>\d{1,2})[-/ ]?(?<b>[a-z]{3,9})[-/, ]*(?<y>\d{4})(?!\d)/i,
  /^(?<b>[a-z]{3,9})[- ](?<d>\d{1,2})[-, ]+(?<y>\d{4})(?!\d)/i,
  /^(?<y>\d{4})[- ](?<b>[a-z]{3,9})[- ](?<d>\d{1,2})(?!\d)/i,
];

const CLOCK = /^.(?<h>\d{1,2}):(?<min>\d{1,2})(?::(?<s>\d{1,2})(?:\.(?<f>\d+))?)?(?!\d)/;
const CIVIL_CLOCKS: readonly RegExp[] = [
  /^(?:[T ,_:]+|[+-]| at )(?<h>\d{1,2}):(?<min>\d{1,2})(?::(?<s>\d{1,2})(?:[.,](?<f>\d+))?)?(?!\d)/i,
  /^[T ]*(?<h>\d{2})(?:(?<min>\d{2})(?<s>\d{2})?)?(?![\d:])/i,
];

const ZONE = /^.?(?:Z|(?<sign>[+-])(?<h>\d{2})(?::?(?<min>\d{2}))?(?!\d))/;
const CIVIL_ZONE = /^ *(?:Z|(?<sign>[+-])(?<h>\d{1,2})(?::?(?<min>\d{2}))?(?!\d))/i;

/** What is skipped may be words and zeros (`0:00` is the zone UTC), no number or half of a day. */
const TELLING = /[1-9]|[ap]\.?m\b/i;

type Groups = Readonly<Record<string, string | undefined>>;

/** The instant that a reference date says, or `undefined` if it is none, or not a clear one. */
export function parseReferenceDate(text: string, calendar: Calendar): bigint | undefined {
  const isReal = isRealCalendar(calendar) && calendar !== "julian";
  const found = firstMatch(text.trim(), isReal ? [ISO_DATE, ...CIVIL_DATES] : [ISO_DATE]);
  const date = found && dateOf(found.groups);
  if (found === undefined || date === undefined) return undefined;
  const isCivil = isReal && date.year >= CIVIL_YEARS.first && date.year <= CIVIL_YEARS.last;
  const time = firstMatch(found.rest, isCivil ? CIVIL_CLOCKS : [CLOCK]);
  const zone = firstMatch(time?.rest ?? found.rest, [
    isCivil && time !== undefined ? CIVIL_ZONE : ZONE,
  ]);
  const rest = zone?.rest ?? time?.rest ?? found.rest;
  const clock = clockOf(time?.groups ?? {}, zone?.groups ?? {}, isCivil ? 9 : 6);
  if (TELLING.test(rest)) return undefined;
  return instantOfDate(calendar, date, clock);
}

function firstMatch(
  text: string,
  patterns: readonly RegExp[],
): { groups: Groups; rest: string } | undefined {
  for (const pattern of patterns) {
    const match = pattern.exec(text);
    if (match !== null) return { groups: match.groups ?? {}, rest: text.slice(match[0].length) };
  }
  return undefined;
}

function dateOf({
  y,
  m,
  d,
  b,
  p,
  q,
}: Groups): { year: number; month: number; day: number } | undefined {
  const named =
    b === undefined ? undefined : MONTHS.findIndex((name) => name.startsWith(b.toLowerCase())) + 1;
  if (named === 0) return undefined;
  if (p !== undefined) {
    const [month, day] = Number(p) > MONTHS.length ? [q, p] : [p, q];
    return { year: Number(y), month: Number(month), day: Number(day) };
  }
  return { year: Number(y), month: named ?? Number(m ?? 1), day: Number(d ?? 1) };
}

function clockOf(time: Groups, zone: Groups, digits: number): Clock {
  return {
    hours: Number(time["h"] ?? 0),
    minutes: Number(time["min"] ?? 0),
    seconds: Number(time["s"] ?? 0),
    fraction: (time["f"] ?? "").slice(0, digits),
    zoneMinutes: zoneMinutes(zone["sign"], zone["h"], zone["min"]),
  };
}
