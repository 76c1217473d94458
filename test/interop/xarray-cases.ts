/** Datasets that xarray and icefloe are compared on: the twins of those in xarray_cases.py. */
import { type Data, Dataset, type DatasetInput, TimeArray } from "../../src/dataset/index.ts";

const { NaN: NAN } = Number;

function one(
  data: unknown,
  more: Partial<{
    dims: string[];
    shape: number[];
    dtype: "bool" | "float16";
    attributes: Record<string, unknown>;
    encoding: Record<string, unknown>;
    datasetAttributes: Record<string, unknown>;
  }> = {},
): Dataset {
  const { datasetAttributes, ...variable } = more;
  return new Dataset({
    variables: { v: { dims: ["x"], data: data as Data, ...variable } },
    ...(datasetAttributes === undefined ? {} : { attributes: datasetAttributes }),
  });
}

function ramp(length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => i);
}

function times(
  values: BigInt64Array | Float64Array,
  units: string,
  calendar: string,
  encoding: Record<string, unknown> = {},
): Dataset {
  return new Dataset({
    variables: { v: { dims: ["time"], data: ramp(values.length) } },
    coordinates: {
      time: { dims: ["time"], data: new TimeArray(values, units, calendar), encoding },
    },
  });
}

function dates(...texts: string[]): Dataset {
  return datesIn({}, ...texts);
}

function datesIn(encoding: Record<string, unknown>, ...texts: string[]): Dataset {
  const data = texts.map((text) => new Date(`${text}Z`));
  return new Dataset({
    variables: { v: { dims: ["time"], data: ramp(texts.length) } },
    coordinates: { time: { dims: ["time"], data, encoding } },
  });
}

function packed(
  values: number[],
  dtype: string,
  scale: number | undefined,
  offset: number | undefined,
  fill: number,
): Dataset {
  // Integers that are only masked are decoded to single precision, up to 16 bits.
  const isPacked = scale !== undefined || offset !== undefined;
  return one(isPacked ? Float64Array.from(values) : Float32Array.from(values), {
    encoding: {
      dtype,
      ...(scale === undefined ? {} : { scale_factor: scale }),
      ...(offset === undefined ? {} : { add_offset: offset }),
      _FillValue: fill,
    },
  });
}

function grid(): DatasetInput {
  const y = [0, 1, 2];
  const x = [0, 10, 20, 30];
  return {
    variables: {
      t: {
        dims: ["time", "y", "x"],
        shape: [2, 3, 4],
        data: Float32Array.from({ length: 24 }, (_, i) => i),
      },
      area: { dims: ["y", "x"], shape: [3, 4], data: new Float64Array(12).fill(1) },
      scalar: { dims: [], data: 2.5 },
    },
    coordinates: {
      time: {
        dims: ["time"],
        data: BigInt64Array.of(10n, 20n),
        attributes: { long_name: "time" },
      },
      xc: {
        dims: ["y", "x"],
        data: y.map((a) => x.map((b) => a + b)),
        attributes: { units: "degrees" },
      },
      yc: { dims: ["y", "x"], data: y.map((a) => x.map((b) => a - b)) },
      ref: { dims: [], data: 7n },
    },
    attributes: { title: "grid" },
  };
}

const ATTRIBUTES = {
  text: "höhe °C",
  number: 2.5,
  whole: 2,
  integer: 7,
  big: 2n ** 60n,
  list: [1, 2, 3],
  floats: [0.5, 2],
  texts: ["a", "b"],
  flag: true,
  nothing: null,
  nested: { a: { b: [1, "x"] } },
  "ümlaut name": "x",
  empty: "",
};

const INTEGERS = {
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
} as const;

