/** The local storage on a disk that stops, fails or loses power at each of its steps. */
import { describe, expect, test } from "vitest";
import { isIcefloeError } from "../../src/base/errors.ts";
import { type Durability, localFilesystemStorage } from "../../src/storage/local/index.ts";
import type { ObjectKind, Storage } from "../../src/storage/port.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";
import { type DiskStep, type Gate, platformError, SimulatedDisk } from "./simulated-disk.ts";

const OLD = new Uint8Array(100).fill(1);
const NEW = new Uint8Array(200).fill(2);
const THIRD = new Uint8Array(300).fill(3);

const open = (disk: SimulatedDisk, durability: Durability, gate?: Gate): Storage =>
  localFilesystemStorage("/data/root", {
    durability,
    fileSystem: disk.mount(gate),
    runtime: simulatedRuntime(),
  });

/** A disk on which the object `path` holds OLD, written on a condition as the engine does. */
async function diskWithOld(path: string, objectKind: ObjectKind): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const storage = open(disk, "full");
  await storage.put(path, new Uint8Array([9]), { objectKind, condition: { ifAbsent: true } });
  const version = (await storage.head(path))?.version ?? {};
  await storage.put(path, OLD, { objectKind, condition: { ifMatch: version } });
  return disk;
}

interface Operation {
  readonly path: string;
  readonly objectKind: ObjectKind;
  run(storage: Storage): Promise<unknown>;
}

const update: Operation = {
  path: "repo",
  objectKind: "repo",
  async run(storage) {
    const found = await storage.get("repo");
    await storage.put("repo", NEW, {
      objectKind: "repo",
      condition: { ifMatch: found?.version ?? {} },
    });
  },
};

const OPERATIONS: Record<string, Operation> = {
  "a conditional update": update,
  "an unconditional put of a mutable object": {
    path: "config.yaml",
    objectKind: "config",
    run: (storage) => storage.put("config.yaml", NEW, { objectKind: "config" }),
  },
  "a put of an object written once": {
    path: "snapshots/S",
    objectKind: "snapshot",
    run: (storage) => storage.put("snapshots/S", NEW, { objectKind: "snapshot" }),
  },
  "a copy": {
    path: "overwritten/repo.1",
    objectKind: "backup",
    async run(storage) {
      await storage.put("source", NEW, { objectKind: "other" });
      await storage.copy("source", "overwritten/repo.1", { objectKind: "backup" });
    },
  },
};

const CREATE: Operation = {
  path: "repo",
  objectKind: "repo",
  run: (storage) => storage.put("repo", NEW, { objectKind: "repo", condition: { ifAbsent: true } }),
};

/** Runs `operation` until its step number `last` (from 0), then makes none any more; false if it ended before. */
async function runUntil(disk: SimulatedDisk, operation: Operation, last: number): Promise<boolean> {
  let steps = 0;
  let isStopped = false;
  const stopped = new Promise<"stopped">((resolve) => {
    const gate = (): Promise<void> | void => {
      if (steps++ < last) return;
      isStopped = true;
      resolve("stopped");
      return new Promise(() => {}); // A killed process makes no more steps.
    };
    operation.run(open(disk, "none", gate)).then(
      () => resolve("stopped"),
      () => resolve("stopped"),
    );
  });
  await stopped;
  return isStopped;
}

async function stateOf(storage: Storage, path: string): Promise<"absent" | "old" | "new" | string> {
  const bytes = (await storage.get(path))?.bytes;
  if (bytes === undefined) return "absent";
  for (const [name, body] of Object.entries({ old: OLD, new: NEW, third: THIRD }))
    if (bytes.length === body.length && bytes.every((byte) => byte === body[0])) return name;
  return `torn: ${bytes.length} bytes`;
}

async function writeAgain(storage: Storage, { path, objectKind }: Operation): Promise<string> {
  const found = await storage.get(path);
  const condition = found === undefined ? { ifAbsent: true as const } : { ifMatch: found.version };
  return (await storage.put(path, THIRD, { objectKind, condition })).outcome;
}

