import { describe, expect, test } from "vitest";
import {
  abortSignal,
  anything,
  checkOption,
  checkOptions,
  integerFrom,
  oneOf,
  positiveInteger,
  SIGNAL,
  trueOrFalse,
} from "../../../src/base/options.ts";

const KINDS = {
  attempts: positiveInteger,
  color: oneOf(["red", "green", "blue"]),
  isWide: trueOrFalse,
  lanes: integerFrom(0, 4),
  free: anything,
  signal: abortSignal,
};
const check = (options: unknown) => () => checkOptions("paint", options, KINDS);
const refused = (message: string) => expect.objectContaining({ kind: "invalid-option", message });

describe("options", () => {
  test("may be left out, all or each", () => {
    expect(check(undefined)).not.toThrow();
    expect(check({ color: undefined, signal: undefined })).not.toThrow();
    expect(check({ attempts: 1, color: "blue", isWide: false, lanes: 0, free: 7 })).not.toThrow();
  });

  test.each([
    [[], "paint: options must be a plain object, got an array"],
    [
      { colour: "red" },
      'paint: unknown option "colour"; known: attempts, color, isWide, lanes, free, signal',
    ],
    [{ attempts: 0 }, "paint: attempts must be a positive integer, got 0"],
    [{ color: "x" }, 'paint: color must be "red", "green" or "blue", got "x"'],
    [{ isWide: null }, "paint: isWide must be true or false, got null"],
    [{ lanes: 5 }, "paint: lanes must be an integer from 0 to 4, got 5"],
    [{ signal: {} }, "paint: signal must be an AbortSignal, got a Object"],
  ])("are refused by name: %j", (options, message) => {
    expect(check(options)).toThrow(refused(message));
  });

  test("of an operation that takes a signal alone are a signal", () => {
    expect(() => checkOptions("get", { signal: 1 }, SIGNAL)).toThrow(
      refused("get: signal must be an AbortSignal, got 1"),
    );
  });

  test("say which they are, of which operation, and what was found", () => {
    expect(() => checkOption("paint", "color", "x", oneOf(["red", "blue"]))).toThrow(
      expect.objectContaining({
        details: { operation: "paint", option: "color", found: '"x"' },
      }),
    );
    expect(() => checkOption(undefined, "color", "x", oneOf(["red", "blue"]))).toThrow(
      refused('color must be "red" or "blue", got "x"'),
    );
  });
});
