import { describe, expect, test } from "vitest";
import { Dataset, openNetcdf, openZarr } from "../../../../src/dataset/index.ts";
import { type Netcdf3Variable, netcdf3File } from "../../../netcdf3-file.ts";
import { netcdf4File } from "../../../netcdf4-file.ts";

const SIZES = { profile: 2, level: 3, one: 1 };

function fileOf(variables: Readonly<Record<string, Netcdf3Variable>>): Uint8Array {
  return netcdf3File({ version: 2, dimensions: SIZES, variables });
}

const flags = { dims: ["profile", "level"], type: "char", values: "112941" } as const;
const numbers = (...dims: (keyof typeof SIZES)[]): Netcdf3Variable => {
  const length = dims.reduce((count, dim) => count * SIZES[dim], 1);
  return { dims, type: "float", values: Array.from({ length }, (_, i) => i) };
};

const textsOf = (values: unknown): string[] =>
  (values as Uint8Array[]).map((bytes) => new TextDecoder().decode(bytes));

const GLUED = { dims: ["profile"], texts: ["112", "941"] };
const APART = { dims: ["profile", "level"], texts: ["1", "1", "2", "9", "4", "1"] };

async function seen(variables: Record<string, Netcdf3Variable>, dropVariables?: string[]) {
  const dataset = await openNetcdf(fileOf(variables), { dropVariables });
  const { dims, values } = await dataset.get("flags")!.load();
  await dataset.close();
  return { dims, texts: textsOf(values) };
}

describe("characters of a file", () => {
  test("are strings along a dimension that only they have", async () => {
    const ids: Netcdf3Variable = { dims: ["level"], type: "char", values: "abc" };

    expect(await seen({ flags, ids })).toEqual(GLUED);
  });

  test("stay apart where the dimension has a coordinate", async () => {
    expect(await seen({ flags, level: numbers("level") })).toEqual(APART);
  });

  test("stay apart where numbers lie along the dimension", async () => {
    expect(await seen({ flags, temperature: numbers("profile", "level") })).toEqual(APART);
  });

  test("stay apart where others have the dimension in front", async () => {
    const turned: Netcdf3Variable = { dims: ["level", "profile"], type: "char", values: "129114" };

    expect(await seen({ flags, turned })).toEqual(APART);
  });

  test("stay apart although what lies along them is left out", async () => {
    const variables = { flags, temperature: numbers("profile", "level") };

    expect(await seen(variables, ["temperature"])).toEqual(APART);
  });

  test("stay apart although what lies along them cannot be held", async () => {
    const bytes = await netcdf4File((file) => {
      file.create_dataset({ name: "flags", data: [..."112941"], shape: [2, 3], dtype: "A1" });
      file.create_dataset({
        name: "pairs",
        data: new Map([["a", Int32Array.of(1, 2, 3)]]) as never,
      });
    });

    const dataset = await openNetcdf(bytes, { dropVariables: ["pairs"] });

    expect(dataset.get("flags")?.shape).toEqual([2, 3]);
    await dataset.close();
  });

  test("without a dimension are one byte", async () => {
    const flag: Netcdf3Variable = { dims: [], type: "char", values: "x" };

    expect(await seen({ flags: flag })).toEqual({ dims: [], texts: ["x"] });
  });
});

describe("byte strings of one byte in a store", () => {
  test("are read as those of a file: as strings, if nothing else lies along them", async () => {
    const store = new Map<`/${string}`, Uint8Array>();
    const data = textsOf([])
      .concat([..."112941"])
      .map((text) => new TextEncoder().encode(text));
    const asked = { flags: { dtype: "S1" } } as const;
    const dataset = new Dataset({
      variables: { flags: { dims: ["profile", "level"], shape: [2, 3], data } },
    });

    await dataset.toZarr(store, { encoding: asked });

    const opened = await openZarr(store);
    const { dims, values, encoding } = await opened.get("flags")!.load();
    expect({ dims, texts: textsOf(values) }).toEqual(GLUED);
    expect(encoding["char_dim_name"]).toBe("level");
  });

  test("stay apart although an array along them is left out", async () => {
    const store = new Map<`/${string}`, Uint8Array>();
    const dataset = await openNetcdf(fileOf({ flags, t: numbers("profile", "level") }));
    await dataset.toZarr(store);

    const opened = await openZarr(store, { dropVariables: ["t"] });

    expect(opened.get("flags")?.dims).toEqual(["profile", "level"]);
  });

  test("are stored so that they are not taken for letters of a longer one", async () => {
    const store = new Map<`/${string}`, Uint8Array>();
    const names: Netcdf3Variable = { dims: ["profile", "one"], type: "char", values: "ab" };
    const dataset = await openNetcdf(fileOf({ names }));

    await dataset.toZarr(store);

    const opened = await openZarr(store);
    const { dims, values } = await opened.get("names")!.load();
    expect({ dims, texts: textsOf(values) }).toEqual({ dims: ["profile"], texts: ["a", "b"] });
  });

  test("keep their type where something else lies along them", async () => {
    const store = new Map<`/${string}`, Uint8Array>();
    const dataset = await openNetcdf(fileOf({ flags, level: numbers("level") }));

    await dataset.toZarr(store);

    const opened = await openZarr(store);
    expect(opened.get("flags")?.encoding["dtype"]).toBe("S1");
    expect(textsOf((await opened.get("flags")!.load()).values)).toEqual(APART.texts);
  });
});
