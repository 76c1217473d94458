import { describe, expect, it } from "vitest";
import { createLimiter } from "../../../src/base/concurrency.ts";

/** Work that ends when it is told to. */
function held(): { work: () => Promise<void>; end: () => void } {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return { work: () => ended, end };
}

describe("createLimiter", () => {
  it("rejects work that is aborted while it waits, at once, and never runs it", async () => {
    const limiter = createLimiter(1);
    const { work, end } = held();
    const running = limiter.run(work);
    const aborting = new AbortController();
    let runs = 0;
    const count = async (): Promise<number> => ++runs;
    const waiting = limiter.run(count, aborting.signal);
    const behind = limiter.run(count);

    aborting.abort("enough");

    await expect(waiting).rejects.toBe("enough");
    end();
    await running;
    expect(await behind).toBe(1);
  });

  it("gives a slot at once while one is free, then to whoever has waited longest", async () => {
    const limiter = createLimiter(1);
    const order: string[] = [];

    expect(limiter.enter()).toBeUndefined();
    const second = limiter.enter()?.then(() => order.push("second"));
    const third = limiter.run(async () => order.push("third"));
    await undefined;
    expect(order).toEqual([]);
    limiter.leave();
    await second;
    limiter.leave();
    await third;

    expect(order).toEqual(["second", "third"]);
  });

  it("gives no slot to what has been aborted", () => {
    const limiter = createLimiter(1);

    expect(() => limiter.enter(AbortSignal.abort("enough"))).toThrow("enough");
    expect(limiter.enter()).toBeUndefined();
  });

  it("loses no slot to work that is aborted around its turn", async () => {
    for (let turns = 0; turns < 10; turns++) {
      const limiter = createLimiter(1);
      const { work, end } = held();
      const aborting = new AbortController();
      const running = limiter.run(work);
      const waiting = limiter.run(async () => "ran", aborting.signal).catch((reason) => reason);

      end();
      for (let turn = 0; turn < turns; turn++) await undefined;
      aborting.abort("enough");

      await running;
      expect(["ran", "enough"]).toContain(await waiting);
      expect(await limiter.run(async () => "ran")).toBe("ran");
    }
  });

  it("gives a slot back once, also to work whose signal has aborted and not said so yet", async () => {
    const limiter = createLimiter(1);
    const { work, end } = held();
    const running = limiter.run(work);
    // Between the abort of a native signal and its event other things may happen.
    const signal = Object.assign(new EventTarget(), {
      aborted: false,
      reason: "enough",
      throwIfAborted(this: { aborted: boolean }): void {
        if (this.aborted) throw "enough";
      },
    });
    const waiting = limiter.run(async () => "ran", signal as never);

    signal.aborted = true;
    end();

    await running;
    await expect(waiting).rejects.toBe("enough");
    let active = 0;
    const others = Array.from({ length: 4 }, () =>
      limiter.run(async () => {
        const now = ++active;
        await undefined;
        active--;
        return now;
      }),
    );
    expect(await Promise.all(others)).toEqual([1, 1, 1, 1]);
  });

  it("keeps the order of what waits, and its limit, when some are aborted", async () => {
    const limiter = createLimiter(2);
    const first = [held(), held()];
    const running = first.map(({ work }) => limiter.run(work));
    const order: number[] = [];
    const controllers = Array.from({ length: 6 }, () => new AbortController());
    const waiting = controllers.map(({ signal }, at) =>
      limiter.run(async () => order.push(at), signal),
    );

    for (const at of [0, 2, 5]) controllers[at]?.abort(at);
    for (const { end } of first) end();
    const ended = await Promise.allSettled([...running, ...waiting]);

    expect(order).toEqual([1, 3, 4]);
    expect(ended.map(({ status }) => status === "fulfilled")).toEqual([
      ...[true, true],
      ...[false, true, false, true, true, false],
    ]);
  });
});
