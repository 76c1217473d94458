import { describe, expect, test } from "vitest";
import { StepPace } from "../../src/storage/local/step-pace.ts";

/** A clock that moves only when a step says so. */
function pacedBy(): { pace: StepPace; step: (micros: number) => () => string } {
  let nowMicros = 0;
  const pace = new StepPace({
    nowMicros: () => nowMicros,
    randomBytes: (count) => new Uint8Array(count),
    sleep: () => Promise.resolve(),
  });
  const step = (micros: number) => () => {
    nowMicros += micros;
    return "quick";
  };
  return { pace, step };
}

describe("the pace of file system steps", () => {
  test("runs small steps at once", () => {
    const { pace, step } = pacedBy();

    const ran = [pace.run(step(900), pooled), pace.run(step(900), pooled)];

    expect(ran).toEqual(["quick", "quick"]);
  });

  test("sends one step through the pool after two milliseconds, for which the others wait", async () => {
    const { pace, step } = pacedBy();
    pace.run(step(2000), pooled);

    const through = pace.run(step(1), pooled);
    const behind = pace.run(step(1), pooled);

    expect(await through).toBe("pooled");
    expect(await behind).toBe("quick");
    expect(pace.run(step(1), pooled)).toBe("quick");
  });

  test("goes on after a step in the pool that failed", async () => {
    const { pace, step } = pacedBy();
    pace.run(step(2000), pooled);

    const failing = pace.run(step(1), () => Promise.reject(new Error("disk")));
    const behind = pace.run(step(1), pooled);

    await expect(failing).rejects.toThrow("disk");
    expect(await behind).toBe("quick");
  });

  test("leaves a slow disk to the pool for a thousand steps", async () => {
    const { pace, step } = pacedBy();
    pace.run(step(10_001), pooled);

    const ran = await Promise.all(Array.from({ length: 1001 }, () => pace.run(step(1), pooled)));

    expect(ran.filter((how) => how === "pooled")).toHaveLength(1001);
    expect(pace.run(step(1), pooled)).toBe("quick");
  });

  test("throws what a step throws", () => {
    const { pace } = pacedBy();
    const failing = (): string => {
      throw new Error("absent");
    };

    expect(() => pace.run(failing, pooled)).toThrow("absent");
  });
});

const pooled = (): Promise<string> => Promise.resolve("pooled");
