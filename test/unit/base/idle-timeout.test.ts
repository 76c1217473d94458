import { expect, test } from "vitest";
import { withIdleTimeout } from "../../../src/base/idle-timeout.ts";
import { simulatedRuntime } from "../../../src/testing/simulated-runtime.ts";

const late = (): Error => new Error("late");

test("work whose signal has aborted before does not begin", async () => {
  let began = false;
  const work = async (): Promise<void> => {
    began = true;
  };

  const working = withIdleTimeout(simulatedRuntime(), 10, AbortSignal.abort("enough"), late, work);

  await expect(working).rejects.toBe("enough");
  expect(began).toBe(false);
});

test("what the work has begun is aborted when it ends, fails, or falls silent", async () => {
  const signals: AbortSignal[] = [];
  const run = (work: () => Promise<string>): Promise<string> =>
    withIdleTimeout(simulatedRuntime(), 10, undefined, late, (end) => {
      signals.push(end);
      return work();
    });

  expect(await run(async () => "done")).toBe("done");
  await expect(run(() => Promise.reject("failed"))).rejects.toBe("failed");
  await expect(run(() => new Promise(() => undefined))).rejects.toThrow("late");
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true]);
});
