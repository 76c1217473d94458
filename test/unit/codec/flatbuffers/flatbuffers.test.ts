import { Builder } from "flatbuffers";
import { describe, expect, test } from "vitest";
import { FlatBufferReader } from "../../../../src/codec/flatbuffers/read.ts";
import { FlatBufferWords } from "../../../../src/codec/flatbuffers/words.ts";

/** A table with a string, a vector of numbers and scalars. */
function sample(): Uint8Array {
  const builder = new Builder();
  const text = builder.createString("日本");
  builder.startVector(4, 2, 4);
  builder.addInt32(2);
  builder.addInt32(1);
  const numbers = builder.endVector();
  builder.startObject(6);
  builder.addFieldOffset(0, text, 0);
  builder.addFieldOffset(1, numbers, 0);
  builder.addFieldInt64(2, 2n ** 53n - 1n, 0n);
  builder.addFieldInt64(3, 2n ** 53n, 0n);
  builder.addFieldInt8(5, 9, 0);
  builder.finish(builder.endObject());
  return builder.asUint8Array();
}

const damaged = (what: string) =>
  expect.objectContaining({
    kind: "deserialization",
    message: expect.stringContaining(what),
    details: { object: "thing", offset: expect.any(Number) },
  });

describe("reading FlatBuffers", () => {
  test("gives fields, and the fallback for absent ones", () => {
    const reader = new FlatBufferReader(sample(), "thing");
    const root = reader.root();

    expect(reader.string(root, 0)).toBe("日本");
    const numbers = reader.vector(root, 1, 4);
    expect(reader.vectorLength(numbers)).toBe(2);
    expect(reader.view.getUint32(numbers + 8, true)).toBe(2);
    expect(reader.uint64(root, 2, 0)).toBe(Number.MAX_SAFE_INTEGER);
    expect(reader.uint8(root, 4, 7)).toBe(7);
    expect(reader.uint8(root, 5, 7)).toBe(9);
    expect(reader.string(root, 40)).toBeUndefined();
    expect(reader.vectorLength(reader.vector(root, 41, 4))).toBe(0);
  });

  test("works at any alignment", () => {
    const bytes = sample();
    for (let shift = 1; shift < 8; shift++) {
      const shifted = new Uint8Array(bytes.length + shift);
      shifted.set(bytes, shift);

      const reader = new FlatBufferReader(shifted.subarray(shift), "thing");

      expect(reader.string(reader.root(), 0)).toBe("日本");
    }
  });

  test("lists the slots of a newer version", () => {
    const reader = new FlatBufferReader(sample(), "thing");

    expect(reader.unknownSlots(reader.root(), 3)).toEqual([3, 5]);
    expect(reader.unknownSlots(reader.root(), 6)).toEqual([]);
  });

  test("refuses integers beyond 2^53", () => {
    const reader = new FlatBufferReader(sample(), "thing");

    expect(() => reader.uint64(reader.root(), 3, 0)).toThrowError(damaged("beyond 2^53"));
  });

  test("refuses a field that its table has no room for", () => {
    const reader = new FlatBufferReader(sample(), "thing");

    expect(() => reader.field(reader.root(), 0, 400)).toThrowError(damaged("outside its table"));
  });

  test("refuses a string that is not UTF-8", () => {
    const bytes = sample();
    bytes[bytes.indexOf(0xe6)] = 0xff;
    const reader = new FlatBufferReader(bytes, "thing");

    expect(() => reader.string(reader.root(), 0)).toThrowError(damaged("not UTF-8"));
  });

  test.each([
    ["nothing", [], "root offset"],
    ["a root behind the end", [200, 0, 0, 0], "behind the end"],
    ["a root at itself", [0, 0, 0, 0, 0, 0, 0, 0], "behind the end"],
    ["a vtable before the start", [4, 0, 0, 0, 100, 0, 0, 0], "vtable lies outside"],
    ["a vtable behind the end", [4, 0, 0, 0, 0, 0, 0, 128], "vtable lies outside"],
    [
      "a vtable of 2 bytes",
      [4, 0, 0, 0, 252, 255, 255, 255, 2, 0, 4, 0],
      "vtable has a wrong size",
    ],
    [
      "a table behind the end",
      [4, 0, 0, 0, 252, 255, 255, 255, 4, 0, 99, 0],
      "table has a wrong size",
    ],
  ])("refuses %s", (_, bytes, what) => {
    expect(() => new FlatBufferReader(Uint8Array.from(bytes), "thing").root()).toThrowError(
      damaged(what),
    );
  });

  test("refuses a vector longer than the buffer", () => {
    const bytes = sample();
    const reader = new FlatBufferReader(bytes, "thing");
    const at = reader.vector(reader.root(), 1, 4);
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, 0xffffffff, true);

    expect(() => reader.vector(reader.root(), 1, 4)).toThrowError(damaged("behind the end"));
  });

  test("refuses vectors that are shared without end", () => {
    const reader = new FlatBufferReader(sample(), "thing");

    expect(() => {
      for (let i = 0; i < 100_000; i++) reader.vector(reader.root(), 1, 4);
    }).toThrowError(damaged("vectors overlap"));
  });

  test("decodes a shared string once, whatever it adds up to", () => {
    const builder = new Builder();
    const text = builder.createString("x".repeat(1000));
    builder.startVector(4, 100_000, 4);
    for (let i = 0; i < 100_000; i++) builder.addOffset(text);
    const strings = builder.endVector();
    builder.startObject(1);
    builder.addFieldOffset(0, strings, 0);
    builder.finish(builder.endObject());
    const reader = new FlatBufferReader(builder.asUint8Array(), "thing");
    const vector = reader.vector(reader.root(), 0, 4);

    for (let i = 0; i < 100_000; i++) expect(reader.stringAt(vector, i).length).toBe(1000);
  });
});

describe("writing FlatBuffers in words", () => {
  test("makes tables, offsets and strings that the reader reads", () => {
    const words = new FlatBufferWords();
    words.put(0);
    const vtable = words.putVtable([12, 4, 0, 8]);
    const table = words.startTable(vtable);
    words.set(0, table * 4);
    const fields = words.reserve(2);
    words.set(fields + 1, 77);
    words.setOffset(fields, words.length);
    words.putString("nul at the end..");

    const reader = new FlatBufferReader(words.finish(), "thing");

    expect(reader.string(reader.root(), 0)).toBe("nul at the end..");
    expect(reader.uint32(reader.root(), 1, 5)).toBe(5);
    expect(reader.uint32(reader.root(), 2, 0)).toBe(77);
    expect(reader.bytes[reader.bytes.length - 4]).toBe(0);
  });
});
