import { describe, expect, test } from "vitest";
import { inTurn } from "../../../src/base/in-turn.ts";

/** Work that ends when told to, and notes when it begins. */
function controlled(name: string, log: string[]) {
  let end: (value: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  const work = (): Promise<string> => {
    log.push(name);
    return ended;
  };
  return { work, end: () => end(name) };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("work in turn", () => {
  test("begins when all earlier work of the same name has ended, failed or not", async () => {
    const owner = {};
    const log: string[] = [];
    const first = controlled("first", log);
    const failing = inTurn(owner, "a", () =>
      first.work().then(() => Promise.reject(new Error("no"))),
    );
    const second = inTurn(owner, "a", controlled("second", log).work);
    const other = controlled("other", log);
    void inTurn(owner, "b", other.work);

    expect(log).toEqual(["first", "other"]);
    first.end();
    await expect(failing).rejects.toThrow("no");
    await settle();

    expect(log).toEqual(["first", "other", "second"]);
    void second;
  });

  test("that is aborted while it waits rejects at once and lets nobody pass", async () => {
    const owner = {};
    const log: string[] = [];
    const first = controlled("first", log);
    void inTurn(owner, "a", first.work);
    const abort = new AbortController();
    const aborted = inTurn(owner, "a", controlled("aborted", log).work, abort.signal);
    void inTurn(owner, "a", controlled("third", log).work);

    abort.abort(new Error("gone"));
    await expect(aborted).rejects.toThrow("gone");
    await settle();
    expect(log).toEqual(["first"]);
    first.end();
    await settle();

    expect(log).toEqual(["first", "third"]);
  });
});
