/** Conformance: paths, listings, aborts, and what a storage says of itself. */
import { isIcefloeError } from "../../base/errors.ts";
import type { Storage } from "../../storage/port.ts";
import {
  type CaseDefinition,
  cases,
  check,
  checkBytes,
  checkRejects,
  mustPut,
  pattern,
  put,
} from "./case.ts";

const MANY_OBJECTS = 1100; // More than a page of any known service (1,000).

const BAD_PATHS = [
  "",
  "/",
  "/absolute",
  "folder/",
  "a//b",
  ".",
  "..",
  "./a",
  "../a",
  "a/../b",
  "a/..",
  "nul\0byte",
  "lone\ud800surrogate",
];

const ODD_PATHS = [
  "with space/a b",
  "percent%20/100%",
  "é/日本語/😀",
  "a~b/#1",
  "{x}^[y]`z`",
  'q"uote/<t>|p*?',
  "UPPER/lower.MiXed",
  ".hidden",
];

/** What Azure gives to another object, or cannot list: each is beside what it may be taken for. */
const DOUBTFUL_PATHS: readonly (readonly [doubtful: string, other: string])[] = [
  ["control\u0007bell", "controlbell"],
  ["refs/branch.a\\b/ref.json", "refs/branch.a/b/ref.json"],
  ["ends/with.../dots", "ends/with/dots"],
  ["...", "name"],
];

async function listedPaths(storage: Storage, prefix: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of storage.list(prefix)) paths.push(entry.path);
  return paths.sort();
}

function checkPaths(found: readonly string[], expected: readonly string[], what: string): void {
  const sorted = [...expected].sort();
  check(
    found.length === sorted.length && found.every((path, index) => path === sorted[index]),
    `${what}: found ${JSON.stringify(found.slice(0, 20))}, expected ${JSON.stringify(sorted.slice(0, 20))}`,
  );
}

/** Whether `call` rejects as one with a path that the storage does not take. */
async function isRefused(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return false;
  } catch (error) {
    if (isIcefloeError(error, "invalid-path")) return true;
    throw error;
  }
}

async function drain(entries: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of entries);
}

