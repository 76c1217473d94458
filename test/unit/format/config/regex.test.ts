import { describe, expect, it } from "vitest";
import { compileRustRegex } from "../../../../src/format/config/regex/search.ts";
// Answers of the official engine 2.3.0: whether a splitting rule with the pattern took effect.
import officialAnswers from "./official-regex-answers.json" with { type: "json" };

const isFound = (pattern: string, text: string): boolean =>
  compileRustRegex(pattern)?.(text) ?? false;

describe("compileRustRegex", () => {
  it("answers as the official engine does", () => {
    const ours = officialAnswers.map(([pattern, text]) => [
      pattern,
      text,
      isFound(pattern as string, text as string),
    ]);

    expect(ours).toEqual(officialAnswers);
  });

  it.each([
    ["look-ahead", "a(?=b)"],
    ["look-behind", "(?<!a)b"],
    ["a back reference", "(a)\\1"],
    ["an open group", "(a"],
    ["an open class", "[a"],
    ["a closing parenthesis too many", "a)"],
    ["a repetition of nothing", "*a"],
    ["a reversed range", "[c-a]"],
    ["reversed bounds", "a{3,2}"],
    ["an escape without meaning", "\\y"],
    ["an escape at the end", "a\\"],
    ["an unknown property", "\\p{Nonsense}"],
    ["an unknown flag", "(?q)a"],
  ])("refuses %s", (_, pattern) => {
    expect(compileRustRegex(pattern)).toBeUndefined();
  });

  it.each([
    ["^(a+)+$", `${"a".repeat(5000)}b`],
    ["^(a|a)*$", `${"a".repeat(5000)}b`],
    ["(.*)*x(.*)*y", "z".repeat(5000)],
  ])("answers %s on a long text that makes backtracking engines hang", (pattern, text) => {
    expect(isFound(pattern, text)).toBe(false);
  });

  it.each([
    ["counts that unfold without bound", "((a{1000}){1000}){1000}"],
    ["empty groups counted without bound", "((|){100000}){100000}"],
    ["a long pattern", "a".repeat(10_001)],
    ["deep groups", `${"(".repeat(200)}a${")".repeat(200)}`],
    ["deep classes", `${"[a".repeat(50)}${"]".repeat(50)}`],
    ["many stacked repetitions", `a${"+*".repeat(100)}`],
  ])("gives up on %s", (_, pattern) => {
    expect(compileRustRegex(pattern)).toBeUndefined();
  });

  it("finds counted repetitions of what is empty", () => {
    expect(isFound("^(){4000000000}$", "")).toBe(true);
  });

  it("reads characters outside the basic plane as one", () => {
    expect(isFound("^.$", "\u{1F9CA}")).toBe(true);
    expect(isFound("^[\u{1F9C0}-\u{1F9CF}]$", "\u{1F9CA}")).toBe(true);
  });
});
