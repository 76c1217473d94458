import { describe, expect, test } from "vitest";
import { isIcefloeError } from "../../../../src/base/errors.ts";
import { type ByteSource, bytesSource } from "../../../../src/dataset/netcdf/byte-source.ts";
import type { RawDataset } from "../../../../src/dataset/netcdf/raw-variable.ts";
import { readNetcdf3 } from "../../../../src/dataset/netcdf/read-netcdf3.ts";
import { wholeBox } from "../../../../src/zarr/box.ts";
import { type Netcdf3Content, netcdf3File } from "../../../netcdf3-file.ts";

const CONTENT: Omit<Netcdf3Content, "version"> = {
  dimensions: { time: 0, x: 3, len: 5 },
  recordCount: 2,
  attributes: {
    title: ["char", "höhe"],
    list: ["short", [1, 2, 3]],
    one: ["float", [0.1]],
    two: ["double", [2]],
  },
  variables: {
    time: { dims: ["time"], type: "double", values: [0.5, 1.5] },
    small: { dims: ["time", "x"], type: "byte", values: [-4, -3, -2, -1, 0, 1] },
    shorts: { dims: ["time", "x"], type: "short", values: [1, 2, 3, -1, -2, -3] },
    names: { dims: ["x", "len"], type: "char", values: "ab\0\0\0cde  fghij" },
    ref: { dims: [], type: "int", values: [7], attributes: { units: ["char", "m"] } },
    fixed: { dims: ["x"], type: "float", values: [1, Number.NaN, -2.5] },
  },
};

async function valuesOf(dataset: RawDataset, name: string): Promise<unknown> {
  const variable = dataset.variables.find((v) => v.name === name);
  const { source } = variable ?? expect.fail(`no variable ${name}`);
  return source.read(wholeBox(source.shape));
}

function counting(bytes: Uint8Array): ByteSource & { ranges: [number, number][] } {
  const source = bytesSource(bytes, "counted.nc");
  const ranges: [number, number][] = [];
  return {
    ...source,
    ranges,
    read(start, end) {
      ranges.push([start, end]);
      return source.read(start, end);
    },
  };
}

test("names end at a NUL that their length counts", async () => {
  const bytes = netcdf3File({
    version: 1,
    dimensions: { "x\0\0": 1 },
    attributes: { "title\0": ["char", "t"] },
    variables: { "v\0": { dims: ["x\0\0"], type: "int", values: [1] } },
  });

  const dataset = await readNetcdf3(bytesSource(bytes));

  expect(dataset.variables.map(({ name, dims }) => [name, dims])).toEqual([["v", ["x"]]]);
  expect([...dataset.attributes.values]).toEqual([["title", "t"]]);
});

describe.each([1, 2, 5] as const)("a NetCDF-3 file of version %i", (version) => {
  const open = () => readNetcdf3(bytesSource(netcdf3File({ version, ...CONTENT }), "test.nc"));

  test("gives signed bytes and shorts of record variables without their padding", async () => {
    const dataset = await open();

    expect(await valuesOf(dataset, "small")).toEqual(Int8Array.of(-4, -3, -2, -1, 0, 1));
    expect(await valuesOf(dataset, "shorts")).toEqual(Int16Array.of(1, 2, 3, -1, -2, -3));
    expect(await valuesOf(dataset, "time")).toEqual(Float64Array.of(0.5, 1.5));
  });

  test("gives fixed and 0-d variables", async () => {
    const dataset = await open();

    expect(await valuesOf(dataset, "fixed")).toEqual(Float32Array.of(1, Number.NaN, -2.5));
    expect(await valuesOf(dataset, "ref")).toEqual(Int32Array.of(7));
  });

  test("gives characters as byte strings of one byte, and as they lie in the file", async () => {
    const dataset = await open();
    const names = dataset.variables.find(({ name }) => name === "names");

    const texts = (await valuesOf(dataset, "names")) as Uint8Array[];

    expect(names?.dims).toEqual(["x", "len"]);
    expect(texts.map((t) => new TextDecoder().decode(t)).join(",")).toBe(
      "a,b,,,,c,d,e, , ,f,g,h,i,j",
    );
    expect(
      await names?.characters?.read([
        { start: 0, end: 1 },
        { start: 0, end: 3 },
      ]),
    ).toEqual(Uint8Array.of(97, 98, 0));
  });

  test("gives attributes: one number alone, several as a list, floats spelled as floats", async () => {
    const { attributes, unlimited } = await open();

    expect(attributes.values.get("title")).toBe("höhe");
    expect(attributes.values.get("list")).toEqual([1, 2, 3]);
    expect(attributes.values.get("one")).toBe(Math.fround(0.1));
    expect(attributes.values.get("two")).toMatchObject({ text: "2.0" });
    expect([...attributes.float32Names]).toEqual(["one"]);
    expect(unlimited).toEqual(["time"]);
  });

  test("counts the records itself where the header does not know them", async () => {
    const bytes = netcdf3File({ version, ...CONTENT, isStreaming: true });

    const dataset = await readNetcdf3(bytesSource(bytes));

    expect(await valuesOf(dataset, "time")).toEqual(Float64Array.of(0.5, 1.5));
  });

  test("reads a single record variable, which has no padding", async () => {
    const bytes = netcdf3File({
      version,
      dimensions: { t: 0 },
      recordCount: 5,
      variables: { v: { dims: ["t"], type: "byte", values: [1, 2, 3, 4, -5] } },
    });

    const dataset = await readNetcdf3(bytesSource(bytes));

    expect(await valuesOf(dataset, "v")).toEqual(Int8Array.of(1, 2, 3, 4, -5));
  });
});