export const NAMING_CASES: readonly CaseDefinition[] = [
  ...cases([], {
    async "a path that is absolute, climbs or has an empty segment is refused everywhere"(storage) {
      const version = { etag: "any" };
      for (const path of BAD_PATHS) {
        const calls: Record<string, Promise<unknown>> = {
          get: storage.get(path),
          getIfChanged: storage.getIfChanged(path, version),
          head: storage.head(path),
        };
        if (storage.capabilities.write) {
          calls["put"] = put(storage, path, pattern(1));
          calls["copy from"] = storage.copy(path, "to", {});
          calls["copy to"] = storage.copy("from", path, {});
        }
        if (storage.capabilities.delete) calls["delete"] = storage.delete([path]);
        const name = JSON.stringify(path);
        await Promise.all(
          Object.entries(calls).map(([call, promise]) =>
            checkRejects(promise, ["invalid-path"], `${call} of ${name}`),
          ),
        );
      }
    },
    async "unusual characters in paths name objects of their own"(storage, writer) {
      for (const [index, path] of ODD_PATHS.entries())
        await mustPut(writer, path, pattern(10, index));
      for (const [index, path] of ODD_PATHS.entries())
        checkBytes(await storage.get(path), pattern(10, index), JSON.stringify(path));
      if (storage.capabilities.list) checkPaths(await listedPaths(storage, ""), ODD_PATHS, "list");
    },
    async "a control character, a backslash or a last dot names an object of its own, or is refused"(
      storage,
      writer,
    ) {
      const kept: string[] = [];
      for (const [index, [doubtful, other]] of DOUBTFUL_PATHS.entries()) {
        await mustPut(writer, other, pattern(20, index));
        kept.push(other);
        if (await isRefused(mustPut(writer, doubtful, pattern(10, index)))) continue;
        kept.push(doubtful);
        checkBytes(await storage.get(doubtful), pattern(10, index), JSON.stringify(doubtful));
        checkBytes(await storage.get(other), pattern(20, index), JSON.stringify(other));
      }
      if (storage.capabilities.list) checkPaths(await listedPaths(storage, ""), kept, "list");
    },
  }),
  ...cases(["list"], {
    async "list yields what is in a folder and below, and nothing beside it"(storage, writer) {
      const paths = ["top", "a/1", "a/2", "a/b/3", "ab/4", "a b/5", "c/6"];
      checkPaths(await listedPaths(storage, ""), [], "list of an empty storage");
      for (const path of paths) await mustPut(writer, path, pattern(10));
      checkPaths(await listedPaths(storage, ""), paths, "list of everything");
      checkPaths(await listedPaths(storage, "a/"), ["a/1", "a/2", "a/b/3"], "list of a/");
      checkPaths(await listedPaths(storage, "a/b/"), ["a/b/3"], "list of a/b/");
      checkPaths(await listedPaths(storage, "absent/"), [], "list of an absent folder");
      checkPaths(await listedPaths(storage, "top/"), [], "list below an object");
    },
    async "list reports sizes, times and versions as head does"(storage, writer) {
      for (const size of [0, 10, 1000]) await mustPut(writer, `sized/${size}`, pattern(size));
      let count = 0;
      for await (const entry of storage.list("sized/")) {
        count++;
        const info = await storage.head(entry.path);
        check(info !== undefined, `head of ${entry.path} found nothing`);
        check(entry.sizeBytes === info.sizeBytes, `${entry.path}: size ${entry.sizeBytes}`);
        check(!Number.isNaN(entry.lastModified.getTime()), `${entry.path}: no time`);
        if (entry.version !== undefined)
          check(
            entry.version.etag === info.version.etag &&
              entry.version.generation === info.version.generation,
            `${entry.path}: list and head report different versions`,
          );
        if (storage.capabilities.lastModified)
          check(info.lastModified instanceof Date, `head of ${entry.path} has no time`);
      }
      check(count === 3, `list found ${count} objects, expected 3`);
    },
    async "list is complete beyond a thousand objects"(storage, writer) {
      const paths = Array.from({ length: MANY_OBJECTS }, (_, index) => `many/${index}`);
      for (let start = 0; start < paths.length; start += 50)
        await Promise.all(
          paths
            .slice(start, start + 50)
            .map((path) => writer.put(path, pattern(1), { objectKind: "chunk" })),
        );
      checkPaths(await listedPaths(storage, "many/"), paths, "list");
    },
    async "a prefix that is no folder is refused"(storage) {
      for (const prefix of ["a", "/", "/a/", "../", "a/../b/", "a//"])
        await checkRejects(drain(storage.list(prefix)), ["invalid-path"], `list of "${prefix}"`);
    },
  }),
  ...cases([], {
    async "an aborted signal rejects with its reason before anything is done"(storage, writer) {
      await mustPut(writer, "object", pattern(10));
      const reason = new Error("stopped by the user");
      const signal = AbortSignal.abort(reason);
      const calls: Record<string, Promise<unknown>> = {
        get: storage.get("object", { signal }),
        getIfChanged: storage.getIfChanged("object", { etag: "any" }, { signal }),
        head: storage.head("object", { signal }),
      };
      if (storage.capabilities.list) calls["list"] = drain(storage.list("", { signal }));
      if (storage.capabilities.write) {
        calls["put"] = storage.put("object", pattern(5), { objectKind: "other", signal });
        calls["copy"] = storage.copy("object", "to", { signal });
      }
      if (storage.capabilities.delete) calls["delete"] = storage.delete(["object"], { signal });
      const settled = await Promise.allSettled(Object.values(calls));
      for (const [index, name] of Object.keys(calls).entries()) {
        const done = settled[index];
        const found = done?.status === "rejected" ? String(done.reason) : "resolved";
        const isReason = done?.status === "rejected" && done.reason === reason;
        check(isReason, `${name}: ${found}, expected the signal's reason`);
      }
      checkBytes(await storage.get("object"), pattern(10), "the object");
      check((await storage.get("to")) === undefined, "an aborted copy was made");
    },
    async "it names itself, and describes itself in JSON or not at all"(storage) {
      check(typeof storage.id === "string" && storage.id !== "", "the id is no text");
      const hint = storage.describe();
      if (hint === undefined) return;
      const json = JSON.stringify(hint);
      check(typeof hint.type === "string", "the description has no type");
      check(JSON.stringify(JSON.parse(json)) === json, "the description is no plain JSON");
    },
    async "closing twice is fine"(storage) {
      await storage.close();
      await storage.close();
    },
  }),
];
