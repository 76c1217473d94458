/** Builds NetCDF-3 files for tests, by the specification and independent of our reader. */

/** Types of the format, with their codes. */
const CODES = {
  byte: 1,
  char: 2,
  short: 3,
  int: 4,
  float: 5,
  double: 6,
  ubyte: 7,
  ushort: 8,
  uint: 9,
  int64: 10,
  uint64: 11,
} as const;
const BYTES = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8, 7: 1, 8: 2, 9: 4, 10: 8, 11: 8 } as const;

type TypeName = keyof typeof CODES;

/** Values of one variable or attribute: numbers, or a text of `char`. */
export type Content = readonly (number | bigint)[] | string;

export interface Netcdf3Variable {
  readonly dims: readonly string[];
  readonly type: TypeName;
  readonly values: Content;
  readonly attributes?: Readonly<Record<string, readonly [TypeName, Content]>>;
}

export interface Netcdf3Content {
  readonly version: 1 | 2 | 5;
  /** A size of 0 marks the record dimension. */
  readonly dimensions: Readonly<Record<string, number>>;
  readonly recordCount?: number;
  readonly attributes?: Readonly<Record<string, readonly [TypeName, Content]>>;
  readonly variables: Readonly<Record<string, Netcdf3Variable>>;
  /** Write the record count as "unknown". */
  readonly isStreaming?: boolean;
}

class Writer {
  readonly parts: number[] = [];
  readonly version: number;
  constructor(version: number) {
    this.version = version;
  }
  int(value: number, bytes = 4): void {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt(value));
    this.parts.push(...new Uint8Array(view.buffer).subarray(8 - bytes));
  }
  count(value: number): void {
    this.int(value, this.version === 5 ? 8 : 4);
  }
  begin(value: number): void {
    this.int(value, this.version === 1 ? 4 : 8);
  }
  raw(bytes: Uint8Array): void {
    this.parts.push(...bytes);
    while (this.parts.length % 4 !== 0) this.parts.push(0);
  }
  name(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.count(bytes.length);
    this.raw(bytes);
  }
}

/** Big-endian bytes of values. */
function encode(type: TypeName, values: Content): Uint8Array {
  if (typeof values === "string") return new TextEncoder().encode(values);
  const size = BYTES[CODES[type]];
  const view = new DataView(new ArrayBuffer(size * values.length));
  values.forEach((value, i) => {
    const at = i * size;
    if (type === "float") view.setFloat32(at, Number(value));
    else if (type === "double") view.setFloat64(at, Number(value));
    else if (size === 8) view.setBigInt64(at, BigInt.asIntN(64, BigInt(value)));
    else if (size === 4) view.setInt32(at, Number(value));
    else if (size === 2) view.setInt16(at, Number(value));
    else view.setInt8(at, Number(value));
  });
  return new Uint8Array(view.buffer);
}

function attributesOf(writer: Writer, attributes: Netcdf3Content["attributes"] = {}): void {
  const entries = Object.entries(attributes);
  writer.int(entries.length === 0 ? 0 : 12);
  writer.count(entries.length);
  for (const [name, [type, values]] of entries) {
    const bytes = encode(type, values);
    writer.name(name);
    writer.int(CODES[type]);
    writer.count(bytes.length / BYTES[CODES[type]]);
    writer.raw(bytes);
  }
}

const padded = (bytes: number): number => Math.ceil(bytes / 4) * 4;

/** The bytes of a file. */
export function netcdf3File(content: Netcdf3Content): Uint8Array {
  const { version, dimensions, recordCount = 0, variables } = content;
  const names = Object.keys(dimensions);
  const isRecord = (v: Netcdf3Variable) => v.dims[0] !== undefined && dimensions[v.dims[0]] === 0;
  const sliceOf = (v: Netcdf3Variable) =>
    (isRecord(v) ? v.dims.slice(1) : v.dims).reduce(
      (bytes, dim) => bytes * (dimensions[dim] as number),
      BYTES[CODES[v.type]] as number,
    );
  const list = Object.entries(variables);
  const records = list.filter(([, v]) => isRecord(v));
  const isSingle = records.length === 1;

  const layout = (headerBytes: number) => {
    let at = headerBytes;
    const begins = new Map<string, number>();
    for (const [name, v] of list) {
      if (isRecord(v)) continue;
      begins.set(name, at);
      at += padded(sliceOf(v));
    }
    for (const [name, v] of records) {
      begins.set(name, at);
      at += isSingle ? sliceOf(v) : padded(sliceOf(v));
    }
    const stride = records.reduce(
      (bytes, [, v]) => bytes + (isSingle ? sliceOf(v) : padded(sliceOf(v))),
      0,
    );
    return {
      begins,
      stride,
      sizeBytes: at + stride * (recordCount - (records.length > 0 ? 1 : 0)),
    };
  };

  const header = (begins: ReadonlyMap<string, number>): number[] => {
    const writer = new Writer(version);
    writer.parts.push(0x43, 0x44, 0x46, version);
    if (content.isStreaming)
      for (let i = 0; i < (version === 5 ? 8 : 4); i++) writer.parts.push(255);
    else writer.count(recordCount);
    writer.int(names.length === 0 ? 0 : 10);
    writer.count(names.length);
    for (const name of names) {
      writer.name(name);
      writer.count(dimensions[name] as number);
    }
    attributesOf(writer, content.attributes);
    writer.int(list.length === 0 ? 0 : 11);
    writer.count(list.length);
    for (const [name, v] of list) {
      writer.name(name);
      writer.count(v.dims.length);
      for (const dim of v.dims) writer.count(names.indexOf(dim));
      attributesOf(writer, v.attributes);
      writer.int(CODES[v.type]);
      writer.count(padded(sliceOf(v)));
      writer.begin(begins.get(name) ?? 0);
    }
    return writer.parts;
  };

  const { begins, stride, sizeBytes } = layout(header(new Map()).length);
  const file = new Uint8Array(Math.max(sizeBytes, header(begins).length));
  file.set(header(begins));
  for (const [name, v] of list) {
    const bytes = encode(v.type, v.values);
    const begin = begins.get(name) as number;
    if (!isRecord(v)) file.set(bytes, begin);
    else {
      const slice = sliceOf(v);
      for (let r = 0; r < recordCount; r++) {
        file.set(bytes.subarray(r * slice, (r + 1) * slice), begin + r * stride);
      }
    }
  }
  return file;
}
