/** `opfsStorage` over a simulated origin: deaths at each step, schedules, names. In Chromium: `test/browser/opfs.test.ts`. */
import { describe, expect, test, vi } from "vitest";
import { isIcefloeError } from "../../src/base/errors.ts";
import { randomFraction } from "../../src/base/runtime.ts";
import { storageFromHint, storageFromUrl } from "../../src/storage/from-url.ts";
import { opfsStorage } from "../../src/storage/opfs/index.ts";
import type { Storage } from "../../src/storage/port.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";
import { runsOf } from "../runs.ts";
import { PageDied, SimulatedOrigin } from "./simulated-origin.ts";

const SCHEDULES = runsOf("OPFS_SCHEDULES", 20, 500);
const HOUR_MS = 3_600_000;
const body = (byte: number, sizeBytes = 100): Uint8Array => new Uint8Array(sizeBytes).fill(byte);
const other = { objectKind: "other" } as const;

const kindOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "resolved",
    (error) => (isIcefloeError(error) ? error.kind : error),
  );

async function listed(storage: Storage): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of storage.list("")) paths.push(path);
  return paths.sort();
}

/** Writes of every kind, one after the other; `done` hears of each that is acknowledged. */
async function writeAll(storage: Storage, done: (path: string, byte: number) => void) {
  const made = await storage.put("repo", body(1), {
    objectKind: "repo",
    condition: { ifAbsent: true },
  });
  done("repo", 1);
  await storage.put("chunks/A", body(2), { objectKind: "chunk" });
  done("chunks/A", 2);
  if (made.outcome !== "written") throw new Error("the repository was there");
  await storage.put("repo", body(3), { objectKind: "repo", condition: { ifMatch: made.version } });
  done("repo", 3);
  await storage.copy("repo", "overwritten/repo.1", { objectKind: "backup" });
  done("overwritten/repo.1", 3);
  await storage.put("refs/x", body(4), other);
  done("refs/x", 4);
  await storage.put("refs/x", body(5), other);
  done("refs/x", 5);
  const [gone] = await storage.delete(["refs/x"]);
  if (gone?.outcome === "failed") throw gone.error;
  done("refs/x", 0);
}

describe("a page that dies", () => {
  const runWith = async (diesAt: number) => {
    const runtime = simulatedRuntime();
    const origin = new SimulatedOrigin(runtime);
    const page = origin.openPage("root", { diesAt });
    const acknowledged = new Map<string, number>();
    const ended: unknown = await writeAll(page.storage, (path, byte) =>
      acknowledged.set(path, byte),
    ).catch((error: unknown) => error);
    return { origin, runtime, acknowledged, ended, steps: page.stepCount };
  };

  test("leaves whole objects, no less than was acknowledged, and the next page writes on", async () => {
    const { steps } = await runWith(0);
    expect(steps).toBeGreaterThan(50);
    for (let diesAt = 1; diesAt <= steps; diesAt++) {
      const { origin, acknowledged, ended } = await runWith(diesAt);
      const { storage } = origin.openPage("root");
      expect(ended, `step ${diesAt}`).not.toBeUndefined();

      const found = new Map<string, number>();
      for (const path of await listed(storage)) {
        const bytes = (await storage.get(path))?.bytes ?? body(0, 0);
        expect(bytes, `step ${diesAt}, ${path}`).toEqual(body(bytes[0] ?? 0));
        found.set(path, bytes[0] as number);
      }
      // Values only grow, but for the last step, which deletes.
      for (const [path, byte] of acknowledged)
        if (path !== "refs/x")
          expect(found.get(path), `step ${diesAt}`).toBeGreaterThanOrEqual(byte);
      const version = (await storage.head("repo"))?.version;
      const condition = version === undefined ? { ifAbsent: true as const } : { ifMatch: version };
      const next = await storage.put("repo", body(9), { objectKind: "repo", condition });
      expect(next.outcome, `step ${diesAt}`).toBe("written");
    }
  });

  test("leaves drafts that a later page removes once they are an hour old", async () => {
    const { origin, runtime } = await runWith(4); // Within the first write.
    const drafts = () => [...origin.files.keys()].filter((name) => name.includes("/drafts/"));
    expect(drafts()).toHaveLength(1);

    await origin.openPage("root").storage.put("object", body(1), other);
    expect(drafts()).toHaveLength(1);
    runtime.advance(HOUR_MS + 1);
    await origin.openPage("root").storage.put("object", body(2), other);

    expect(drafts()).toEqual([]);
  });
});