function integerCases(): Record<string, () => Dataset> {
  const cases: Record<string, () => Dataset> = {
    "number int64": () => one(BigInt64Array.of(0n, 1n, 2n, 100n)),
    "number uint64": () => one(BigUint64Array.of(0n, 1n, 2n, 100n)),
  };
  for (const [name, Type] of Object.entries(INTEGERS)) {
    cases[`number ${name}`] = () => one(Type.of(0, 1, 2, 100));
  }
  return cases;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Every case by its name. */
export const CASES: Readonly<Record<string, () => Dataset>> = {
  ...integerCases(),
  "float float16": () => one(Float32Array.of(0, -1.5, NAN, 6), { dtype: "float16" }),
  "float float32": () => one(Float32Array.of(0, -1.5, NAN, 6)),
  "float float64": () => one(Float64Array.of(0, -1.5, NAN, 6)),
  bool: () => one([true, false, true]),
  "int64 beyond doubles": () => one(BigInt64Array.of(2n ** 60n + 1n, -(2n ** 62n) - 3n, 0n)),
  "uint64 beyond int64": () => one(BigUint64Array.of(2n ** 64n - 1n, 2n ** 63n)),
  string: () => one(["a", "höhe", "", "🙂 end"]),
  "string of fixed width": () => one(["a", "höhe", "", "🙂"], { encoding: { dtype: "<U4" } }),
  "bytes of fixed width": () =>
    one([utf8("ab"), utf8(""), utf8("xyz ")], { encoding: { dtype: "S4" } }),
  "scalar float": () => one(2.5, { dims: [] }),
  "scalar zero": () => one(0n, { dims: [] }),
  "scalar string": () => one("text", { dims: [] }),
  "empty dimension": () => one(new Float64Array(0), { dims: ["x", "y"], shape: [0, 3] }),
  "uneven chunks": () =>
    one(
      Int32Array.from({ length: 35 }, (_, i) => i),
      {
        dims: ["y", "x"],
        shape: [5, 7],
        encoding: { chunks: [2, 3] },
      },
    ),
  "all fill": () => one(new Float64Array(4).fill(NAN)),
  "fill chunks between": () => one(Int16Array.of(1, 2, 0, 0, 5, 6), { encoding: { chunks: [2] } }),
  "negative zero": () =>
    one(Float64Array.of(0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)),
  "float fill -999": () => one(Float64Array.of(1.5, NAN, -2), { encoding: { _FillValue: -999 } }),
  "float32 fill 1e20": () => one(Float32Array.of(1.5, NAN, -2), { encoding: { _FillValue: 1e20 } }),
  "no fill": () => one(Float64Array.of(1, 2), { encoding: { _FillValue: null } }),
  "missing value only": () =>
    one(Float32Array.of(1, NAN, 3), { encoding: { dtype: "int8", missing_value: -100 } }),
  "unsigned bytes": () =>
    one(Float32Array.of(0, 200, NAN), {
      encoding: { dtype: "int8", _Unsigned: "true", _FillValue: -1 },
    }),
  "packed int16": () => packed([273.5, 300, NAN, 250.25], "int16", 0.25, 273.5, -32768),
  "packed uint8 scale": () => packed([0, 1.5, NAN, 127], "uint8", 0.5, undefined, 255),
  "packed int32 offset": () => packed([100, 101, NAN, 0], "int32", undefined, 100, -1),
  "packed whole scale": () => packed([1, 3, NAN, 101], "int16", 2, 1, -1),
  "masked int16": () => packed([1, NAN, 3], "int16", undefined, undefined, -9),
  "dates daily": () => dates("2013-01-01", "2013-01-02", "2013-01-05"),
  "dates hourly": () => dates("2013-01-01T03:00", "2013-01-01T09:00"),
  "dates one": () => dates("2013-05-01T10:30"),
  "dates milliseconds": () => dates("2013-01-01T00:00:00.001", "2013-01-01T00:00:00.004"),
  "dates as standard": () => datesIn({ calendar: "standard" }, "1900-03-01", "2013-01-02"),
  "dates as gregorian": () =>
    datesIn({ calendar: "gregorian" }, "2013-01-01T06:00", "2013-01-01T12:00"),
  "time of 1992": () =>
    times(BigInt64Array.of(0n, 6n), "hours since 1992-10-8 15:15:42.5 -6:00", "standard"),
  "time of a day in digits": () =>
    times(BigInt64Array.of(0n, 6n), "hours since 20000101", "gregorian"),
  "time of January": () =>
    times(BigInt64Array.of(0n, 1n), "days since 01-JAN-1990 00:00:00", "proleptic_gregorian"),
  "time int days": () => times(BigInt64Array.of(0n, 1n, 2n), "days since 2000-01-01", "standard"),
  "time int hours": () =>
    times(BigInt64Array.of(0n, 6n, 12n), "hours since 2000-01-01 12:00:00", "proleptic_gregorian"),
  "time float fraction": () =>
    times(Float64Array.of(0.5, 1.25), "days since 2000-01-01", "gregorian"),
  "time with zone": () =>
    times(BigInt64Array.of(0n, 1n), "hours since 2000-01-01 00:00:00 +02:00", "standard"),
  "time int32 fill": () =>
    times(BigInt64Array.of(0n, -(2n ** 63n), 2n), "days since 2000-01-01", "standard", {
      dtype: "int32",
      _FillValue: -1,
    }),
  "time noleap float": () =>
    times(Float64Array.of(722608.5, 722639), "days since 0001-01-01", "noleap"),
  "time 360_day": () => times(BigInt64Array.of(0n, 59n, 360n), "days since 2000-01-30", "360_day"),
  "time all_leap": () =>
    times(BigInt64Array.of(0n, 59n, 366n), "days since 2001-01-01", "all_leap"),
  "time julian": () => times(BigInt64Array.of(0n, 59n), "days since 1500-02-28", "julian"),
  "time before 1582": () => times(BigInt64Array.of(0n, 59n), "days since 1200-02-28", "standard"),
  "grid with coordinates": () => new Dataset(grid()),
  "coordinate of no variable": () =>
    new Dataset({
      variables: { v: { dims: ["x"], data: ramp(3) } },
      coordinates: {
        other: { dims: ["y"], data: ramp(2) },
        x: { dims: ["x"], data: BigInt64Array.of(0n, 1n, 2n) },
      },
    }),
  "coordinates only": () =>
    new Dataset({
      coordinates: {
        x: { dims: ["x"], data: BigInt64Array.of(0n, 1n, 2n) },
        label: { dims: ["x"], data: ["a", "b", "c"] },
      },
    }),
  "string coordinate": () =>
    new Dataset({
      variables: { v: { dims: ["station"], data: ramp(3) } },
      coordinates: { station: { dims: ["station"], data: ["köln", "b", ""] } },
    }),
  "time bounds": () => {
    const units = "days since 2000-01-01";
    const time = (...values: bigint[]) =>
      new TimeArray(BigInt64Array.from(values), units, "noleap");
    return new Dataset({
      variables: {
        v: { dims: ["time"], data: Float64Array.of(1, 2) },
        time_bnds: { dims: ["time", "nv"], shape: [2, 2], data: time(0n, 1n, 1n, 2n) },
      },
      coordinates: {
        time: { dims: ["time"], data: time(0n, 1n), attributes: { bounds: "time_bnds" } },
      },
    });
  },
  attributes: () => one(ramp(3), { attributes: ATTRIBUTES, datasetAttributes: ATTRIBUTES }),
  "unicode names": () =>
    new Dataset({
      variables: {
        größe: { dims: ["straße"], data: ramp(3) },
        気温: { dims: ["straße"], data: BigInt64Array.of(0n, 1n, 2n) },
      },
      coordinates: { straße: { dims: ["straße"], data: Float64Array.of(1.5, 2.5, 3.5) } },
    }),
  "odd names": () =>
    new Dataset({
      variables: {
        c: { dims: ["0"], data: ramp(2) },
        ".x": { dims: ["0"], data: BigInt64Array.of(0n, 1n) },
        "a b": { dims: ["0"], data: BigInt64Array.of(1n, 2n) },
      },
    }),
  "nothing at all": () => new Dataset({ attributes: { title: "empty" } }),
};
