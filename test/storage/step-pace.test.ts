import { describe, expect, test } from "vitest";
import { StepPace } from "../../src/storage/local/step-pace.ts";

/** A clock that moves only when a step says so. */
function pacedBy({ hasTurns = true, turn = (): Promise<void> | undefined => undefined } = {}) {
  let nowMicros = 0;
  const madeWay: string[] = [];
  const pace = new StepPace({
    nowMicros: () => nowMicros,
    randomBytes: (count) => new Uint8Array(count),
    async sleep(milliseconds) {
      madeWay.push(`slept ${milliseconds}`);
    },
    ...(hasTurns && {
      async turn() {
        madeWay.push("turned");
        await turn();
      },
    }),
  });
  const step = (micros: number) => () => {
    nowMicros += micros;
    return "quick";
  };
  return { pace, step, madeWay };
}

describe("the pace of file system steps", () => {
  test("runs small steps at once", () => {
    const { pace, step } = pacedBy();

    const ran = [pace.run(step(900), pooled), pace.run(step(900), pooled)];

    expect(ran).toEqual(["quick", "quick"]);
  });

  test("lets the event loop turn after two milliseconds, for which all steps wait", async () => {
    const { pace, step, madeWay } = pacedBy();
    pace.run(step(2000), pooled);

    const waiting = [pace.run(step(1), pooled), pace.run(step(1), pooled)];

    expect(waiting.every((ran) => ran instanceof Promise)).toBe(true);
    expect(await Promise.all(waiting)).toEqual(["quick", "quick"]);
    expect(madeWay).toEqual(["turned"]);
    expect(pace.run(step(1), pooled)).toBe("quick");
  });

  test("makes way by a sleep where the runtime has no turns", async () => {
    const { pace, step, madeWay } = pacedBy({ hasTurns: false });
    pace.run(step(2000), pooled);

    expect(await pace.run(step(1), pooled)).toBe("quick");
    expect(madeWay).toEqual(["slept 0"]);
  });

  test("goes on after a turn that failed", async () => {
    const turns = [Promise.reject(new Error("no turn")), Promise.resolve()];
    const { pace, step } = pacedBy({ turn: () => turns.shift() });
    pace.run(step(2000), pooled);
    await expect(pace.run(step(1), pooled)).rejects.toThrow("no turn");

    expect(await pace.run(step(1), pooled)).toBe("quick");
  });

  test("leaves a slow disk to the pool for a thousand steps", async () => {
    const { pace, step } = pacedBy();
    pace.run(step(10_001), pooled);

    const ran = await Promise.all(Array.from({ length: 1001 }, () => pace.run(step(1), pooled)));

    expect(ran.slice(0, 1000).every((how) => how === "pooled")).toBe(true);
    expect(ran[1000]).toBe("quick");
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
