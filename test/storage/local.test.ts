import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isIcefloeError } from "../../src/base/errors.ts";
import { escapeSegment, unescapeSegment } from "../../src/storage/key-escaping.ts";
import { localFilesystemStorage } from "../../src/storage/local/index.ts";
import type { ObjectKind, Storage } from "../../src/storage/port.ts";

let folder: string;
let storage: Storage;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "icefloe-local-"));
  storage = localFilesystemStorage(join(folder, "root"), { durability: "none" });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const file = (...segments: string[]): string => join(folder, "root", ...segments);
const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && new TextDecoder().decode(bytes);
const bytes = (content: string): Uint8Array => new TextEncoder().encode(content);
const kindOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "resolved",
    (error) => (isIcefloeError(error) ? error.kind : error),
  );
const put = (path: string, content: string, objectKind: ObjectKind = "other") =>
  storage.put(path, bytes(content), { objectKind });

/** Puts on the version that is there now. */
async function swap(path: string, content: string, target: Storage = storage): Promise<string> {
  const found = await target.get(path);
  const condition = found === undefined ? { ifAbsent: true as const } : { ifMatch: found.version };
  const done = await target.put(path, bytes(content), { objectKind: "repo", condition });
  return done.outcome;
}

async function listed(): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of storage.list("")) paths.push(path);
  return paths.sort();
}

describe("the layout on disk", () => {
  test("objects are files under their own paths", async () => {
    await put("snapshots/ABC", "one", "snapshot");
    await put("chunks/DEF", "two", "chunk");
    await swap("repo", "three");

    expect(await readFile(file("snapshots", "ABC"), "utf8")).toBe("one");
    expect(await readFile(file("chunks", "DEF"), "utf8")).toBe("two");
    expect(await readFile(file("repo"), "utf8")).toBe("three");
  });

  test("names are escaped as the official engine escapes them", () => {
    expect(escapeSegment("tag.é")).toBe("tag.%C3%A9");
    expect(escapeSegment("tag.x~y")).toBe("tag.x%7Ey");
    expect(escapeSegment("tag.pct%20")).toBe("tag.pct%2520");
    expect(escapeSegment("tag.a b")).toBe("tag.a b");
    expect(escapeSegment('\\{}^%[]"><#|*?`\u0001\u007f')).toBe(
      "%5C%7B%7D%5E%25%5B%5D%22%3E%3C%23%7C%2A%3F%60%01%7F",
    );
  });

  test("a name that no object has is told apart from one that some object has", () => {
    expect(unescapeSegment("plain")).toBe("plain");
    expect(unescapeSegment("x%7Ey")).toBe("x~y");
    for (const name of ["x%7ey", "x%41", "bad%", "%FF", "a%2Fb", "repo#1", "é"])
      expect(unescapeSegment(name)).toBeUndefined();
  });

  test("nothing is made before the first write, and folders only as needed", async () => {
    expect(await storage.get("repo")).toBeUndefined();
    expect(await storage.head("repo")).toBeUndefined();
    expect(await listed()).toEqual([]);
    expect(await storage.delete(["repo"])).toMatchObject([{ outcome: "deleted" }]);
    expect(await readdir(folder)).toEqual([]);

    await put("chunks/A", "x", "chunk");

    expect(await readdir(file())).toEqual(["chunks"]);
  });

  test("a new repository's root still looks empty, and .icefloe is never shown", async () => {
    await swap("repo", "one");
    await swap("repo", "two");
    await storage.delete(["repo"]);

    expect(await readdir(file())).toEqual([".icefloe"]);
    expect(await listed()).toEqual([]);
    for (const path of [".icefloe", ".icefloe/tmp/x"]) {
      expect(await kindOf(storage.get(path))).toBe("invalid-path");
      expect(await kindOf(put(path, "x"))).toBe("invalid-path");
    }
  });

  test("foreign files that stand for no object are left out of listings", async () => {
    await put("a", "x");
    for (const name of ["staged#1", "bad%zz"]) await writeFile(file(name), "foreign");
    await writeFile(file("README.txt"), "foreign, but a fine name");

    expect(await listed()).toEqual(["README.txt", "a"]);
  });

  test("no draft is left by writes that succeed", async () => {
    for (let i = 0; i < 5; i++) await swap("repo", `state ${i}`);
    await put("snapshots/A", "x", "snapshot");
    await storage.copy("repo", "overwritten/repo.1", { objectKind: "backup" });
    await put("config.yaml", "y", "config");

    expect(await readdir(file(".icefloe", "tmp"))).toEqual([]);
    expect(await readdir(file(".icefloe", "tokens", "repo#"))).toHaveLength(1);
  });

  test("a backup costs no bytes and stays when its source is replaced", async () => {
    await swap("repo", "one");
    await storage.copy("repo", "overwritten/repo.1", { objectKind: "backup" });
    const [source, backup] = [await stat(file("repo")), await stat(file("overwritten", "repo.1"))];
    await swap("repo", "two");

    expect(source.ino).toBe(backup.ino);
    expect(await readFile(file("overwritten", "repo.1"), "utf8")).toBe("one");
  });
});