test("64-bit integers of version 5 stay exact", async () => {
  const bytes = netcdf3File({
    version: 5,
    dimensions: { x: 2 },
    attributes: { big: ["int64", [2n ** 60n]] },
    variables: {
      u: { dims: ["x"], type: "uint64", values: [2n ** 63n, 1n] },
      i: { dims: ["x"], type: "int64", values: [-(2n ** 62n), 5n] },
      b: { dims: ["x"], type: "ubyte", values: [255, 0] },
    },
  });

  const dataset = await readNetcdf3(bytesSource(bytes));

  expect(await valuesOf(dataset, "u")).toEqual(BigUint64Array.of(2n ** 63n, 1n));
  expect(await valuesOf(dataset, "i")).toEqual(BigInt64Array.of(-(2n ** 62n), 5n));
  expect(await valuesOf(dataset, "b")).toEqual(Uint8Array.of(255, 0));
  expect(dataset.attributes.values.get("big")).toBe(2n ** 60n);
});

test("a slice reads only its own bytes", async () => {
  const size = 200_000;
  const values = Array.from({ length: 3 * size }, (_, i) => i % 30_000);
  const file = counting(
    netcdf3File({
      version: 2,
      dimensions: { t: 0, x: size },
      recordCount: 3,
      variables: { v: { dims: ["t", "x"], type: "short", values } },
    }),
  );
  const { variables } = await readNetcdf3(file);
  file.ranges.length = 0;

  const part = await variables[0]?.source.read([
    { start: 1, end: 2 },
    { start: 10, end: 14 },
  ]);

  expect(part).toEqual(Int16Array.from([0, 1, 2, 3], (i) => (size + 10 + i) % 30_000));
  expect(file.ranges.map(([start, end]) => end - start)).toEqual([8]);
});

test("neighbouring rows are read together, distant ones apart", async () => {
  const values = new Array<number>(4 * 20_000).fill(1);
  const file = counting(
    netcdf3File({
      version: 1,
      dimensions: { y: 4, x: 20_000 },
      variables: { v: { dims: ["y", "x"], type: "int", values } },
    }),
  );
  const { variables } = await readNetcdf3(file);
  file.ranges.length = 0;

  await variables[0]?.source.read([
    { start: 0, end: 4 },
    { start: 0, end: 1 },
  ]);
  await variables[0]?.source.read([
    { start: 1, end: 3 },
    { start: 0, end: 20_000 },
  ]);

  expect(file.ranges.length).toBe(5);
  expect(file.ranges[4]).toEqual([file.ranges[1]?.[0], file.ranges[3]?.[0] as number]);
});

test("a header longer than the first look is read all the same", async () => {
  const bytes = netcdf3File({
    version: 1,
    dimensions: { x: 1 },
    attributes: { history: ["char", "h".repeat(300_000)] },
    variables: { v: { dims: ["x"], type: "byte", values: [9] } },
  });

  const dataset = await readNetcdf3(bytesSource(bytes));

  expect(await valuesOf(dataset, "v")).toEqual(Int8Array.of(9));
});

describe("damage", () => {
  const whole = netcdf3File({ version: 2, ...CONTENT });

  test("names the file and the byte", async () => {
    const cut = whole.slice(0, 40);

    await expect(readNetcdf3(bytesSource(cut, "cut.nc"))).rejects.toMatchObject({
      kind: "invalid-file-format",
      details: { object: "cut.nc", offset: expect.any(Number) },
    });
  });

  test("a variable that reaches beyond the file is refused when it is read", async () => {
    const dataset = await readNetcdf3(bytesSource(whole.slice(0, -9), "short.nc"));

    await expect(valuesOf(dataset, "shorts")).rejects.toMatchObject({
      kind: "invalid-file-format",
      details: { variable: "shorts" },
    });
  });

  test("a count that the file cannot hold is refused before anything is allocated", async () => {
    const hostile = whole.slice();
    hostile.set([0x7f, 0xff, 0xff, 0xff], 12);

    await expect(readNetcdf3(bytesSource(hostile))).rejects.toMatchObject({
      kind: "invalid-file-format",
    });
  });

  test("any single changed byte of the header gives values or a format error", async () => {
    for (let at = 0; at < 420; at++) {
      for (const byte of [0, 1, 0x7f, 0xff]) {
        const damaged = whole.slice();
        damaged[at] = byte;
        try {
          const dataset = await readNetcdf3(bytesSource(damaged));
          for (const { name } of dataset.variables) await valuesOf(dataset, name);
        } catch (error) {
          expect(isIcefloeError(error) && error.category, `byte ${at} = ${byte}`).toBe("format");
        }
      }
    }
  });
});
