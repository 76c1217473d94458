import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Dataset } from "../../../../src/dataset/index.ts";
import { openNetcdf } from "../../../../src/dataset/index.ts";
import { bytesSource } from "../../../../src/dataset/netcdf/byte-source.ts";
import { openHdf5Bytes } from "../../../../src/dataset/netcdf/open-hdf5.ts";
import { addScale, addVariable, netcdf4File, openThrough } from "../../../netcdf4-file.ts";

const KINDS = join(import.meta.dirname, "../../../data/hdf5-kinds.nc");
const TEXTS = join(import.meta.dirname, "../../../data/texts-in-part.nc");

async function loaded(bytes: Uint8Array): Promise<Dataset> {
  const dataset = await (await openNetcdf(bytes)).load();
  await dataset.close();
  return dataset;
}

describe("values without dimensions", () => {
  test("are read, of every type", async () => {
    const dataset = await loaded(
      await netcdf4File((file) => {
        const scalar = (name: string, data: never): void => {
          file.create_dataset({ name, data, shape: [] });
        };
        scalar("text", "höhe" as never);
        scalar("empty", "" as never);
        scalar("int8", Int8Array.of(-1) as never);
        scalar("uint16", Uint16Array.of(65_535) as never);
        scalar("int64", BigInt64Array.of(2n ** 60n + 1n) as never);
        scalar("float64", Float64Array.of(0.1) as never);
        file.create_dataset({ name: "char", data: ["x"], shape: [], dtype: "A1" });
        file.create_dataset({ name: "fixed", data: ["abc"], shape: [], dtype: "A5" });
      }),
    );

    const values = Object.fromEntries(dataset.all().map((array) => [array.name, array.values]));
    expect(values).toEqual({
      text: ["höhe"],
      empty: [""],
      int8: Int8Array.of(-1),
      uint16: Uint16Array.of(65_535),
      int64: BigInt64Array.of(2n ** 60n + 1n),
      float64: Float64Array.of(0.1),
      char: [Uint8Array.of(120)],
      fixed: ["abc"],
    });
  });

  test("are read as attributes, alone or in lists, empty or not", async () => {
    const dataset = await loaded(
      await netcdf4File((file) => {
        const x = file.create_dataset({ name: "x", data: Int8Array.of(1) });
        x.create_attribute("one", Float32Array.of(0.5), []);
        x.create_attribute("list", Int16Array.of(1, 2));
        x.create_attribute("none", new Int32Array(0));
        x.create_attribute("text", "é", []);
        x.create_attribute("empty", "", []);
        x.create_attribute("texts", ["a", "", "é"]);
        x.create_attribute("fixed", ["a\0b"], [], "S5");
        x.create_attribute("bytes", ["a", "bc"], [2], "S2");
      }),
    );

    expect(dataset.get("x")?.attributes).toEqual({
      one: 0.5,
      list: [1, 2],
      none: [],
      text: "é",
      empty: "",
      texts: ["a", "", "é"],
      fixed: "ab",
      bytes: ["a", "bc"],
    });
  });
});

describe("parts of texts", () => {
  test("are read alone", async () => {
    const bytes = await netcdf4File((file) => {
      file.create_dataset({ name: "t", data: ["a", "", "ccc", "é", "e", "f"], shape: [2, 3] });
    });
    const dataset = await openNetcdf(bytes);

    const part = dataset.get("t")!.isel({ phony_dim_0: [1], phony_dim_1: { start: 0, end: 2 } });

    expect((await part.load()).values).toEqual(["é", "e"]);
    await dataset.close();
  });
});

describe("what was never written", () => {
  test("reads as zero, whatever was read before", async () => {
    const bytes = await readFile(KINDS);
    const other = await netcdf4File((file) => {
      file.create_dataset({ name: "x", data: new Float64Array(20_000).fill(Math.PI) });
    });

    for (let round = 0; round < 3; round++) {
      await loaded(other);
      const dataset = await loaded(bytes);
      expect(dataset.get("never")?.values).toEqual(new Float64Array(100));
    }
  });
});

test("a fill value that the type cannot hold fills nothing up", async () => {
  const bytes = await netcdf4File((file) => {
    const growing = { maxshape: [null], chunks: [4] };
    addScale(file, { name: "t", data: Float32Array.of(0, 1), ...growing }, 0);
    for (const [name, fill] of [
      ["nan", Float64Array.of(Number.NaN)],
      ["half", Float64Array.of(0.5)],
      ["list", Int32Array.of(1, 2)],
      ["whole", Float64Array.of(7)],
    ] as const) {
      const data = BigInt64Array.of(5n);
      const variable = addVariable(file, { name, data, ...growing }, ["t"]);
      variable.create_attribute("_FillValue", fill, [fill.length]);
    }
    const text = addVariable(file, { name: "text", data: ["a"], ...growing }, ["t"]);
    text.create_attribute("_FillValue", Int32Array.of(9), [1]);
  });

  const dataset = await openNetcdf(bytes, { maskAndScale: false });
  await dataset.load();

  for (const name of ["nan", "half", "list"]) {
    expect(dataset.get(name)?.values).toEqual(BigInt64Array.of(5n, -9223372036854775806n));
  }
  expect(dataset.get("whole")?.values).toEqual(BigInt64Array.of(5n, 7n));
  expect(dataset.get("text")?.values).toEqual(["a", ""]);
  await dataset.close();
});

