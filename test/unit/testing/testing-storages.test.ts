import { describe, expect, test } from "vitest";
import { isIcefloeError } from "../../../src/base/errors.ts";
import { memoryStorage } from "../../../src/storage/memory.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { countingStorage } from "../../../src/testing/counting-storage.ts";
import { type Fault, faultyStorage } from "../../../src/testing/faulty-storage.ts";
import { simulatedRuntime } from "../../../src/testing/simulated-runtime.ts";

const kindOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "resolved",
    (error) => (isIcefloeError(error) ? error.kind : error),
  );
const body = new Uint8Array([1, 2, 3]);
const put = (storage: Storage, path = "object") => storage.put(path, body, { objectKind: "other" });

describe("countingStorage", () => {
  test("requests and bytes are counted by operation and by object kind", async () => {
    const storage = countingStorage(memoryStorage());

    await storage.put("chunks/a", body, { objectKind: "chunk" });
    await storage.put("repo", body, { objectKind: "repo" });
    await storage.get("repo");
    await storage.get("absent");

    expect(storage.total).toEqual({ requests: 4, sentBytes: 6, receivedBytes: 3 });
    expect(storage.byOperation.get).toEqual({ requests: 2, sentBytes: 0, receivedBytes: 3 });
    expect(storage.byOperation.delete.requests).toBe(0);
    expect(storage.byObjectKind).toEqual({
      chunk: { requests: 1, sentBytes: 3, receivedBytes: 0 },
      repo: { requests: 1, sentBytes: 3, receivedBytes: 0 },
    });
    expect(storage.log.map(({ operation, path }) => `${operation} ${path}`)).toEqual([
      "put chunks/a",
      "put repo",
      "get repo",
      "get absent",
    ]);
    storage.reset();
    expect(storage.total.requests).toBe(0);
  });
});

describe("faultyStorage", () => {
  const faulty = (...faults: Fault[]) => {
    const inner = memoryStorage();
    return { inner, storage: faultyStorage(inner, { faults, runtime: simulatedRuntime() }) };
  };

  test("fail-before leaves the storage as it was", async () => {
    const { inner, storage } = faulty({ effect: "fail-before", operations: ["put"] });

    expect(await kindOf(put(storage))).toBe("object-store");
    expect(await inner.get("object")).toBeUndefined();
  });

  test("a lost reply leaves the write made and its fate unknown", async () => {
    const { inner, storage } = faulty({ effect: "lost-reply", operations: ["put"] });

    expect(await kindOf(put(storage))).toBe("unknown-outcome");
    expect((await inner.get("object"))?.bytes).toEqual(body);
  });

  test("a duplicated conditional put reports that its condition failed", async () => {
    const { inner, storage } = faulty({ effect: "duplicate", conditional: true });

    const done = await storage.put("repo", body, {
      objectKind: "repo",
      condition: { ifAbsent: true },
    });

    expect(done.outcome).toBe("condition-failed");
    expect((await inner.get("repo"))?.bytes).toEqual(body);
  });

  test("after a stop nothing is made any more", async () => {
    const { inner, storage } = faulty({ effect: "stop-after", nth: 2 });
    await put(storage, "first");

    expect(await kindOf(put(storage, "second"))).toBe("storage-other");
    expect(await kindOf(put(storage, "third"))).toBe("storage-other");
    expect(await inner.get("second")).toBeDefined();
    expect(await inner.get("third")).toBeUndefined();
    expect(storage.isStopped).toBe(true);
  });

  test("a stale listing shows what an earlier one showed", async () => {
    const { storage } = faulty({ effect: "stale-list", nth: [2] });
    const list = async () => {
      const paths: string[] = [];
      for await (const { path } of storage.list("")) paths.push(path);
      return paths;
    };
    await put(storage, "a");
    const before = await list();
    await put(storage, "b");

    expect(await list()).toEqual(before);
    expect(await list()).toEqual(["a", "b"]);
  });

  test("filters choose by operation, path, kind and number", async () => {
    const { storage } = faulty({
      effect: "fail-before",
      path: /^chunks\//g,
      objectKinds: ["chunk"],
      nth: 2,
    });
    const chunk = (path: string) => kindOf(storage.put(path, body, { objectKind: "chunk" }));

    expect(await chunk("chunks/a")).toBe("resolved");
    expect(await chunk("elsewhere")).toBe("resolved");
    expect(await chunk("chunks/b")).toBe("object-store");
    expect(await chunk("chunks/c")).toBe("resolved");
    expect(storage.injected).toEqual([
      { effect: "fail-before", operation: "put", path: "chunks/b" },
    ]);
  });

  test("one seed gives one history", async () => {
    const history = async (seed: number) => {
      const runtime = simulatedRuntime({ seed });
      const faults: Fault[] = [
        { effect: "delay", probability: 0.5 },
        { effect: "fail-before", probability: 0.3 },
      ];
      const storage = faultyStorage(memoryStorage({ runtime }), { faults, runtime });
      const seen: unknown[] = [];
      const task = async (name: string) => {
        for (let i = 0; i < 10; i++)
          seen.push([name, await kindOf(put(storage, name)), runtime.nowMicros()]);
      };
      await Promise.all(["a", "b", "c"].map(task));
      return JSON.stringify([seen, storage.injected]);
    };

    expect(await history(1)).toBe(await history(1));
    expect(await history(1)).not.toBe(await history(2));
  });
});

describe("simulatedRuntime", () => {
  test("time moves only when it is told to, and wakes sleepers in their order", async () => {
    const runtime = simulatedRuntime({ startMicros: 1_000_000, autoAdvance: false });
    const woken: string[] = [];
    const sleeping = [
      runtime.sleep(20).then(() => woken.push("late")),
      runtime.sleep(10).then(() => woken.push("early")),
      runtime.sleep(10).then(() => woken.push("early too")),
    ];

    runtime.advance(5);
    await Promise.resolve();
    expect([runtime.nowMicros(), woken.length]).toEqual([1_005_000, 0]);
    runtime.advance(15);
    await Promise.all(sleeping);

    expect(woken).toEqual(["early", "early too", "late"]);
    expect(runtime.sleeperCount).toBe(0);
  });

  test("an hour passes at once when everybody sleeps", async () => {
    const runtime = simulatedRuntime({ startMicros: 0 });

    await Promise.all([runtime.sleep(3_600_000), runtime.sleep(1_800_000)]);

    expect(runtime.nowMicros()).toBe(3_600_000_000);
  });

  test("one seed gives one sequence of bytes, evenly spread", () => {
    const bytes = simulatedRuntime({ seed: 5 }).randomBytes(4096);
    const counts = new Array<number>(16).fill(0);
    for (const byte of bytes) counts[byte >> 4]!++;

    expect(simulatedRuntime({ seed: 5 }).randomBytes(4096)).toEqual(bytes);
    expect(simulatedRuntime({ seed: 6 }).randomBytes(4096)).not.toEqual(bytes);
    expect(Math.min(...counts)).toBeGreaterThan(180);
  });

  test("an aborted sleep rejects with the reason and wakes nobody", async () => {
    const runtime = simulatedRuntime({ autoAdvance: false });
    const controller = new AbortController();
    const sleeping = runtime.sleep(10, controller.signal);

    controller.abort("no more");

    await expect(sleeping).rejects.toBe("no more");
    expect(runtime.advanceToNext()).toBe(false);
  });
});
