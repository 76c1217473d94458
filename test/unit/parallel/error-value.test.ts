/** Errors as JSON values: what arrives is what was thrown. */
import { expect, test } from "vitest";
import { makeError } from "../../../src/base/errors.ts";
import { InvalidInputError, isIcefloeError } from "../../../src/index.ts";
import { decodeError, encodeError } from "../../../src/parallel/index.ts";

/** There and back, through JSON. */
function sent<T>(error: T): T {
  return decodeError(JSON.parse(JSON.stringify(encodeError(error)))) as T;
}

test("name, message and stack arrive, with the whole chain of causes", () => {
  const root = new RangeError("too far");
  const middle = makeError("io", "the disk fails", { details: { path: "/a" }, cause: root });
  const error = new TypeError("no value", { cause: middle });

  const back = sent(error);

  expect(back).toBeInstanceOf(TypeError);
  expect(back).toMatchObject({ name: "TypeError", message: "no value", stack: error.stack });
  expect(isIcefloeError(back.cause, "io")).toBe(true);
  expect(back.cause).toMatchObject({ details: { path: "/a" }, stack: middle.stack });
  expect((back.cause as Error).cause).toBeInstanceOf(RangeError);
  expect((back.cause as Error).cause).toMatchObject({ message: "too far", stack: root.stack });
});

test("an icefloe error arrives as one of its own class", () => {
  const back = sent(makeError("invalid-option", "is wrong", { details: { option: "x" } }));

  expect(back).toBeInstanceOf(InvalidInputError);
  expect(back).toMatchObject({ kind: "invalid-option", details: { option: "x" } });
});

test("the errors of an aggregate arrive", () => {
  const back = sent(new AggregateError([new Error("a"), "b"], "both", { cause: 3 }));

  expect(back).toBeInstanceOf(AggregateError);
  expect(back.errors).toMatchObject([{ message: "a" }, "b"]);
  expect(back).toMatchObject({ message: "both", cause: 3 });
});

test("names and plain fields of other errors arrive", () => {
  class HttpError extends Error {
    override readonly name = "HttpError";
    readonly status = 503;
    readonly response = { body: "large" };
  }
  const back = sent(Object.assign(new HttpError("unavailable"), { code: "EHTTP" }));

  expect(back).toMatchObject({ name: "HttpError", status: 503, code: "EHTTP" });
  expect("response" in back).toBe(false);
  expect(String(back)).toBe("HttpError: unavailable");
});

test.each([["a text"], [17], [null], [{ code: 4 }]])("%j that was thrown arrives", (thrown) => {
  expect(sent(thrown)).toEqual(thrown);
});

test("what JSON can't hold arrives as a text", () => {
  expect(sent(12n as unknown)).toBe("12");
  expect(sent(undefined as unknown)).toBe("undefined");
});

test("errors that hold each other end", () => {
  const round = new Error("round");
  round.cause = round;
  const many = new AggregateError([], "many");
  many.errors = Array.from({ length: 50 }, () => many);

  expect(sent(round).cause).toMatchObject({ message: "round" });
  expect(JSON.stringify(encodeError(many)).length).toBeLessThan(1_000_000);
});

test("an error whose message is no text arrives as one with a text", () => {
  const error = Object.assign(new Error("why"), { message: { status: () => 503 }, name: () => 7 });

  expect(sent(error)).toMatchObject({ name: "a function", message: "a Object" });
});

test("what throws when it is looked at arrives as a text", () => {
  const proxy = new Proxy(
    {},
    {
      get() {
        throw new Error("no");
      },
    },
  );

  expect(sent<unknown>(proxy)).toBe("an error that can't be read");
});
