import { describe, expect, test } from "vitest";
import {
  JsonNumber,
  jsonFloat,
  jsonToPlain,
  keepSpelling,
  parseJson,
  printCanonicalJson,
  printJson,
} from "../../../src/codec/json.ts";

describe("parseJson and printJson", () => {
  test.each([
    '{"scale_factor":2.0,"add_offset":-0.0,"big":9007199254740993,"e":1e5,"x":1.50}',
    '{"10":"a","2":"b","__proto__":{"1":null}}',
    '["\\u0000","é","\\"",true,false,[],{}]',
    "-123456789012345678901234567890",
    `${"9".repeat(60)}`,
  ])("a document survives a round trip: %s", (text) => {
    expect(printJson(parseJson(text))).toBe(text);
  });

  test("integers beyond 2^53 are bigints, other spellings keep their text", () => {
    expect(parseJson("9223372036854775807")).toBe(9223372036854775807n);
    expect(parseJson("2.0")).toEqual(new JsonNumber("2.0"));
    expect(parseJson("-2.5")).toBe(-2.5);
    expect(parseJson("9007199254740991")).toBe(9007199254740991);
  });

  test.each([
    "",
    "NaN",
    "Infinity",
    "{",
    "[1,]",
    "{'a':1}",
    '{"a" 1}',
    '"a',
    '"\\x"',
    '"\n"',
    "01",
    "1.",
    "1 2",
    "1e999",
    "\ufeff{}",
    "[".repeat(200) + "]".repeat(200),
  ])("refuses what is not strict JSON: %j", (text) => {
    expect(() => parseJson(text)).toThrow(expect.objectContaining({ kind: "bad-metadata" }));
  });

  test("whitespace is allowed between tokens and not printed", () => {
    expect(printJson(parseJson(' { "a" : [ 1 , 2 ] ,\n\t"b" : null }\r\n'))).toBe(
      '{"a":[1,2],"b":null}',
    );
  });

  test("plain values print as JSON.stringify prints them", () => {
    const value = { a: [1, "x", null, true], b: { c: undefined, d: 1.5 }, "é\n": "\ud800" };

    expect(printJson(value)).toBe(JSON.stringify(value));
  });

  test.each([
    [{ a: { b: Number.NaN } }, "a.b: NaN"],
    [[Number.POSITIVE_INFINITY], "0: Infinity"],
    [{ when: new Date(0) }, "when: the Date 1970-01-01T00:00:00.000Z"],
    [{ f: () => 1 }, "f: a function"],
    [new Float32Array(2), "the value: a Float32Array"],
  ])("refuses what JSON cannot say, by name: %j", (value, message) => {
    expect(() => printJson(value)).toThrow(message);
  });

  test("refuses a cycle", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;

    expect(() => printJson(cycle)).toThrow("a cycle");
  });

  test("canonical text sorts members and normalises numbers but keeps big integers", () => {
    const a = parseJson('{"b":1.0,"a":9007199254740993}');
    const b = parseJson('{"a":9007199254740992,"b":1}');

    expect(printCanonicalJson(a)).toBe('{"a":9007199254740993,"b":1}');
    expect(printCanonicalJson(b)).not.toBe(printCanonicalJson(a));
  });

  test("jsonFloat prints whole numbers as floats", () => {
    expect(printJson([2, 2.5, 1e21, -0].map(jsonFloat))).toBe("[2.0,2.5,1e+21,-0.0]");
  });
});

describe("keepSpelling", () => {
  test("untouched values keep their spelling and place, changed ones are printed anew", () => {
    const old = parseJson('{"scale":2.0,"list":[1.0,2.0],"n":{"x":1e5},"gone":1}');
    const plain = jsonToPlain(old) as Record<string, unknown>;
    const { gone: _, ...rest } = plain;

    const next = keepSpelling(old, { title: "t", ...rest, list: [1, 3] });

    expect(printJson(next)).toBe('{"scale":2.0,"list":[1.0,3],"n":{"x":1e5},"title":"t"}');
  });

  test("jsonToPlain keeps a member named __proto__ a member", () => {
    const plain = jsonToPlain(parseJson('{"__proto__":{"polluted":true}}'));

    expect(Object.keys(plain as object)).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});