describe("paths and places", () => {
  test("a file: URL names the same folder as its path, spaces included", async () => {
    const path = join(folder, "with space");
    const byUrl = localFilesystemStorage(pathToFileURL(path));
    await byUrl.put("a", bytes("x"), { objectKind: "other" });

    expect(text((await localFilesystemStorage(path).get("a"))?.bytes)).toBe("x");
    expect(byUrl.describe()).toEqual({ type: "local", path, durability: "metadata" });
    expect(localFilesystemStorage(pathToFileURL(path).href).id).toBe(byUrl.id);
  });

  test("a relative path is fixed when the storage is made", () => {
    const made = localFilesystemStorage(relative(process.cwd(), folder));

    expect(made.describe()?.["path"]).toBe(folder);
  });

  test("what names no folder is refused, and unknown options by name", () => {
    const refused: [path: unknown, options: unknown, kind: string][] = [
      ["", undefined, "invalid-path"],
      ["nul\0byte", undefined, "invalid-path"],
      [7, undefined, "invalid-path"],
      [new URL("http://host/path"), undefined, "cannot-parse-url"],
      ["/tmp/x", { durable: true }, "invalid-option"],
      ["/tmp/x", { durability: "sometimes" }, "invalid-option"],
    ];
    for (const [path, options, kind] of refused) {
      try {
        localFilesystemStorage(path as string, options as never);
        expect.unreachable(String(path));
      } catch (error) {
        expect(isIcefloeError(error, kind as never)).toBe(true);
      }
    }
  });

  test("a root that is a file holds nothing and cannot be written", async () => {
    await writeFile(file(), "not a folder");

    expect(await storage.get("repo")).toBeUndefined();
    expect(await listed()).toEqual([]);
    expect(await kindOf(put("a", "x", "chunk"))).toBe("io");
    expect(await kindOf(swap("repo", "x"))).toBe("io");
  });

  test("an object cannot be put where a folder is, nor below an object", async () => {
    await put("a/b", "x");

    expect(await kindOf(put("a", "y", "snapshot"))).toBe("io");
    expect(await kindOf(put("a/b/c", "y", "snapshot"))).toBe("io");
    expect(await kindOf(put("a/b/c", "y", "chunk"))).toBe("io");
    expect(text((await storage.get("a/b"))?.bytes)).toBe("x");
    expect(await readdir(file(".icefloe", "tmp"))).toEqual([]);
  });

  test("links are followed, also to a folder elsewhere", async () => {
    await mkdir(join(folder, "elsewhere"));
    await mkdir(file());
    await symlink(join(folder, "elsewhere"), file("chunks"));
    await put("chunks/A", "x", "chunk");

    expect(await readdir(join(folder, "elsewhere"))).toEqual(["A"]);
    expect(await listed()).toEqual(["chunks/A"]);
  });

  test("a folder that links to itself is refused, not walked for ever", async () => {
    await put("a/b", "x");
    await symlink(file("a"), file("a", "loop"));

    expect(await kindOf(listed())).toBe("io");
  });

  test("a chunk put again replaces what a failed attempt left", async () => {
    await mkdir(file("chunks"), { recursive: true });
    await writeFile(file("chunks", "A"), "par");

    await put("chunks/A", "whole", "chunk");

    expect(text((await storage.get("chunks/A"))?.bytes)).toBe("whole");
  });
});

