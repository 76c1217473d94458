import { describe, expect, test } from "vitest";
import { type JsonValue, jsonFloat } from "../../../../src/codec/json.ts";
import { memorySource } from "../../../../src/dataset/array/array-source.ts";
import type { ElementType, Values } from "../../../../src/dataset/array/elements.ts";
import type { Coding } from "../../../../src/dataset/cf/coding.ts";
import {
  decodeAttributes,
  parseFillAttribute,
} from "../../../../src/dataset/cf/decode-attributes.ts";
import { decodedType, decodeValues } from "../../../../src/dataset/cf/decode-values.ts";
import { encodeAttributes, fillAttribute } from "../../../../src/dataset/cf/encode-attributes.ts";
import { encodeValues } from "../../../../src/dataset/cf/encode-values.ts";

const NOT_A_TIME = -(2n ** 63n);

function decode(
  type: ElementType,
  values: Values,
  attributes: Record<string, JsonValue>,
  float32Names: readonly string[] = [],
) {
  const decoded = decodeAttributes({
    name: "v",
    dims: ["x"],
    source: memorySource(type, [values.length], values),
    attributes: {
      values: new Map(Object.entries(attributes)),
      float32Names: new Set(float32Names),
    },
    encoding: {},
  });
  return { ...decoded, values: decodeValues(values, decoded.coding, "variable v") };
}

function encode(values: Values, type: ElementType, coding: Coding): Values {
  return encodeValues({ values, type, time: coding.time }, coding, { name: "variable v" });
}

describe("decoding", () => {
  test("scale and offset give doubles, x * scale + offset", () => {
    const { values, coding, attributes, encoding } = decode(
      { name: "int16" },
      Int16Array.of(1, -9, 3),
      { scale_factor: 0.1, add_offset: 10, _FillValue: -9, units: "K" },
    );

    expect(values).toEqual(Float64Array.of(1 * 0.1 + 10, Number.NaN, 3 * 0.1 + 10));
    expect(coding.dtype).toBe("float64");
    expect([...attributes]).toEqual([["units", "K"]]);
    expect(encoding).toEqual({
      dtype: "int16",
      scale_factor: 0.1,
      add_offset: 10,
      _FillValue: -9,
    });
  });

  test("single-precision scale and offset of a file give single precision", () => {
    const scale = Math.fround(0.01);
    const { values, coding } = decode(
      { name: "int16" },
      Int16Array.of(30),
      { scale_factor: scale, add_offset: 1 },
      ["scale_factor", "add_offset"],
    );

    expect(coding.dtype).toBe("float32");
    expect(values).toEqual(Float32Array.of(Math.fround(Math.fround(30 * scale) + 1)));
  });

  test.each([
    ["int8", "float32"],
    ["uint16", "float32"],
    ["int32", "float64"],
    ["float32", "float32"],
  ] as const)("a masked %s becomes %s", (name, dtype) => {
    const type: ElementType = { name };
    const stored = new (
      name === "int8"
        ? Int8Array
        : name === "uint16"
          ? Uint16Array
          : name === "int32"
            ? Int32Array
            : Float32Array
    )(1);

    expect(decode(type, stored, { missing_value: 5 }).coding.dtype).toBe(dtype);
  });

  test("both of two different fill values are missing", () => {
    const { values } = decode({ name: "int16" }, Int16Array.of(-1, -2, 7), {
      _FillValue: -1,
      missing_value: -2,
    });

    expect(values).toEqual(Float32Array.of(Number.NaN, Number.NaN, 7));
  });

  test("a fill value that the integer type cannot hold is dropped", () => {
    const { values, encoding } = decode({ name: "int16" }, Int16Array.of(1), {
      _FillValue: Number.NaN,
    });

    expect(values).toEqual(Int16Array.of(1));
    expect(encoding).toEqual({ dtype: "int16" });
  });

  test("_Unsigned bytes are unsigned, their fill value too", () => {
    const { values, encoding } = decode({ name: "int8" }, Int8Array.of(0, -56, -1), {
      _Unsigned: "true",
      _FillValue: -1,
    });

    expect(values).toEqual(Float32Array.of(0, 200, Number.NaN));
    expect(encoding["_Unsigned"]).toBe("true");
  });

  test("int8 with dtype bool is bool", () => {
    const { values, coding, attributes } = decode({ name: "int8" }, Int8Array.of(0, 1), {
      dtype: "bool",
    });

    expect(values).toEqual(Uint8Array.of(0, 1));
    expect(coding.dtype).toBe("bool");
    expect(attributes.size).toBe(0);
  });

  test("byte strings with _Encoding are text", () => {
    const { values, coding } = decode(
      { name: "bytes", width: 4 },
      [new TextEncoder().encode("hö")],
      { _Encoding: "utf-8" },
    );

    expect(values).toEqual(["hö"]);
    expect(coding.dtype).toBe("string");
  });

  test("a missing time is no time", () => {
    const { values, coding } = decode({ name: "int32" }, Int32Array.of(1, -1), {
      units: "days since 2000-01-01",
      _FillValue: -1,
    });

    expect(values).toEqual(BigInt64Array.of(1n, NOT_A_TIME));
    expect(coding.dtype).toBe("datetime");
  });

  test("a scale that is a list of one number is that number; any other list stays an attribute", () => {
    const one = decode({ name: "int16" }, Int16Array.of(2), { scale_factor: [0.5] });
    const two = decode({ name: "int16" }, Int16Array.of(2), { scale_factor: [0.5, 1] });

    expect(one.values).toEqual(Float64Array.of(1));
    expect(two.values).toEqual(Int16Array.of(2));
    expect(two.attributes.has("scale_factor")).toBe(true);
  });
});

