import { describe, expect, it } from "vitest";
import { mapStream } from "../../../src/base/concurrent-stream.ts";

/** Numbers below `count`; `taken` tells how many have been asked for, `isEnded` whether it was ended. */
function numbers(count: number): {
  items: AsyncGenerator<number>;
  readonly seen: { taken: number; isEnded: boolean };
} {
  const seen = { taken: 0, isEnded: false };
  async function* items(): AsyncGenerator<number> {
    try {
      for (let i = 0; i < count; i++) {
        seen.taken++;
        yield i;
      }
    } finally {
      seen.isEnded = true;
    }
  }
  return { items: items(), seen };
}

describe("mapStream", () => {
  it("gives results in the order of the items, whichever end first", async () => {
    const opened: (() => void)[] = [];
    const { items } = numbers(3);
    const mapped = mapStream(items, 3, async (item, index) => {
      await new Promise<void>((open) => opened.push(open));
      return [item, index];
    });
    await expect.poll(() => opened.length).toBe(3);

    for (const open of opened.reverse()) open();

    expect(await mapped).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
  });

  it("takes no more items than calls may be under way", async () => {
    const { items, seen } = numbers(9);
    const opened: (() => void)[] = [];
    const mapped = mapStream(items, 4, () => new Promise<void>((open) => opened.push(open)));
    await expect.poll(() => opened.length).toBe(4);
    const before = seen.taken;

    opened[2]?.();
    await expect.poll(() => opened.length).toBe(5);
    const after = seen.taken;

    expect([before, after]).toEqual([4, 5]);
    for (let i = 0; i < 9; i++) {
      await expect.poll(() => opened.length).toBeGreaterThan(i);
      opened[i]?.();
    }
    await mapped;
  });

  it("rejects with the first failure after all calls have ended, and ends the source", async () => {
    const { items, seen } = numbers(100);
    let underWay = 0;
    const mapped = mapStream(items, 4, async (item) => {
      underWay++;
      await Promise.resolve();
      underWay--;
      if (item === 6) throw new Error("six");
    });

    await expect(mapped).rejects.toThrow("six");
    expect({ underWay, isEnded: seen.isEnded }).toEqual({ underWay: 0, isEnded: true });
    expect(seen.taken).toBeLessThan(12);
  });

  it("rejects with the failure of the source", async () => {
    async function* failing(): AsyncGenerator<number> {
      yield 1;
      throw new Error("the source failed");
    }

    await expect(mapStream(failing(), 4, async (item) => item)).rejects.toThrow("the source");
  });
});