describe("writers without tokens", () => {
  test("what the official engine replaced is read, and can be updated", async () => {
    await swap("repo", "ours");
    await swap("repo", "ours again");
    const before = (await storage.get("repo"))?.version ?? {};
    await writeFile(file("staged"), "foreign");
    await rename(file("staged"), file("repo"));

    expect(text((await storage.get("repo"))?.bytes)).toBe("foreign");
    const stale = await storage.put("repo", bytes("lost"), {
      objectKind: "repo",
      condition: { ifMatch: before },
    });
    expect(stale.outcome).toBe("condition-failed");
    expect(await swap("repo", "ours on top")).toBe("written");
    expect(await swap("repo", "and again")).toBe("written");
    expect(await readFile(file("repo"), "utf8")).toBe("and again");
  });

  test("an object made by the official engine is updated without preparation", async () => {
    await mkdir(file());
    await writeFile(file("repo"), "foreign");

    expect(await swap("repo", "ours")).toBe("written");
    expect(await readFile(file("repo"), "utf8")).toBe("ours");
  });

  test("a copied or restored repository works, its old tokens notwithstanding", async () => {
    await swap("repo", "one");
    await swap("repo", "two");
    await storage.copy("repo", "overwritten/repo.1", { objectKind: "backup" });
    await swap("repo", "three");
    await cp(file(), join(folder, "copy"), { recursive: true });
    const copied = localFilesystemStorage(join(folder, "copy"));
    await rename(file("overwritten", "repo.1"), file("repo")); // Back to "two".

    expect(await swap("repo", "four", copied)).toBe("written");
    expect(text((await storage.get("repo"))?.bytes)).toBe("two");
    expect(await swap("repo", "five")).toBe("written");
    expect(await readFile(file("repo"), "utf8")).toBe("five");
  });

  test("without its tokens a repository starts them anew", async () => {
    await swap("repo", "one");
    await swap("repo", "two");
    await rm(file(".icefloe"), { recursive: true });

    expect(await swap("repo", "three", localFilesystemStorage(file()))).toBe("written");
    expect(await readFile(file("repo"), "utf8")).toBe("three");
  });
});

describe("what a dead writer left decided", () => {
  /** Leaves the state of a writer that died after its token was renamed, before it published. */
  async function dieBeforePublishing(): Promise<void> {
    await swap("repo", "one");
    await swap("repo", "two");
    const tokens = file(".icefloe", "tokens", "repo#");
    await rename(file("repo"), join(tokens, "next"));
    await writeFile(file("repo"), "one");
    const current = (await readdir(tokens)).find((name) => name.startsWith("current.")) ?? "";
    await rename(join(tokens, "next"), join(tokens, current.replace("current.", "next.")));
  }

  test.each<[string, (target: Storage) => Promise<unknown>]>([
    ["get", (target) => target.get("repo")],
    ["head", (target) => target.head("repo")],
    ["getIfChanged", (target) => target.getIfChanged("repo", { etag: "none" })],
    ["a lost update", (target) => swap("repo", "three", target)],
  ])("is published by %s", async (_, touch) => {
    await dieBeforePublishing();

    await touch(localFilesystemStorage(file()));

    expect(["two", "three"]).toContain(await readFile(file("repo"), "utf8"));
  });

  test("is seen, though not published, by a reader that may not write", async () => {
    await dieBeforePublishing();
    const { nodeFileSystem } = await import("../../src/storage/local/node-file-system.ts");
    const { systemRuntime } = await import("../../src/base/runtime.ts");
    const platform = nodeFileSystem(systemRuntime());
    const readable = Object.assign(platform, {
      rename: () => Promise.reject(Object.assign(new Error("EROFS"), { code: "EROFS" })),
    });
    const reader = localFilesystemStorage(file(), { fileSystem: readable });

    expect(text((await reader.get("repo"))?.bytes)).toBe("two");
    expect(await readFile(file("repo"), "utf8")).toBe("one");
  });

  test("a token that is missing is refused rather than guessed", async () => {
    await dieBeforePublishing();
    const tokens = file(".icefloe", "tokens", "repo#");
    for (const name of await readdir(tokens))
      if (name.startsWith("current.")) await rm(join(tokens, name));

    expect(await kindOf(localFilesystemStorage(file()).get("repo"))).toBe("io");
  });
});

test("a folder that can't be made is refused, not tried for ever", async () => {
  const parent = await mkdtemp(join(tmpdir(), "icefloe-nowhere-"));
  const dangling = join(parent, "dangling");
  await symlink(join(parent, "nowhere"), dangling);
  const storage = localFilesystemStorage(dangling);

  const put = storage.put("a", Uint8Array.of(1), { objectKind: "other" });

  await expect(put).rejects.toMatchObject({ kind: "io" });
  await rm(parent, { recursive: true });
});

test("a URL that is no file: is refused, not made a folder", () => {
  expect(() => localFilesystemStorage("s3://bucket/x")).toThrow(
    expect.objectContaining({ kind: "cannot-parse-url" }),
  );
});
