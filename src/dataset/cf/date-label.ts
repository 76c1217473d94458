/** Dates as users write them to select times: `2013`, `2013-01`, `2013-01-01T12:00`. */
import type { Calendar } from "./calendar.ts";
import { instantOfDate } from "./instant.ts";

const DATE = /^([+-]?\d{1,6})(?:-(\d{1,2})(?:-(\d{1,2}))?)?/;
const TIME = /^(?:[T\s]+)(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9})\d*)?)?)?/i;
const ZONE = /^\s*(?:Z|UTC|GMT|([+-])(\d{1,2})(?::?(\d{2}))?)$/i;

/** How much of a date a text says. */
export type DatePrecision = "year" | "month" | "day" | "time";

/** A text as the instant it begins at, and how precise it is; `undefined` if it is not a date. */
export function parseDateLabel(
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
  const [, year, month, day] = date;
  const instant = instantOfDate(
    calendar,
    { year: Number(year), month: Number(month ?? 1), day: Number(day ?? 1) },
    {
      hours: Number(time?.[1] ?? 0),
      minutes: Number(time?.[2] ?? 0),
      seconds: Number(time?.[3] ?? 0),
      fraction: time?.[4] ?? "",
      zoneMinutes: zoneMinutes(zone?.[1], zone?.[2], zone?.[3]),
    },
  );
  if (instant === undefined) return undefined;
  const isTime = time !== null;
  const isDay = day !== undefined;
  const precision = isTime ? "time" : isDay ? "day" : month !== undefined ? "month" : "year";
  return { instant, precision };
}

/** How far a zone such as `+02:30` is ahead of UTC. */
export function zoneMinutes(
  sign: string | undefined,
  hours: string | undefined,
  minutes: string | undefined,
): number {
  const ahead = Number(hours ?? 0) * 60 + Number(minutes ?? 0);
  return sign === "-" ? -ahead : ahead;
}