describe("a process killed at any step", () => {
  test.each(Object.entries(OPERATIONS))(
    "of %s leaves the old object or the new",
    async (_, operation) => {
      const seen = new Set<string>();
      for (let last = 0; ; last++) {
        const disk = await diskWithOld(operation.path, operation.objectKind);
        const wasStopped = await runUntil(disk, operation, last);
        if (!wasStopped) break;

        const storage = open(disk, "none");
        seen.add(await stateOf(storage, operation.path));

        expect(await writeAgain(storage, operation)).toBe("written");
        expect(await stateOf(storage, operation.path)).toBe("third");
      }
      seen.delete("new"); // Its last step may be the one that makes it visible.
      expect([...seen]).toEqual(["old"]);
    },
  );

  test("of a create leaves nothing or the whole object", async () => {
    const seen = new Set<string>();
    for (let last = 0; ; last++) {
      const disk = new SimulatedDisk();
      if (!(await runUntil(disk, CREATE, last))) break;
      const storage = open(disk, "none");

      seen.add(await stateOf(storage, "repo"));

      expect(await writeAgain(storage, CREATE)).toBe("written");
    }
    expect([...seen].sort()).toEqual(["absent", "new"]);
  });

  test("of a put of a chunk leaves at most a part that no acknowledged put stands for", async () => {
    const chunk: Operation = {
      path: "chunks/C",
      objectKind: "chunk",
      run: (storage) => storage.put("chunks/C", NEW, { objectKind: "chunk" }),
    };
    for (let last = 0; ; last++) {
      const disk = new SimulatedDisk();
      if (!(await runUntil(disk, chunk, last))) break;
      const storage = open(disk, "none");

      await chunk.run(storage); // The same put again, as after a restart.

      expect(await stateOf(storage, "chunks/C")).toBe("new");
    }
  });

  test("leaves what is swept an hour later, and nothing else", async () => {
    const disk = await diskWithOld("repo", "repo");
    for (let last = 1; last < 12; last++) await runUntil(disk, update, last);
    disk.nowNs += 4_000_000_000_000n;
    const runtime = simulatedRuntime({ startMicros: Number(disk.nowNs / 1000n) });
    const storage = localFilesystemStorage("/data/root", {
      durability: "none",
      fileSystem: disk.mount(),
      runtime,
    });
    const left = disk.files().length;

    expect(await writeAgain(storage, update)).toBe("written");

    expect(left).toBeGreaterThan(5);
    const files = disk.files().filter((file) => !file.includes("/current."));
    expect(files).toEqual(["/data/root/repo"]);
  });
});

/** Runs `operation` with its step number `at` failing with `code`; what was thrown. */
async function runFailing(
  disk: SimulatedDisk,
  operation: Operation,
  at: number,
  code: string,
): Promise<{ error: unknown; failed: DiskStep | undefined }> {
  let steps = 0;
  let failed: DiskStep | undefined;
  const gate = (step: DiskStep): void => {
    if (steps++ !== at) return;
    failed = step;
    throw platformError(code, step.path);
  };
  const error = await operation.run(open(disk, "full", gate)).then(
    () => undefined,
    (thrown) => thrown,
  );
  return { error, failed };
}

describe("a failing step", () => {
  test.each(["ENOSPC", "EACCES", "EIO", "EROFS"])(
    "with %s is a typed error with its cause, and nothing is half-written",
    async (code) => {
      for (const operation of [...Object.values(OPERATIONS)]) {
        for (let at = 0; ; at++) {
          const disk = await diskWithOld(operation.path, operation.objectKind);
          const { error, failed } = await runFailing(disk, operation, at, code);
          if (failed === undefined) break;
          const state = await stateOf(open(disk, "none"), operation.path);

          if (error === undefined) expect(state).toBe("new");
          else {
            expect(isIcefloeError(error, "io", "unknown-outcome")).toBe(true);
            // A put that says it failed did not happen; one that does not know may have.
            if (isIcefloeError(error, "io") && operation === update) expect(state).toBe("old");
            expect(["old", "new"]).toContain(state);
          }
        }
      }
    },
  );

  test("names what failed in words, with the platform's error as the cause", async () => {
    const disk = await diskWithOld("repo", "repo");
    const gate: Gate = ({ call, path }) => {
      if (call === "write") throw platformError("ENOSPC", path);
    };

    const failed = open(disk, "none", gate).put("snapshots/S", NEW, { objectKind: "snapshot" });

    await expect(failed).rejects.toMatchObject({
      kind: "io",
      message: "put of snapshots/S failed: no space left",
      details: { code: "ENOSPC", path: "snapshots/S" },
      cause: { code: "ENOSPC" },
    });
    expect(disk.files().filter((file) => file.includes("/tmp/"))).toEqual([]);
  });

  test("too many open files are waited for", async () => {
    const disk = await diskWithOld("repo", "repo");
    let refusals = 3;
    const gate: Gate = ({ call, path }) => {
      if (call === "read" && refusals-- > 0) throw platformError("EMFILE", path);
    };

    expect(await stateOf(open(disk, "none", gate), "repo")).toBe("old");
  });

  test("a file that shrinks while it is read is not returned short", async () => {
    const disk = await diskWithOld("repo", "repo");
    const fileSystem = disk.mount();
    const shrinking = Object.assign(Object.create(fileSystem), {
      async read(...args: Parameters<typeof fileSystem.read>) {
        const found = await fileSystem.read(...args);
        return { ...found, bytes: found.bytes.slice(0, 50) };
      },
    });
    const storage = localFilesystemStorage("/data/root", { fileSystem: shrinking });

    await expect(storage.get("repo")).rejects.toMatchObject({ kind: "io" });
  });
});

