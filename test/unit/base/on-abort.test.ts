/** Callbacks of one signal: one listener for all, each called once or taken back. */
import { expect, test } from "vitest";
import { onAbort } from "../../../src/base/on-abort.ts";

/** A signal that counts the listeners it has. */
function countedSignal(): { abort: () => void; signal: AbortSignal; count: () => number } {
  const controller = new AbortController();
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  let count = 0;
  signal.addEventListener = (...rest: unknown[]) => {
    count++;
    (add as (...rest: unknown[]) => void)(...rest);
  };
  signal.removeEventListener = (...rest: unknown[]) => {
    count--;
    (remove as (...rest: unknown[]) => void)(...rest);
  };
  return { signal, abort: () => controller.abort(), count: () => count };
}

test("a signal has one listener, however many wait for it, and none when all are gone", () => {
  const { signal, count } = countedSignal();
  const forgets = Array.from({ length: 100 }, () => onAbort(signal, () => undefined));

  expect(count()).toBe(1);
  for (const forget of forgets) forget();
  expect(count()).toBe(0);
});

test("every callback is called once, also where one function waits twice", () => {
  const { signal, abort } = countedSignal();
  const calls: string[] = [];
  const twice = (): void => {
    calls.push("twice");
  };
  onAbort(signal, twice);
  onAbort(signal, () => calls.push("other"));
  onAbort(signal, twice);

  abort();

  expect(calls).toEqual(["twice", "other", "twice"]);
});

test("a callback that was taken back is not called, and one that came later is", () => {
  const { signal, abort } = countedSignal();
  const calls: string[] = [];
  const forget = onAbort(signal, () => calls.push("first"));
  forget();
  forget();
  onAbort(signal, () => calls.push("second"));

  abort();

  expect(calls).toEqual(["second"]);
});

test("without a signal nothing is to be taken back", () => {
  expect(() => onAbort(undefined, () => undefined)()).not.toThrow();
});