describe("encoding", () => {
  test.each([
    [0.01, 273.15],
    [-1.7250274674967954, 66_825.5],
    [0.1, 0],
    [1 / 3, -1e3],
  ])("restores every int16 with scale %d and offset %d", (scale, offset) => {
    const stored = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
    const { values, coding } = decode({ name: "int16" }, stored, {
      scale_factor: scale,
      add_offset: offset,
    });

    expect(encode(values, decodedType(coding), coding)).toEqual(stored);
  });

  test("missing values become the fill value", () => {
    const { coding } = decode({ name: "int16" }, Int16Array.of(0), { _FillValue: -9 });

    expect(encode(Float32Array.of(1, Number.NaN), { name: "float32" }, coding)).toEqual(
      Int16Array.of(1, -9),
    );
  });

  test("with a fill value, single precision stays single precision as in xarray", () => {
    const { coding } = decode({ name: "int32" }, Int32Array.of(0), {
      scale_factor: 1e-6,
      _FillValue: -1,
    });
    const value = Math.fround(0.3);
    const single = Math.fround(value / Math.fround(1e-6));

    expect(encode(Float32Array.of(value), { name: "float32" }, coding)).toEqual(
      Int32Array.of(Math.round(single)),
    );
  });

  test.each([
    [
      "NaN without a fill value",
      Float64Array.of(1, Number.NaN),
      /NaN cannot be stored as int16 without _FillValue, at element 1/,
    ],
    [
      "what is out of range",
      Float64Array.of(40_000),
      /40000 cannot be stored as int16, at element 0/,
    ],
    ["infinity", Float64Array.of(Number.POSITIVE_INFINITY), /Infinity cannot/],
  ])("refuses %s", (_, values, message) => {
    const { coding } = decode({ name: "int16" }, Int16Array.of(0), {});

    expect(() => encode(values, { name: "float64" }, coding)).toThrow(message);
  });

  describe("of packed values", () => {
    const packed = (attributes: object): Coding =>
      decode({ name: "int16" }, Int16Array.of(0), {
        ...{ scale_factor: 0.01, add_offset: 273.15, ...attributes },
      }).coding;
    const celsius = { name: "float64" } as const;

    test("refuses what is out of range, as it was given and as it would be stored", () => {
      expect(() => encode(Float64Array.of(280, 700), celsius, packed({}))).toThrow(
        "variable v: 700 (packed 42685) cannot be stored as int16, at element 1",
      );
    });

    test.each([{ _FillValue: -32768 }, { _FillValue: -1, missing_value: [-1, -32768] }])(
      "refuses a number that %j says is missing",
      (attributes) => {
        const lowest = 273.15 - 327.68;

        expect(() => encode(Float64Array.of(lowest), celsius, packed(attributes))).toThrow(
          `${lowest} (packed -32768) cannot be stored as int16: that stands for missing values, at element 0`,
        );
        expect(encode(Float64Array.of(lowest + 0.01), celsius, packed(attributes))).toEqual(
          Int16Array.of(-32767),
        );
      },
    );
  });

  test("an unpacked value may say that it is missing", () => {
    const { coding } = decode({ name: "int16" }, Int16Array.of(0), { _FillValue: -999 });

    expect(encode(Float32Array.of(-999, 1), { name: "float32" }, coding)).toEqual(
      Int16Array.of(-999, 1),
    );
  });

  test("rounds halves to even", () => {
    const { coding } = decode({ name: "int16" }, Int16Array.of(0), {});
    const values = Float64Array.of(0.5, 1.5, 2.5, -0.5, -1.5, 2.4);

    expect(encode(values, { name: "float64" }, coding)).toEqual(Int16Array.of(0, 2, 2, 0, -2, 2));
  });

  test("unsigned values go into signed bytes and back", () => {
    const { coding } = decode({ name: "int8" }, Int8Array.of(0), { _Unsigned: "true" });
    const stored = encode(Uint8Array.of(200, 5), { name: "uint8" }, coding);

    expect(stored).toEqual(Int8Array.of(-56, 5));
    expect(decodeValues(stored, coding, "v")).toEqual(Uint8Array.of(200, 5));
  });

  test("refuses a missing time that an offset would make another time", () => {
    const units = "days since 2000-01-01";
    const { coding: plain } = decode({ name: "int64" }, new BigInt64Array(0), { units });
    const { coding } = decode({ name: "int64" }, new BigInt64Array(0), { units, add_offset: 5 });
    const times = { values: BigInt64Array.of(7n, NOT_A_TIME), type: { name: "int64" } } as const;

    expect(() => encodeValues({ ...times, time: plain.time }, coding, { name: "v" })).toThrow(
      /NaT .*cannot be stored as int64/,
    );
  });

  test("times between whole units are refused, naming both", () => {
    const days = decode({ name: "int64" }, new BigInt64Array(0), {
      units: "days since 2000-01-01",
    }).coding;
    const hours = decode({ name: "int64" }, new BigInt64Array(0), {
      units: "hours since 2000-01-01",
    }).coding;
    const hour36 = { values: BigInt64Array.of(36n), type: { name: "int64" }, time: hours.time };

    expect(() => encodeValues(hour36 as never, days, { name: "variable t" })).toThrow(
      /days since 2000-01-01.*hours since 2000-01-01/,
    );
  });
});

