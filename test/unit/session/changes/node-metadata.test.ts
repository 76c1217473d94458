import { describe, expect, test } from "vitest";
import { encodeUtf8 } from "../../../../src/base/bytes.ts";
import { parseNodeMetadata, readSignature } from "../../../../src/session/changes/node-metadata.ts";

const ARRAY = {
  zarr_format: 3,
  node_type: "array",
  shape: [4, 3],
  data_type: "uint8",
  chunk_grid: { name: "regular", configuration: { chunk_shape: [2, 3] } },
  chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
  fill_value: 0,
  codecs: [{ name: "bytes" }],
};

const parse = (document: unknown) =>
  parseNodeMetadata(
    encodeUtf8(typeof document === "string" ? document : JSON.stringify(document)),
    "/g/a",
  );
const parseArray = (changes: Record<string, unknown>) => {
  const metadata = parse({ ...ARRAY, ...changes });
  if (metadata.type !== "array") throw new Error("no array");
  return metadata.array;
};
const rectilinear = (...chunkShapes: unknown[]) => ({
  chunk_grid: {
    name: "rectilinear",
    configuration: { kind: "inline", chunk_shapes: chunkShapes },
  },
});

describe("parseNodeMetadata", () => {
  test("reads a group", () => {
    expect(parse({ zarr_format: 3, node_type: "group", attributes: { a: 1 } })).toEqual({
      type: "group",
    });
  });

  test("reads shape and chunk counts of a regular grid", () => {
    expect(parseArray({}).shape).toEqual([
      { arrayLength: 4, chunkCount: 2 },
      { arrayLength: 3, chunkCount: 1 },
    ]);
    expect(parseArray({ shape: [5, 0] }).shape.map((d) => d.chunkCount)).toEqual([3, 0]);
  });

  test("reads a scalar", () => {
    const scalar = parseArray({
      shape: [],
      chunk_grid: { name: "regular", configuration: { chunk_shape: [] } },
      dimension_names: [],
    });

    expect(scalar).toMatchObject({ shape: [], dimensionNames: [] });
  });

  test("a zero-length dimension has no chunks whatever its chunk size", () => {
    const grid = (size: number) => ({
      shape: [0],
      chunk_grid: { name: "regular", configuration: { chunk_shape: [size] } },
    });

    expect(parseArray(grid(0)).shape).toEqual([{ arrayLength: 0, chunkCount: 0 }]);
    expect(parseArray(grid(7)).shape).toEqual([{ arrayLength: 0, chunkCount: 0 }]);
  });

  test("counts chunks of a rectilinear grid with runs", () => {
    const array = parseArray({ shape: [10, 9], ...rectilinear([1, 2, [3, 2], 1], 2) });

    expect(array.shape.map((d) => d.chunkCount)).toEqual([5, 5]);
  });

  test("dimension names may be unnamed; an empty name is none", () => {
    expect(parseArray({ dimension_names: ["t", null] }).dimensionNames).toEqual(["t", null]);
    expect(parseArray({ dimension_names: ["", "x"] }).dimensionNames).toEqual([null, "x"]);
    expect("dimensionNames" in parseArray({})).toBe(false);
    expect("dimensionNames" in parseArray({ dimension_names: null })).toBe(false);
  });

  test.each([
    ["{", "no strict JSON"],
    ['{"zarr_format":3,"node_type":"group","attributes":{"a":NaN}}', "no strict JSON"],
    ["[]", "must be a JSON object"],
    [{ zarr_format: 2 }, "zarr_format must be 3, found 2"],
    [{ node_type: "group" }, "zarr_format must be 3, found nothing"],
    [{ zarr_format: 3, node_type: "table" }, 'must be "array" or "group", found "table"'],
    [{ zarr_format: 3 }, "found nothing"],
  ])("refuses %j as bad metadata", (document, message) => {
    expect(() => parse(document)).toThrow(
      expect.objectContaining({
        kind: "bad-metadata",
        message: expect.stringContaining(message),
        details: expect.objectContaining({ path: "/g/a" }),
      }),
    );
  });

  test("refuses bytes that are not UTF-8", () => {
    expect(() => parseNodeMetadata(new Uint8Array([0xff, 0xfe]), "/")).toThrow(
      expect.objectContaining({ kind: "bad-metadata", message: "zarr.json of /: not UTF-8" }),
    );
  });

  test.each([
    [{ shape: undefined }, "shape must be a list"],
    [{ shape: [4, -1] }, "-1 in dimension 1"],
    [{ shape: [4, 1.5] }, "1.5 in dimension 1"],
    [{ shape: [4] }, "chunk_shape has 2 dimensions, shape has 1"],
    [{ shape: [4, 3, 2] }, "chunk_shape has 2 dimensions, shape has 3"],
    [{ chunk_grid: undefined }, "found nothing"],
    [{ chunk_grid: { name: "hexagonal", configuration: {} } }, 'chunk grid "hexagonal" is unknown'],
    [{ chunk_grid: { name: "regular" } }, "must have a name and a configuration"],
    [
      { chunk_grid: { name: "regular", configuration: { chunk_shape: [2, 0] } } },
      "chunk size 0 in dimension 1",
    ],
    [
      {
        shape: [2 ** 40, 3],
        chunk_grid: { name: "regular", configuration: { chunk_shape: [1, 3] } },
      },
      "1099511627776 chunks",
    ],
    [rectilinear([4]), "chunk_shapes has 1 dimensions"],
    [rectilinear([1, 2], [3]), "cover 3 elements of dimension 0, which has 4"],
    [rectilinear([4, 0], [3]), "has 0 in dimension 0"],
    [rectilinear([[2, 2, 2]], [3]), "[2,2,2] in dimension 0"],
    [rectilinear([4], "x"), '"x" in dimension 1'],
    [{ dimension_names: ["t"] }, "dimension_names has 1 dimensions, shape has 2"],
    [{ dimension_names: ["t", "x", "y"] }, "dimension_names has 3 dimensions"],
    [{ dimension_names: ["t", 1] }, "1 in dimension 1"],
    [{ dimension_names: "tx" }, "must be a list"],
    [{ chunk_key_encoding: { name: "v2" } }, 'found {"name":"v2"}'],
    [
      { chunk_key_encoding: { name: "default", configuration: { separator: "." } } },
      'must be "default" with separator',
    ],
  ])("refuses an array with %j", (changes, message) => {
    expect(() => parseArray(changes)).toThrow(
      expect.objectContaining({
        kind: "invalid-array-metadata",
        message: expect.stringContaining(message),
        details: expect.objectContaining({ path: "/g/a" }),
      }),
    );
  });

  test("refuses a shape that doubles cannot hold", () => {
    const text = JSON.stringify(ARRAY).replace("[4,3]", "[9007199254740993,3]");

    expect(() => parse(text)).toThrow("9007199254740993 in dimension 0");
  });

  test.each([undefined, { name: "default" }, "default"])(
    "accepts the default chunk keys spelled %j",
    (encoding) => {
      expect(parseArray({ chunk_key_encoding: encoding }).signature).toBe(parseArray({}).signature);
    },
  );
});

