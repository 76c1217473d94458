import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isIcefloeError } from "../../../../src/base/errors.ts";
import { decodeFlexbuffers } from "../../../../src/codec/flexbuffers/decode.ts";
import { encodeFlexbuffers } from "../../../../src/codec/flexbuffers/encode.ts";
import { CONFIG_ALL_DEFAULTS, CONFIG_PARTIAL, fromHex, toHex } from "../official-encodings.ts";

/** JSON-like values whose round trip is exact. */
const jsonLike = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, false, 0, -1, 1.5, 0.1, 2 ** 53 - 1, 2n ** 60n, -(2n ** 63n)),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: "grapheme" }),
    fc.array(fc.integer({ min: -300, max: 70_000 })),
    fc.array(fc.boolean()),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(
      fc.string({ unit: "grapheme" }).filter((key) => !key.includes("\0")),
      tie("value"),
      { maxKeys: 6 },
    ),
  ),
})).value;

describe("flexbuffers", () => {
  test.each([
    [{ is_root: true }, "69735f726f6f740001090101010168022401"],
    [true, "016801"],
    [[1, 2, 3], "010203035001"],
    [1.5, "0000c03f0e04"],
  ])("writes %j as the official engine does", (value, hex) => {
    expect(toHex(encodeFlexbuffers(value))).toBe(hex);
    expect(decodeFlexbuffers(fromHex(hex))).toEqual(value);
  });

  test.each([
    ["of five numbers", [1, 2, 3, 4, 5], 12],
    ["of one number", [7], 12],
    ["of negative numbers", [-1, -2, -3, -4, -5], 11],
    ["of two floats", [1.5, 2.5], 18],
    ["of booleans", [true, false], 36],
    ["of mixed signs", [1, -1], 10],
    ["of nothing", [], 10],
    ["of strings", ["a", "b"], 10],
    ["of NaN", [Number.NaN, 1], 10],
  ])("gives an array %s the type that the official engine gives it", (_, value, type) => {
    const bytes = encodeFlexbuffers(value);

    expect((bytes[bytes.length - 2] as number) >> 2).toBe(type);
  });

  test("reads a configuration of the official engine", () => {
    expect(decodeFlexbuffers(CONFIG_ALL_DEFAULTS)).toMatchObject({
      storage: {
        concurrency: { max_concurrent_requests_for_object: 5, ideal_concurrent_request_size: 4096 },
        retries: { max_tries: 1, initial_backoff_ms: 0, max_backoff_ms: 0 },
        unsafe_use_metadata: false,
      },
      manifest: null,
      max_concurrent_decodes: null,
    });
  });

  test("reads a configuration of the npm encoder", () => {
    expect(decodeFlexbuffers(CONFIG_PARTIAL)).toMatchObject({
      num_updates_per_repo_info_file: 4,
      manifest: {
        splitting: {
          split_sizes: [[{ path_matches: {} }, [{ condition: { Axis: 0 }, num_chunks: 1 }]]],
        },
      },
    });
  });

  test("round-trips JSON-like values", () => {
    fc.assert(
      fc.property(jsonLike, (value) => {
        expect(decodeFlexbuffers(encodeFlexbuffers(value))).toEqual(value);
      }),
    );
  });

  test("keeps floats exact beside wider siblings", () => {
    const value = { g: 1.5, x: 0.1, zero: 0.5 - 0.5 + 1e-320 };

    expect(decodeFlexbuffers(encodeFlexbuffers(value))).toEqual(value);
  });

  test("keeps a member named __proto__ without touching prototypes", () => {
    const value = JSON.parse('{"__proto__": {"polluted": 1}}') as object;

    const read = decodeFlexbuffers(encodeFlexbuffers(value)) as object;

    expect(Object.keys(read)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });

  test("turns NaN, infinities and undefined elements into null, and drops undefined members", () => {
    const value = { a: Number.NaN, b: [Infinity, undefined], c: undefined };

    expect(decodeFlexbuffers(encodeFlexbuffers(value))).toEqual({ a: null, b: [null, null] });
  });

  test("turns integers beyond 64 bits into floats", () => {
    expect(decodeFlexbuffers(encodeFlexbuffers(2n ** 64n))).toBe(2 ** 64);
  });

  test.each([
    ["a function", () => 1],
    ["a Map", { a: new Map() }],
    ["a key with a NUL", { "a\0b": 1 }],
  ])("refuses %s", (_, value) => {
    expect(() => encodeFlexbuffers(value)).toThrowError(
      expect.objectContaining({ kind: "serialization" }),
    );
  });

  test("refuses a value that contains itself", () => {
    const value: unknown[] = [];
    value.push(value);

    expect(() => encodeFlexbuffers(value)).toThrowError(
      expect.objectContaining({ kind: "serialization" }),
    );
  });

  test("refuses a vector that contains itself", () => {
    // Length 1, one slot that points to itself, type vector; the root points to it.
    const bytes = Uint8Array.of(1, 0, 0x28, 2, 0x28, 1);

    expect(() => decodeFlexbuffers(bytes)).toThrowError(
      expect.objectContaining({ kind: "deserialization" }),
    );
  });

  test("refuses vectors that unfold without end", () => {
    // Vector n holds vector n-1 four times: 4 ** 14 elements from 150 bytes.
    const bytes: number[] = [0]; // An empty vector: its length; its elements would follow.
    let below = 1;
    for (let level = 0; level < 14; level++) {
      bytes.push(4);
      const start = bytes.length;
      for (let i = 0; i < 4; i++) bytes.push(start + i - below);
      bytes.push(0x28, 0x28, 0x28, 0x28);
      below = start;
    }
    bytes.push(bytes.length - below, 0x28, 1);

    expect(() => decodeFlexbuffers(Uint8Array.from(bytes))).toThrowError(
      expect.objectContaining({
        kind: "deserialization",
        message: expect.stringContaining("vectors overlap"),
      }),
    );
  });

  test("answers damage with a value or a typed error, never anything else", () => {
    fc.assert(
      fc.property(
        jsonLike,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(),
        (value, flips, cut) => {
          const bytes = encodeFlexbuffers(value);
          for (const [at, byte] of flips) bytes[at % bytes.length] = byte;
          try {
            decodeFlexbuffers(bytes.subarray(0, bytes.length - (cut % 3)));
          } catch (error) {
            expect(isIcefloeError(error, "deserialization")).toBe(true);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
