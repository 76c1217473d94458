/**
 * Every operation in a process of its own on a real disk, killed with -9 before a file system
 * call: in a campaign before each of them for a commit, else and for the others before some.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build as bundle } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localFilesystemStorage } from "../../src/storage/local/index.ts";
import { strideOf } from "../runs.ts";
import { leftoversIn } from "./leftovers.ts";
import { build, OPERATIONS, type Operation, open, stateOf } from "./world.ts";

const CALLS_MAX = 1000;
const STRIDE = strideOf(30, 6);
const STRIDE_OF_COMMIT = strideOf(4);

let folder: string;
let worker: string;
let oldState: unknown;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "icefloe-kills-"));
  worker = join(folder, "worker.mjs");
  await bundle({
    entryPoints: [new URL("./kill-worker.ts", import.meta.url).pathname],
    outfile: worker,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
  });
  await build(mount(join(folder, "old")));
  oldState = await stateOf(mount(join(folder, "old")));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const mount = (path: string) => localFilesystemStorage(path, { durability: "none" });

function copyOfOld(name: string): string {
  const path = join(folder, name);
  cpSync(join(folder, "old"), path, { recursive: true });
  return path;
}

/** How the worker ended. */
function run(path: string, operation: string, last: number): Promise<"killed" | "acknowledged"> {
  const child = spawn(process.execPath, [worker, path, operation, String(last)], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (signal === "SIGKILL") resolve("killed");
      else if (code === 0) resolve("acknowledged");
      else reject(new Error(`the worker ended with code ${code}, signal ${signal}`));
    });
  });
}

test.each(Object.entries(OPERATIONS))(
  "%s, killed with -9, leaves the old state or the new, and committing goes on",
  async (name, operation) => {
    const newState = await newStateOf(name, operation);
    const stride = name === "commit" ? STRIDE_OF_COMMIT : STRIDE;
    const seen = { old: 0, new: 0 };
    for (let last = 0; last < CALLS_MAX; last += stride) {
      const path = copyOfOld(`${name}-${last}`);
      if ((await run(path, name, last)) === "acknowledged") break;
      const storage = mount(path);

      const state = await stateOf(storage);

      const isNew = JSON.stringify(state) === JSON.stringify(newState);
      expect(state).toEqual(isNew ? newState : oldState);
      seen[isNew ? "new" : "old"]++;
      await storage.delete(await leftoversIn(storage));
      expect(await stateOf(storage)).toEqual(state);
      const repository = await open(storage, 6);
      const session = await repository.writableSession("main");
      await session.store.set("a/c/7", Uint8Array.of(7));
      await session.commit("went on");
      rmSync(path, { recursive: true });
    }
    expect(seen.old).toBeGreaterThan(0);
  },
);

async function newStateOf(name: string, operation: Operation): Promise<unknown> {
  const storage = mount(copyOfOld(`${name} new`));
  await operation(await open(storage, 5), storage);
  return stateOf(storage);
}