describe("pages that write one object", () => {
  /** Waits a few turns before each step, as the seed says. */
  function openRandomly(seed: number) {
    const runtime = simulatedRuntime({ seed });
    const origin = new SimulatedOrigin(runtime, 2);
    const pause = async (): Promise<void> => {
      for (let turns = Math.floor(randomFraction(runtime) * 8); turns > 0; turns--) await undefined;
    };
    return () => origin.openPage("root", { pause }).storage;
  }

  test("lose no increment, and give each state a version of its own, in any order of steps", async () => {
    for (let seed = 1; seed <= SCHEDULES; seed++) {
      const open = openRandomly(seed);
      await open().put("counter", body(0, 1), other);
      const stateOf = new Map<string, number>();
      const see = (version: object, byte: number): void => {
        const name = JSON.stringify(version);
        expect(stateOf.get(name) ?? byte, `seed ${seed}: ${name}`).toBe(byte);
        stateOf.set(name, byte);
      };
      const count = async (storage: Storage): Promise<void> => {
        for (let done = 0; done < 4; ) {
          const found = await storage.get("counter");
          if (found === undefined) throw new Error(`seed ${seed}: the counter was absent`);
          const byte = found.bytes[0] as number;
          see(found.version, byte);
          const condition = { ifMatch: found.version };
          const put = await storage.put("counter", body(byte + 1, 1), { ...other, condition });
          if (put.outcome !== "written") continue;
          see(put.version, byte + 1);
          done++;
        }
      };

      let isCounting = true;
      const read = async (storage: Storage): Promise<void> => {
        while (isCounting) {
          const found = await storage.get("counter");
          if (found !== undefined) see(found.version, found.bytes[0] as number);
        }
      };
      const counting = Promise.all([count(open()), count(open()), count(open())]);
      const ended = counting.finally(() => {
        isCounting = false;
      });
      await Promise.all([ended, read(open()), read(open())]);

      expect((await open().get("counter"))?.bytes, `seed ${seed}`).toEqual(body(12, 1));
    }
  });

  test("see bytes that something else puts into its file as another version", async () => {
    const runtime = simulatedRuntime();
    const origin = new SimulatedOrigin(runtime);
    const { storage } = origin.openPage("root");
    const put = await storage.put("object", body(1), other);
    if (put.outcome !== "written") throw new Error("not written");

    runtime.advance(1000);
    origin.store("root/object", body(2));
    const condition = { ifMatch: put.version };

    expect((await storage.put("object", body(3), { ...other, condition })).outcome).toBe(
      "condition-failed",
    );
  });
});

describe("a put that fails", () => {
  test("for want of room names its bytes, and leaves no draft and the same version", async () => {
    const origin = new SimulatedOrigin(simulatedRuntime());
    const { storage } = origin.openPage("root", { roomBytes: 1000 });
    await storage.put("object", body(1), other);
    const before = await storage.head("object");
    const names = [...origin.files.keys()];

    const failed: unknown = await storage.put("object", body(2, 1001), other).catch((e) => e);

    expect(isIcefloeError(failed) && [failed.kind, failed.details["sizeBytes"]]).toEqual([
      "object-store",
      1001,
    ]);
    expect(await storage.head("object")).toEqual(before);
    expect([...origin.files.keys()]).toEqual(names);
  });

  test("because it is aborted, at any step, leaves the old object and no draft", async () => {
    const outcomes = new Set<unknown>();
    for (let abortAt = 1; abortAt <= 25; abortAt++) {
      const origin = new SimulatedOrigin(simulatedRuntime());
      await origin.openPage("root").storage.put("object", body(1), other);
      const before = await origin.openPage("root").storage.head("object");
      const names = [...origin.files.keys()];
      const controller = new AbortController();
      let steps = 0;
      const pause = async (): Promise<void> => {
        if (++steps === abortAt) controller.abort("enough");
      };
      const { storage } = origin.openPage("root", { pause });
      const { signal } = controller;

      const outcome = await storage.put("object", body(2), { ...other, signal }).then(
        (done) => done.outcome,
        (error: unknown) => error,
      );

      outcomes.add(outcome);
      if (outcome === "enough") expect(await storage.head("object")).toEqual(before);
      else expect((await storage.get("object"))?.bytes).toEqual(body(2));
      expect([...origin.files.keys()].sort()).toEqual(names.sort());
    }
    expect(outcomes).toEqual(new Set(["enough", "written"]));
  });

  test("is unknown where the page died in its last step", async () => {
    const origin = new SimulatedOrigin(simulatedRuntime());
    const whole = origin.openPage("root");
    await whole.storage.put("chunks/A", body(1), { objectKind: "chunk" });
    // The sweep lists the drafts after it, and the version is read before that.
    const diesAt = whole.stepCount - 2;

    const { storage } = origin.openPage("other", { diesAt });
    const put = storage.put("chunks/A", body(1), { objectKind: "chunk" });

    expect(await kindOf(put)).toBe("unknown-outcome");
  });
});