describe("attributes of an encoding", () => {
  const of = (encoding: Record<string, unknown>, name: ElementType["name"] = "float64") =>
    encodeAttributes({
      name: "v",
      dtype: name,
      type: { name },
      time: undefined,
      calendar: undefined,
      encoding,
    });

  test("floats have a fill value of NaN unless told otherwise", () => {
    expect([...of({}).attributes]).toEqual([["_FillValue", "AAAAAAAA+H8="]]);
    expect([...of({ _FillValue: null }).attributes]).toEqual([]);
  });

  test.each([
    [{ name: "float64" }, -999, "AAAAAAA4j8A="],
    [{ name: "float64" }, -9999, "AAAAAICHw8A="],
    [{ name: "float64" }, 1e20, "QIy1eB2vFUQ="],
    [{ name: "float32" }, Math.fround(1e20), "AAAAgB2vFUQ="],
    [{ name: "float64" }, Number.NaN, "AAAAAAAA+H8="],
  ] as const)("the fill value of %j %d is written as xarray does", (type, value, text) => {
    expect(fillAttribute(type, value)).toBe(text);
    expect(parseFillAttribute(type, text)).toBe(value);
  });

  test("a single-precision fill value is rounded first", () => {
    expect(of({ dtype: "float32", _FillValue: 1e20 }).attributes.get("_FillValue")).toBe(
      "AAAAgB2vFUQ=",
    );
  });

  test("scale factors print as floats", () => {
    const { attributes } = of({ dtype: "int16", scale_factor: 2, _FillValue: -1 });

    expect(attributes.get("scale_factor")).toEqual(jsonFloat(2));
    expect(attributes.get("_FillValue")).toBe(-1);
  });

  test("of two different missing values the fill value is written", () => {
    const { attributes, coding } = of({ dtype: "int16", _FillValue: -1, missing_value: -2 });

    expect(attributes.has("missing_value")).toBe(false);
    expect(coding.fills).toEqual([-1]);
  });

  test.each([
    [{ dtype: "int16", _FillValue: 40_000 }, /_FillValue 40000 is no value of int16/],
    [{ dtype: "int17" }, /there is no dtype "int17"; known: bool, int8 to int64/],
    [{ dtype: "complex64" }, /dtype "complex64" is not built/],
    [{ dtype: "datetime64[ns]" }, /dtype "datetime64\[ns\]" is not built/],
    [{ scale_factor: "0.1" }, /scale_factor must be a number/],
    [{ dtype: "string" }, /float64 values cannot be stored as string/],
  ])("%j is refused", (encoding, message) => {
    expect(() => of(encoding)).toThrow(message);
  });
});
