import { describe, expect, test } from "vitest";
import { openNetcdf, openZarr } from "../../../../src/dataset/index.ts";
import { type Netcdf3Variable, netcdf3File } from "../../../netcdf3-file.ts";
import { documentAt, mapStore } from "../map-store.ts";

type Attributes = Netcdf3Variable["attributes"];

const fileOf = (type: "byte" | "ubyte" | "short", attributes: Attributes): Uint8Array =>
  netcdf3File({
    version: 5,
    dimensions: { x: 3 },
    variables: { v: { dims: ["x"], type, values: [1, -1, -56], attributes } as Netcdf3Variable },
  });

/** The values, those of a copy in a store, and the attributes that the store has. */
async function copied(type: "byte" | "ubyte" | "short", attributes: Attributes) {
  const dataset = await openNetcdf(fileOf(type, attributes));
  const store = mapStore();
  await dataset.toZarr(store);
  const values = Array.from((await dataset.get("v")!.load()).values as Float32Array);
  const copy = await (await openZarr(store)).get("v")!.load();
  return {
    values,
    copy: Array.from(copy.values as Float32Array),
    attributes: (documentAt(store, "/v") as { attributes: unknown }).attributes,
  };
}

describe("_Unsigned", () => {
  test.each(["True", "TRUE", "1", "yes", "false"])(
    "%j says nothing of signed bytes",
    async (says) => {
      const found = await copied("byte", { _Unsigned: ["char", says] });

      expect(found).toEqual({
        values: [1, -1, -56],
        copy: [1, -1, -56],
        attributes: { _Unsigned: says },
      });
    },
  );

  test.each(["False", "0", "true"])("%j says nothing of unsigned bytes", async (says) => {
    const found = await copied("ubyte", {
      _Unsigned: ["char", says],
      _FillValue: ["ubyte", [255]],
    });

    expect(found).toEqual({
      values: [1, Number.NaN, 200],
      copy: [1, Number.NaN, 200],
      attributes: { _Unsigned: says, _FillValue: 255 },
    });
  });

  test("as a number is kept and says nothing", async () => {
    const found = await copied("byte", { _Unsigned: ["int", [1]] });

    expect(found).toEqual({
      values: [1, -1, -56],
      copy: [1, -1, -56],
      attributes: { _Unsigned: 1 },
    });
  });

  test("of unsigned bytes that have a sign writes a fill value with a sign", async () => {
    const found = await copied("ubyte", {
      _Unsigned: ["char", "false"],
      _FillValue: ["ubyte", [255]],
    });

    expect(found).toEqual({
      values: [1, Number.NaN, -56],
      copy: [1, Number.NaN, -56],
      attributes: { _Unsigned: "false", _FillValue: -1 },
    });
  });

  test("compares a missing value with the number that is seen", async () => {
    const found = await copied("byte", {
      _Unsigned: ["char", "true"],
      missing_value: ["short", [255]],
    });

    expect(found).toEqual({
      values: [1, Number.NaN, 200],
      copy: [1, Number.NaN, 200],
      attributes: { _Unsigned: "true", missing_value: 255 },
    });
  });
});

describe("a missing value that is a text", () => {
  test("means no number, and is kept", async () => {
    const found = await copied("short", { missing_value: ["char", "N/A"] });

    expect(found).toEqual({
      values: [1, -1, -56],
      copy: [1, -1, -56],
      attributes: { missing_value: "N/A" },
    });
  });

  test("stands beside a fill value", async () => {
    const found = await copied("short", {
      _FillValue: ["short", [-1]],
      missing_value: ["char", "N/A"],
    });

    expect(found).toEqual({
      values: [1, Number.NaN, -56],
      copy: [1, Number.NaN, -56],
      attributes: { _FillValue: -1, missing_value: "N/A" },
    });
  });
});