test("an ifMatch is refused in the folders whose objects are written once", async () => {
  const { storage } = new SimulatedOrigin(simulatedRuntime()).openPage("");
  await storage.put("chunks/A", body(1), { objectKind: "chunk" });
  const version = (await storage.head("chunks/A"))?.version ?? {};

  const put = storage.put("chunks/A", body(2), { ...other, condition: { ifMatch: version } });

  expect(await kindOf(put)).toBe("condition-not-supported");
});

test("a chunk is one file, and what is replaced has a write id beside it", async () => {
  const origin = new SimulatedOrigin(simulatedRuntime());
  const { storage } = origin.openPage("a/b#c");
  await storage.put("chunks/A", body(1), { objectKind: "chunk" });
  await storage.put("x/repo", body(1), { objectKind: "repo" });

  expect([...origin.files.keys()].sort()).toEqual([
    ".icefloe/writes/a/b%23c/x/repo#",
    "a/b#c/chunks/A",
    "a/b#c/x/repo",
  ]);
  await storage.delete(["x/repo", "chunks/A"]);
  expect([...origin.files.keys()]).toEqual([]);
});

describe("opfsStorage", () => {
  test("says what is missing where there is no such file system", async () => {
    expect(() => opfsStorage({ path: "a" })).toThrow(/origin private file system/);
    expect(await kindOf(storageFromUrl("opfs:///a"))).toBe("missing-dependency");
    expect(await kindOf(storageFromHint({ type: "opfs", path: "a" }))).toBe("missing-dependency");
  });

  test("takes a folder's path, a URL and its own hint for the same", async () => {
    vi.stubGlobal("navigator", { storage: { getDirectory: () => undefined } });
    vi.stubGlobal("FileSystemFileHandle", { prototype: { move: () => undefined } });
    try {
      const hint = { type: "opfs", path: "a/b c" };
      expect(opfsStorage({ path: "a/b c" }).describe()).toEqual(hint);
      expect(opfsStorage({ path: "/a/b c/" }).id).toBe("opfs:/a/b c");
      expect((await storageFromUrl("opfs:///a/b%20c")).describe()).toEqual(hint);
      expect((await storageFromHint(hint)).describe()).toEqual(hint);
      expect(opfsStorage({ path: "" }).capabilities.conditionalUpdate).toBe(false);
      for (const path of ["..", "a//b", ".icefloe", "a\\b"])
        expect(await kindOf((async () => opfsStorage({ path }))())).toBe("invalid-path");
      for (const url of ["opfs://host/a", "opfs:///a?b", "opfs:///%ff"])
        expect(await kindOf(storageFromUrl(url))).toBe("cannot-parse-url");
      for (const options of [undefined, {}, { path: 7 }, { path: "a", folder: "b" }])
        expect(() => opfsStorage(options as never)).toThrow(/opfsStorage/);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

test("a dead page's other operations end as well", async () => {
  const { storage } = new SimulatedOrigin(simulatedRuntime()).openPage("root", { diesAt: 1 });

  const error: unknown = await storage.get("object").catch((e: unknown) => e);

  expect(isIcefloeError(error) && error.cause).toBeInstanceOf(PageDied);
});