describe("types that NetCDF users define", () => {
  test("leave out attributes with a warning, and nothing else", async () => {
    const heard: unknown[] = [];
    const onWarning = (warning: unknown): void => void heard.push(warning);
    const dataset = await openNetcdf(await readFile(KINDS), { onWarning });

    expect(dataset.get("x")?.attributes).toEqual({ units: "m" });
    expect(dataset.attributes).toEqual({ title: "kinds" });
    expect(dataset.warnings.map(({ variable, attribute }) => [variable, attribute])).toEqual([
      [undefined, "pair"],
      ["x", "flag"],
      ["x", "pair"],
      ["x", "raw"],
      ["x", "self"],
      ["references", undefined],
    ]);
    expect(dataset.warnings[2]?.message).toBe(
      "variable x: attribute pair is of a user-defined type (compound) and left out",
    );
    expect(heard).toEqual(dataset.warnings);
    await dataset.close();
  });

  test.each([
    ["opaque", 5],
    ["bit field", 4],
    ["time", 2],
  ])("leave out variables of a type %s with a warning", async (name, type) => {
    const bytes = await netcdf4File((file) => {
      file.create_dataset({ name: "x", data: Int8Array.of(1) });
      file.create_dataset({ name: "y", data: Int8Array.of(1) });
    });

    const raw = await openThrough(bytes, (module) => ({
      get_dataset_metadata: (file, path) => {
        const own = module.get_dataset_metadata(file, path);
        return path === "/x" ? { ...own, type } : own;
      },
    }));

    expect(raw.variables.map((variable) => variable.name)).toEqual(["y"]);
    expect(raw.warnings).toEqual([
      {
        variable: "x",
        attribute: undefined,
        message: `variable x is left out: its type is ${name}`,
      },
    ]);
    await raw.close();
  });

  test("warn of no variable that is left out", async () => {
    const dataset = await openNetcdf(await readFile(KINDS), { dropVariables: ["x", "references"] });

    expect(dataset.warnings.map(({ variable }) => variable)).toEqual([undefined]);
    await dataset.close();
  });

  test("give enumerated variables as their numbers, with their fill value", async () => {
    const dataset = await loaded(await readFile(KINDS));

    expect(dataset.get("sky")?.values).toEqual(Float32Array.of(0, 1, Number.NaN));
  });

  test("refuse variables by name, saying how to leave them out", async () => {
    const bytes = await netcdf4File((file) => {
      file.create_dataset({ name: "pairs", data: new Map([["a", Int32Array.of(1)]]) as never });
      file.create_dataset({ name: "x", data: Int8Array.of(1) });
    });

    await expect(openNetcdf(bytes)).rejects.toMatchObject({
      kind: "unimplemented",
      message: expect.stringMatching(/pairs \(its type is compound\).*dropVariables/),
    });
    const dataset = await openNetcdf(bytes, { dropVariables: ["pairs"] });
    expect(dataset.all().map(({ name }) => name)).toEqual(["x"]);
    await dataset.close();
  });
});

describe("values that cannot be read", () => {
  test("name the filter that is missing", async () => {
    const bytes = await netcdf4File((file) => {
      file.create_dataset({ name: "x", data: Int8Array.of(1) });
    });
    const raw = await openThrough(bytes, () => ({
      get_dataset_data: () => -1,
      get_dataset_filters: () => [
        { id: 1, name: "deflate" },
        { id: 32_001, name: "blosc" },
      ],
    }));

    await expect(raw.variables[0]?.source.read([{ start: 0, end: 1 }])).rejects.toMatchObject({
      kind: "unimplemented",
      message: expect.stringMatching(/variable \/x is stored through filter 32001 \(blosc\)/),
      details: { path: "/x", filter: 32_001 },
    });
    await raw.close();
  });
});

describe("large variables", () => {
  test("are read part by part, and come out whole", async () => {
    const length = 9 * 2 ** 20 + 3;
    const data = Float64Array.from({ length }, (_, i) => i);
    const bytes = await netcdf4File((file) => {
      file.create_dataset({ name: "x", data, shape: [1, length] });
    });

    const raw = await openHdf5Bytes(bytesSource(bytes), "/");

    const { source } = raw.variables[0]!;
    const values = (await source.read([
      { start: 0, end: 1 },
      { start: 1, end: length },
    ])) as Float64Array;
    expect(values.length).toBe(length - 1);
    expect(values.findIndex((value, i) => value !== i + 1)).toBe(-1);
    await raw.close();
  });
});

describe("texts of which only a part was written", () => {
  const none = ["none", "none", "none"];
  test.each([
    ["of several chunks", "plain", ["", "", "", "p", "q", "r", "", "", "", "", "", "z"]],
    ["with a fill value", "filled", [...none, "p", "q", "r", ...none, "none", "none", "z"]],
    ["of one piece", "never", ["", "", ""]],
    ["of chunks none of which was written", "chunked", none],
  ])("are the fill value elsewhere: %s", async (_case, name, expected) => {
    const dataset = await loaded(await readFile(TEXTS));

    expect(dataset.get(name)?.values).toEqual(expected);
  });

  test("are read in part, from the middle of chunks", async () => {
    const dataset = await openNetcdf(await readFile(TEXTS));

    const part = await dataset.isel({ time: { start: 2, end: 4 }, x: { start: 1, end: 3 } }).load();
    await dataset.close();

    expect(part.variables["filled"]?.values).toEqual(["none", "none", "none", "z"]);
  });
});
