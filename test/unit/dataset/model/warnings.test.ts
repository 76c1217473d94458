/** What cannot be read is left as it is stored, and said; it never closes the whole file. */
import { describe, expect, test } from "vitest";
import {
  type Dataset,
  type DatasetWarning,
  openNetcdf,
  openZarr,
} from "../../../../src/dataset/index.ts";
import { type Netcdf3Variable, netcdf3File } from "../../../netcdf3-file.ts";
import { mapStore } from "../map-store.ts";

const text = (value: string) => ["char", value] as const;

/** A file with one variable of times that reads, and `attributes` on another. */
function file(
  attributes: Record<string, string>,
  more: Record<string, Netcdf3Variable> = {},
): Uint8Array {
  const variable = (values: Record<string, string>): Netcdf3Variable => ({
    dims: ["x"],
    type: "int",
    values: [1, 2],
    attributes: Object.fromEntries(Object.entries(values).map(([name, own]) => [name, text(own)])),
  });
  return netcdf3File({
    version: 1,
    dimensions: { x: 2 },
    variables: {
      good: variable({ units: "days since 2000-01-01" }),
      odd: variable(attributes),
      ...more,
    },
  });
}

const ODD: readonly (readonly [Record<string, string>, "units" | "calendar", RegExp])[] = [
  [{ units: "months since 2000-01-01" }, "units", /no unit of a fixed length/],
  [{ units: "days since yesterday" }, "units", /no clear date of the calendar standard/],
  [{ units: "days since 2001-02-29", calendar: "noleap" }, "units", /calendar noleap/],
  [{ units: "days since 2000-01-01", calendar: "mayan" }, "calendar", /no calendar "mayan"/],
  [{ units: "days since 2000-01-01", calendar: "" }, "calendar", /no calendar ""/],
  [{ units: "hour since 0000-01-01 00:00:00" }, "units", /count from a year 0, which the calendar/],
  [{ units: "dayssince" }, "units", /no unit of a fixed length/],
];

describe.each(ODD)("times of %j", (attributes, attribute, message) => {
  const warning = { variable: "odd", attribute, message: expect.stringMatching(message) };

  test("stay numbers with their attributes, and the file opens", async () => {
    const dataset = await openNetcdf(file(attributes));

    expect(dataset.get("odd")).toMatchObject({ dtype: "int32", attributes });
    expect((await dataset.load()).get("odd")?.values).toEqual(Int32Array.of(1, 2));
    expect(dataset.get("good")?.dtype).toBe("datetime");
    expect(dataset.warnings).toEqual([warning]);
  });

  test("are said once to onWarning", async () => {
    const said: DatasetWarning[] = [];
    await openNetcdf(file(attributes), { onWarning: (one) => said.push(one) });

    expect(said).toEqual([warning]);
  });

  test("are copied as they are, and said by openZarr too", async () => {
    const store = mapStore();
    await (await openNetcdf(file(attributes))).toZarr(store);
    const copy: Dataset = await openZarr(store);

    expect(copy.get("odd")).toMatchObject({ dtype: "int32", attributes });
    expect(copy.warnings).toEqual([warning]);
  });
});

describe("warnings", () => {
  const odd = file({ units: "months since 2000-01-01" });

  test("are empty where everything is read, or nothing was to be decoded", async () => {
    expect((await openNetcdf(file({}))).warnings).toEqual([]);
    expect((await openNetcdf(odd, { decodeTimes: false })).warnings).toEqual([]);
    expect((await openNetcdf(odd, { dropVariables: ["odd"] })).warnings).toEqual([]);
  });

  test("stay with what is selected", async () => {
    expect((await openNetcdf(odd)).isel({ x: 0 }).warnings).toHaveLength(1);
  });

  test("become errors if onWarning throws", async () => {
    const opening = openNetcdf(odd, {
      onWarning: ({ message }) => {
        throw new Error(message);
      },
    });

    await expect(opening).rejects.toThrow(/variable odd: units/);
  });

  test("name the coordinate alone, not the bounds that would borrow its units", async () => {
    const bounds: Netcdf3Variable = { dims: ["x"], type: "int", values: [3, 4] };
    const dataset = await openNetcdf(
      file({ units: "months since 2000-01-01", bounds: "bnds" }, { bnds: bounds }),
    );

    expect(dataset.warnings.map(({ variable }) => variable)).toEqual(["odd"]);
    expect(dataset.get("bnds")?.attributes).toEqual({});
  });
});
