/** `Date`s beside times of the calendars `standard` and `gregorian`: one date from 1582-10-15 on. */
import { describe, expect, test } from "vitest";
import { assertIdentical, Dataset, openZarr, TimeArray } from "../../../../src/dataset/index.ts";
import { mapStore } from "../map-store.ts";

const DAYS = ["1582-10-15", "1900-03-01", "2000-01-01", "2000-01-02"];
const dates = (...days: string[]): Date[] => days.map((day) => new Date(`${day}T00:00:00Z`));

function dataset(time: TimeArray | Date[], encoding: Record<string, unknown> = {}): Dataset {
  const { length } = time;
  return new Dataset({
    variables: {
      v: {
        dims: ["time"],
        data: Float64Array.from({ length }, (_, i) => i),
        encoding: { chunks: [1] },
      },
    },
    coordinates: { time: { dims: ["time"], data: time, encoding } },
  });
}

/** The same days, counted in a calendar; `shift` days earlier. */
function days(calendar: string, shift = 0): TimeArray {
  const numbers = dates(...DAYS).map((date) => BigInt(date.getTime() / 86_400_000) - BigInt(shift));
  return new TimeArray(BigInt64Array.from(numbers), "days since 1970-01-01", calendar);
}

describe.each(["standard", "gregorian"])("times of the calendar %s", (calendar) => {
  test("are identical to Dates", async () => {
    await assertIdentical(dataset(days(calendar)), dataset(dates(...DAYS)));
  });

  test("are found by a Date", async () => {
    const found = await dataset(days(calendar)).sel({ time: new Date("1582-10-15Z") });

    expect(found.get("time")?.values).toMatchObject({ values: BigInt64Array.of(-141_427n) });
  });

  test("take Dates that are appended", async () => {
    const store = mapStore();
    await dataset(days(calendar)).toZarr(store);
    await dataset(dates("2000-01-03", "2000-01-04")).toZarr(store, { appendDim: "time" });

    const { time } = (await (await openZarr(store)).load()).coordinates;
    const values = time?.values as TimeArray;
    expect(values.calendar).toBe(calendar);
    expect(values.toISO(5)).toBe("2000-01-04T00:00:00");
  });

  test("say where a part with Dates lies", async () => {
    const store = mapStore();
    await dataset(days(calendar)).toZarr(store, { compute: false });
    await dataset(dates("1582-10-15", "1900-03-01")).toZarr(store, { region: "auto" });

    expect((await (await openZarr(store)).load()).get("v")?.values).toEqual(
      Float64Array.of(0, 1, Number.NaN, Number.NaN),
    );
  });

  test("are what Dates are stored as, if the encoding says so", async () => {
    for (const encoding of [{ calendar }, { calendar, units: "hours since 1582-10-15" }]) {
      const store = mapStore();
      await dataset(dates(...DAYS), encoding).toZarr(store);
      const opened = await openZarr(store);

      expect(opened.get("time")?.encoding["calendar"]).toBe(calendar);
      await assertIdentical(opened, dataset(dates(...DAYS)));
    }
  });
});

describe("a Date before 1582-10-15", () => {
  const early = dates("1582-10-14", "2000-01-01");
  const why = /before 1582-10-15 the calendar standard is the Julian one/;

  test("is not equal to the instant of the calendar standard", async () => {
    const one = new TimeArray(BigInt64Array.of(-141_428n), "days since 1970-01-01", "standard");

    await expect(assertIdentical(dataset(one), dataset([early[0] as Date]))).rejects.toThrow(
      /1582-10-04T00:00:00 \(standard\) and 1582-10-14T00:00:00 \(proleptic_gregorian\)/,
    );
  });

  test("is refused where times of the calendar standard are selected", async () => {
    await expect(dataset(days("standard")).sel({ time: early[0] as Date })).rejects.toThrow(why);
  });

  test("is refused by an append, which then writes nothing", async () => {
    const store = mapStore();
    await dataset(days("standard")).toZarr(store);
    store.sets.length = 0;

    await expect(dataset(early).toZarr(store, { appendDim: "time" })).rejects.toThrow(why);
    expect(store.sets).toEqual([]);
  });

  test("is refused by a region", async () => {
    const store = mapStore();
    await dataset(days("standard", 1)).toZarr(store, { compute: false });

    await expect(dataset([early[0] as Date]).toZarr(store, { region: "auto" })).rejects.toThrow(
      why,
    );
  });

  test("is refused by the encoding", async () => {
    const units = { calendar: "standard", units: "days since 1970-01-01" };

    await expect(dataset(early, { calendar: "standard" }).toZarr(mapStore())).rejects.toThrow(why);
    await expect(dataset(early, units).toZarr(mapStore())).rejects.toThrow(
      /1582-10-14T00:00:00 cannot be stored in the calendar standard: before 1582-10-15/,
    );
  });
});

test("a Date is no time of the calendars julian and noleap", async () => {
  for (const calendar of ["julian", "noleap"]) {
    const times = dataset(new TimeArray(BigInt64Array.of(0n), "days since 2000-01-01", calendar));

    await expect(times.sel({ time: new Date("2000-01-01Z") })).rejects.toThrow(/share no dates/);
  }
});

test("an invalid Date selects nothing", async () => {
  await expect(dataset(days("standard")).sel({ time: new Date("x") })).rejects.toThrow(
    /invalid Date/,
  );
});