/** Commits as the engine does: chunk, snapshot, backup, then the object everything hangs on. */
async function commit(storage: Storage): Promise<void> {
  const found = await storage.get("repo");
  const version = found?.version ?? {};
  await storage.put("chunks/C", NEW, { objectKind: "chunk" });
  await storage.put("snapshots/S", NEW, { objectKind: "snapshot" });
  await storage.copy("repo", "overwritten/repo.1", { ifMatch: version, objectKind: "backup" });
  const done = await storage.put("repo", NEW, {
    objectKind: "repo",
    condition: { ifMatch: version },
  });
  expect(done.outcome).toBe("written");
}

describe("a power loss", () => {
  const survivors = async (durability: Durability, keep: () => boolean) => {
    const disk = new SimulatedDisk();
    const before = open(disk, durability);
    await before.put("repo", OLD, { objectKind: "repo", condition: { ifAbsent: true } });
    await commit(before);
    const after = open(disk.losePower(keep), durability);
    const state: Record<string, string> = {};
    for (const path of ["repo", "snapshots/S", "overwritten/repo.1", "chunks/C"])
      state[path] = await stateOf(after, path);
    return state;
  };

  test("after a commit with full durability keeps everything it rests on", async () => {
    for (let seed = 0; seed < 50; seed++) {
      const dice = simulatedRuntime({ seed });
      const keep = () => seed > 0 && (dice.randomBytes(1)[0] as number) < 128;

      expect(await survivors("full", keep)).toEqual({
        repo: "new",
        "snapshots/S": "new",
        "overwritten/repo.1": "old",
        "chunks/C": "new",
      });
    }
  });

  test("after a commit with durability metadata may cost chunks, and nothing else", async () => {
    for (let seed = 0; seed < 50; seed++) {
      const dice = simulatedRuntime({ seed });
      const keep = () => seed > 0 && (dice.randomBytes(1)[0] as number) < 128;

      expect(await survivors("metadata", keep)).toMatchObject({
        repo: "new",
        "snapshots/S": "new",
        "overwritten/repo.1": "old",
      });
    }
    expect((await survivors("metadata", () => false))["chunks/C"]).toBe("absent");
  });

  test("after a commit with durability none may cost everything", async () => {
    expect(await survivors("none", () => false)).toMatchObject({ repo: "absent" });
    expect(await survivors("none", () => true)).toMatchObject({ repo: "new" });
  });

  test("at any step of an update leaves a storage that can be written", async () => {
    for (let last = 0; ; last++) {
      const disk = await diskWithOld("repo", "repo");
      let steps = 0;
      let isStopped = false;
      await new Promise<unknown>((resolve) => {
        const gate = (): Promise<void> | void => {
          if (steps++ < last) return;
          isStopped = true;
          resolve(undefined);
          return new Promise(() => {});
        };
        update.run(open(disk, "full", gate)).then(resolve, resolve);
      });
      if (!isStopped) break;
      for (let seed = 0; seed < 8; seed++) {
        const dice = simulatedRuntime({ seed });
        const keep = () => seed > 0 && (dice.randomBytes(1)[0] as number) < 128;
        const storage = open(disk.losePower(keep), "full");

        expect(["old", "new"]).toContain(await stateOf(storage, "repo"));
        expect(await writeAgain(storage, update)).toBe("written");
        expect(await stateOf(storage, "repo")).toBe("third");
      }
    }
  });
});
