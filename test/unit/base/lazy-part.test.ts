/** Parts that are loaded on first use: once, and again after a failure, which is typed. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { lazyPart } from "../../../src/base/lazy-part.ts";

const ROOT = new URL("../../..", import.meta.url);

describe("a lazy part", () => {
  test("is loaded once, however often it is asked for", async () => {
    let loads = 0;
    const part = lazyPart(async () => ++loads);

    expect(part.loaded).toBeUndefined();
    expect(await Promise.all([part(), part()])).toEqual([1, 1]);
    expect(await part()).toBe(1);
    expect(part.loaded).toBe(1);
  });

  test("that cannot be loaded fails with a typed error, and may be asked for again", async () => {
    const cause = Object.assign(new Error("no file"), { code: "EMFILE" });
    let loads = 0;
    const part = lazyPart(async () => {
      if (++loads === 1) throw cause;
      return "loaded";
    });

    await expect(part()).rejects.toMatchObject({ kind: "io", category: "storage", cause });
    expect(part.loaded).toBeUndefined();
    expect(await part()).toBe("loaded");
  });
});

/** What needs a part that is not loaded yet, on a session opened before. */
const OPERATIONS: Readonly<Record<string, string>> = {
  merge: "await session.merge(fork)",
  rebase: "await session.rebase()",
  status: "await session.status()",
  commit: 'if (!session.readOnly) await session.commit("late")',
  "opening a writable session": 'await repository.writableSession("main")',
  saveConfig: "await repository.saveConfig()",
  storageFromUrl: 'await (await import("icefloe/storage")).storageFromUrl("memory:")',
  "a file that needs h5wasm": "await openBroken()",
  "a codec that needs numcodecs": "await writeBlosc()",
  "threads that need piscina": "await runThreads()",
  transaction: 'await repository.transaction("main", async () => undefined, { message: "m" })',
};

/** Runs the operation without a free descriptor, then with some; prints how both ended. */
const programOf = (operation: string, opensSession: boolean): string => `
  import { closeSync, openSync } from "node:fs";
  const icefloe = await import("icefloe");
  await import("icefloe/storage");
  const group = (attributes) =>
    new TextEncoder().encode(JSON.stringify({ zarr_format: 3, node_type: "group", attributes }));
  const storage = icefloe.memoryStorage();
  const repository = await icefloe.Repository.create(storage);
  let session, fork;
  if (${opensSession}) {
    session = await repository.writableSession("main");
    fork = session.fork();
    await fork.store.set("zarr.json", group({ a: 1 }));
    if (${operation.includes("commit(") || operation.includes("rebase(")}) {
      await session.store.set("zarr.json", group({ a: 2 }));
    }
  }
  let openBroken, writeBlosc, runThreads;
  if (${operation.includes("runThreads")}) {
    const executor = (await import("icefloe/parallel/node")).threads({ concurrency: 1 });
    const { signal } = new AbortController();
    runThreads = async () => {
      for await (const _ of executor.run((async function* () {})(), { signal }));
    };
  }
  if (${operation.includes("openBroken")}) {
    const { openNetcdf } = await import("icefloe/dataset");
    const bytes = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0);
    openBroken = () => openNetcdf(bytes).catch((error) => {
      if (error.kind !== "invalid-file-format") throw error; // The library is there, and says so.
    });
  }
  if (${operation.includes("writeBlosc")}) {
    const { createArray, writeRegion } = await import("icefloe/zarr");
    const codecs = [{ name: "bytes" }, { name: "blosc" }];
    await createArray(session.store, "/b", { shape: [2], chunkShape: [2], dtype: "uint8", codecs });
    writeBlosc = () => writeRegion(session.store, "/b", { data: Uint8Array.of(1, 2) });
  }
  const run = async () => {
    try {
      ${operation};
      return "done";
    } catch (error) {
      return (error.kind ?? "raw") + ": " + (error.cause?.code ?? error.code ?? error.message);
    }
  };
  const held = [];
  try {
    for (;;) held.push(openSync(process.execPath));
  } catch (error) {
    if (error.code !== "EMFILE") throw error;
  }
  const without = await run();
  for (const descriptor of held) closeSync(descriptor);
  console.log(JSON.stringify([without, await run()]));
`;

describe("the file that stands for descriptors", () => {
  test("may be gone, or not for this program to open: parts are loaded all the same", async () => {
    const program = `
      process.execPath = "/nowhere/node";
      const { memoryStorage, Repository } = await import("icefloe");
      const repository = await Repository.create(memoryStorage());
      const session = await repository.writableSession("main");
      console.log(typeof (await session.status()));
    `;

    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module", "-e", program],
      { cwd: ROOT },
    );

    expect(stdout).toMatch(/object/);
  });
});

describe("without a free descriptor", () => {
  test.each(Object.entries(OPERATIONS))(
    "%s fails with a typed error, or works, and works later",
    async (name, operation) => {
      const program = programOf(operation, name !== "opening a writable session");

      const { stdout } = await promisify(execFile)(
        "sh",
        ["-c", 'ulimit -n 128 && exec "$0" --input-type=module -e "$1"', process.execPath, program],
        { cwd: ROOT },
      );

      const [without, later] = JSON.parse(stdout) as [string, string];
      expect(["io: EMFILE", "done"]).toContain(without);
      expect(later).toBe("done");
    },
  );
});
