/**
 * Reference dates, units and values beside what xarray reads in them. The answers in
 * `test/data/xarray-times.json` are xarray's own; the interop lane asks it again.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { JsonNumber, type JsonObject, parseJson } from "../../../../src/codec/json.ts";
import { formatInstant } from "../../../../src/dataset/cf/instant.ts";
import { isTimeUnits, readTimeUnits } from "../../../../src/dataset/cf/time-units.ts";
import { instantOf } from "../../../../src/dataset/model/time-array.ts";

/** Texts of times; "numbers" where there are none; `null` where the units cannot be read. */
type Answer = readonly string[] | "numbers" | null;
type Value = number | bigint | JsonNumber | null;
type TimesRow = readonly [string, string | null, string, readonly Value[], Answer];

const TABLE = parseJson(
  readFileSync(new URL("../../../data/xarray-times.json", import.meta.url), "utf8"),
) as JsonObject;
const CALENDARS = TABLE.get("calendars") as readonly (string | null)[];
const REFERENCES = [
  ...(TABLE.get("references") as ReadonlyMap<string, readonly (string | null)[]>),
];
const TIMES = TABLE.get("times") as unknown as readonly TimesRow[];

/**
 * Spellings with a number that one of xarray's readers skips, or that another library takes for
 * something else, in the calendars where that happens: not read, with a warning.
 */
const UNCLEAR: Readonly<Record<string, readonly string[]>> = {
  "a zone without two digits, which only one reader knows": [
    ...["1970-01-01 00:00:00 -6:00", "1970-01-01 00:00:00 -6", "1970-01-01 00:00:00 +2"],
    ...["2000-01-01 00:00:00 +1", "2000-01-01 00:00:00 +1:00", "2000-01-01 00:00:00 -1:00"],
    ...["2000-01-01 06:00:00 -6:30", "2000-01-01 00:00:00+5:30", "1992-10-8 15:15:42.5 -6:00"],
    "2000-01-01 -6",
  ],
  "a second clock, a zone to some readers, the true one to others": [
    ...["1970-01-01 00:00:00 6:00", "2000-01-01 00:00:00 1:00", "2000-01-01 12:30 1:00"],
    "0001-01-01 12:00:00 6:00",
  ],
  "a zone with a name and a sign, which readers apply either way": [
    ...["1970-01-01 00:00:00 UTC+1", "2000-01-01 00:00:00 GMT+6", "2000-01-01 00:00:00 UTC-6"],
  ],
  "a year at the end, which one reader cuts in two": [
    ...["01-02-2000", "13-02-2000", "1-1-2000", "31-12-1999"],
  ],
  "an hour alone, which one reader skips": [
    ...["2000-02-03 04", "2000-02-03 4", "2000-02-03T04", "2000-01-01 06Z", "2000-01-01 06 UTC"],
    ...["2000-01-01 06:", "2000-1-1 6", "2000-1-1 06", "2000-1-1T6", "2000-1-1T06", "1-1-1 06"],
    ...["2000-01-01 0430", "2000-01-01 043015", "2000-01-01T0430", "2000-01-01T043015"],
    ...["2000-01-01 6h", "2000-01-01 6h30m"],
  ],
  "halves of the day, which one reader skips": [
    ...["2000-02-03 12:00 PM", "2000-02-03 03:00 PM", "2000-02-03 3pm"],
    ...["2000-01-01 12:00:00 a.m.", "2000-01-01 00:00:00 AM"],
  ],
  "a clock or fraction behind what one reader does not know": [
    ...["2000-02-03 04:05:06,789", "2000-02-03  04:05:06", "Mon Jan 3 00:00:00 2000"],
  ],
};

/**
 * A zone of zero behind a clock is UTC, and the clock holds; in the real calendars one of xarray's
 * readers lets `0:00` replace the clock. Files of the ARM program are full of them.
 */
const ZONE_OF_ZERO: Readonly<Record<string, string>> = {
  "2000-01-01 12:00:00 0:00": "2000-01-01T12:00:00",
  "2000-01-01 12:00:00 00:00": "2000-01-01T12:00:00",
  "2000-01-01 12:00:00.0 0:00": "2000-01-01T12:00:00",
};

/** Clear ones that xarray refuses, since a reader that knows years beyond 1678 does not know them. */
const READ_HERE_ONLY = [
  ...["1-JAN-0001", "01-JAN-0001 00:00:00", "01-JAN-1500 00:00:00", "01-JAN-1600 00:00:00"],
  ...["0001/01/01", "us since", "ns since", "nanosecond since", "nanoseconds since"],
];

function decode(
  units: string,
  calendar: string | null,
  values: readonly (number | bigint)[],
): Answer {
  if (!isTimeUnits(units)) return "numbers";
  const found = readTimeUnits(units, calendar ?? undefined);
  if ("problem" in found) return null;
  return values.map((value) => {
    const instant = instantOf(value, found);
    return instant === undefined ? "NaT" : formatInstant(instant, found.calendar);
  });
}

function numberOf(dtype: string, value: Value): number | bigint {
  if (value === null) return Number.NaN;
  const number = value instanceof JsonNumber ? value.value : value;
  if (!dtype.startsWith("float")) return BigInt(number);
  return dtype === "float32" ? Math.fround(Number(number)) : Number(number);
}

describe("reference dates", () => {
  const unclear = new Set(Object.values(UNCLEAR).flat());

  test.each(REFERENCES)("%j is read as xarray reads it, in every calendar", (reference, theirs) => {
    const ours = CALENDARS.map((calendar) => {
      const answer = decode(`days since ${reference}`, calendar, [0n]);
      return answer === null ? null : answer[0];
    });

    theirs.forEach((xarrays, i) => {
      const their = ZONE_OF_ZERO[reference] ?? xarrays;
      const isLeftOut = ours[i] === null && unclear.has(reference);
      const isReadHere = their === null && READ_HERE_ONLY.includes(reference);
      if (!isLeftOut && !isReadHere) expect([CALENDARS[i], ours[i]]).toEqual([CALENDARS[i], their]);
    });
  });

  test.each([...unclear])("%j is not read in some calendar", (reference) => {
    expect(
      CALENDARS.map((calendar) => decode(`days since ${reference}`, calendar, [0n])),
    ).toContain(null);
  });
});

/** What xarray shows in the place of times that are missing, in calendars of its other reader. */
const isMissing = (value: number | bigint): boolean =>
  value === -(2n ** 63n) || (typeof value === "number" && Number.isNaN(value));

const ROWS = TIMES.map(([units, calendar, dtype, raw, theirs]) => {
  const values = raw.map((value) => numberOf(dtype, value));
  return [units, calendar, `${dtype} ${values.join(", ")}`, values, theirs] as const;
});

test.each(ROWS)("%j in calendar %j, of %s, are the times that xarray finds", (...row) => {
  const [units, calendar, , values, theirs] = row;
  const ours = decode(units, calendar, values);
  if (Array.isArray(theirs) && Array.isArray(ours) && values.some(isMissing)) {
    // In model calendars xarray shows the reference date where a value is missing.
    const shown = ours.map((text, i) => (text === "NaT" && theirs[i] !== "NaT" ? ours[0] : text));
    expect(shown).toEqual(theirs);
  } else if (theirs === null && ours !== null) {
    const isReadHere = READ_HERE_ONLY.some((start) => units.startsWith(start));
    // Refused as a whole, there, for one value.
    const isBeyond = ours.includes("out of range") || values.some(isMissing);
    expect(isReadHere || isBeyond).toBe(true);
  } else {
    expect(ours).toEqual(theirs);
  }
});