describe("signature", () => {
  test("ignores what does not change chunk bytes: attributes, shape, names, order, spelling", () => {
    const reordered = Object.fromEntries(Object.entries(ARRAY).reverse());
    const text = JSON.stringify({ ...reordered, shape: [8, 3], attributes: { a: 1 } });

    const metadata = parse(text.replace('"fill_value":0', '"fill_value":0.0'));

    expect(metadata).toMatchObject({ array: { signature: parseArray({}).signature } });
  });

  test.each([
    { data_type: "int8" },
    { fill_value: 1 },
    { codecs: [{ name: "bytes" }, { name: "zstd", configuration: { level: 0 } }] },
    { chunk_grid: { name: "regular", configuration: { chunk_shape: [4, 3] } } },
  ])("differs with %j", (changes) => {
    expect(parseArray(changes).signature).not.toBe(parseArray({}).signature);
  });

  test("tells 64-bit fill values apart", () => {
    const withFill = (fill: string) =>
      parse(JSON.stringify(ARRAY).replace('"fill_value":0', `"fill_value":${fill}`));

    expect(withFill("9223372036854775807")).not.toEqual(withFill("9223372036854775806"));
  });

  test("is read from what another engine stored, valid or not", () => {
    const foreign = { ...ARRAY, chunk_key_encoding: { name: "v2" }, dimension_names: ["t"] };
    const read = (text: string) => readSignature(encodeUtf8(text), "/a");

    expect(read(JSON.stringify(foreign))).toBe(parseArray({}).signature);
    expect(read("{")).toBeUndefined();
  });
});
