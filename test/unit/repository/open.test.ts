import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Repository } from "../../../src/repository/repository.ts";
import { localFilesystemStorage } from "../../../src/storage/local/index.ts";
import { memoryStorage } from "../../../src/storage/memory.ts";
import { recordingStorage } from "../assets/recording-storage.ts";
import { commitGroup, newRepository, rejection } from "./repositories.ts";

const putText = async (storage: ReturnType<typeof memoryStorage>, path: string, text: string) =>
  storage.put(path, new TextEncoder().encode(text), { objectKind: "other" });

describe("open", () => {
  it("costs one GET", async () => {
    const storage = recordingStorage((await newRepository()).storage);

    await Repository.open(storage);

    expect(storage.requests).toEqual(["get repo"]);
  });

  it("refuses an empty place", async () => {
    expect((await rejection(Repository.open(memoryStorage()))).kind).toBe("repository-not-found");
  });

  it("refuses a place that holds something else", async () => {
    const storage = memoryStorage();
    await putText(storage, "notes.txt", "hello");

    expect(await rejection(Repository.open(storage))).toMatchObject({
      kind: "invalid-file-format",
      details: { found: "notes.txt" },
    });
  });

  it("finds no repository where a create was interrupted", async () => {
    const { storage } = await newRepository();
    await storage.delete(["repo"]);

    expect((await rejection(Repository.open(storage))).kind).toBe("repository-not-found");
  });

  it("refuses a `repo` that is no Icechunk file, or damaged, whatever else is there", async () => {
    const { storage } = await newRepository();
    const { bytes } = (await storage.get("repo")) as { bytes: Uint8Array };
    const damaged = [new Uint8Array(), new TextEncoder().encode("hello"), bytes.slice(0, 60)];
    for (const body of damaged) {
      await storage.put("repo", body, { objectKind: "repo" });
      await putText(storage, "refs/branch.main/ref.json", "{}");

      expect(await rejection(Repository.open(storage))).toMatchObject({ category: "format" });
      expect(await rejection(Repository.exists(storage))).toMatchObject({ category: "format" });
    }
  });

  it("says so where a repository of a newer version is", async () => {
    const { storage } = await newRepository();
    const { bytes } = (await storage.get("repo")) as { bytes: Uint8Array };
    bytes[36] = 3;
    await storage.put("repo", bytes, { objectKind: "repo" });

    expect((await rejection(Repository.open(storage))).kind).toBe("unsupported-spec-version");
  });

  it("says so where a repository of spec 1 is, which comes later", async () => {
    const storage = memoryStorage();
    await putText(storage, "refs/branch.main/ref.json", '{"snapshot":"1CECHNKREP0F1RSTCMT0"}');

    expect((await rejection(Repository.open(storage))).kind).toBe("unimplemented");
    expect((await rejection(Repository.openOrCreate(storage))).kind).toBe("unimplemented");
    expect(await Repository.exists(storage)).toBe(true);
    expect(await Repository.fetchSpecVersion(storage)).toBe(1);
    expect((await rejection(Repository.create(storage))).kind).toBe("parent-directory-not-clean");
  });

  it("does not take a failing storage for an empty one", async () => {
    const storage = recordingStorage((await newRepository()).storage);
    storage.before = () => {
      throw new Error("the network is down");
    };

    await expect(Repository.open(storage)).rejects.toThrow("the network is down");
    await expect(Repository.exists(storage)).rejects.toThrow("the network is down");
    await expect(Repository.openOrCreate(storage)).rejects.toThrow("the network is down");
  });

  it("reads on a storage that can only read", async () => {
    const repository = await newRepository();
    await commitGroup(repository, "a");
    const storage = recordingStorage(repository.storage, {
      write: false,
      conditionalUpdate: false,
      conditionalCreate: false,
    });

    const opened = await Repository.open(storage);

    expect(await opened.ancestry("main").toArray()).toHaveLength(2);
    const session = await opened.readonlySession("main");
    expect(await session.store.has("a/zarr.json")).toBe(true);
    expect((await rejection(opened.writableSession("main"))).kind).toBe("read-only-storage");
    expect((await rejection(opened.createTag("v", "1CECHNKREP0F1RSTCMT0"))).kind).toBe(
      "read-only-storage",
    );
  });
});

describe("exists and fetchSpecVersion", () => {
  it("tell whether a repository is there, and create nothing", async () => {
    const storage = memoryStorage();
    expect(await Repository.exists(storage)).toBe(false);
    expect(await Repository.fetchSpecVersion(storage)).toBeUndefined();

    await Repository.create(storage);

    expect(await Repository.exists(storage)).toBe(true);
    expect(await Repository.fetchSpecVersion(storage)).toBe(2);
  });
});

describe("openOrCreate", () => {
  it("creates once and opens from then on", async () => {
    const storage = memoryStorage();
    const first = await Repository.openOrCreate(storage);
    const id = await commitGroup(first, "a");

    const second = await Repository.openOrCreate(storage);

    expect(await second.lookupBranch("main")).toBe(id);
  });

  it("gives every one of several racing callers the same repository", async () => {
    const storage = memoryStorage();

    const repositories = await Promise.all(
      Array.from({ length: 6 }, () => Repository.openOrCreate(storage)),
    );
    await (repositories[0] as Repository).createBranch("dev", "1CECHNKREP0F1RSTCMT0");

    for (const repository of repositories) {
      expect(await repository.listBranches()).toEqual(["dev", "main"]);
    }
  });

  it("refuses a place that holds something else", async () => {
    const storage = memoryStorage();
    await putText(storage, "notes.txt", "hello");

    expect((await rejection(Repository.openOrCreate(storage))).kind).toBe(
      "parent-directory-not-clean",
    );
  });
});

describe("on a local folder", () => {
  it("is opened in another object, and a missing folder is no repository and is not made", async () => {
    const root = await mkdtemp(join(tmpdir(), "icefloe-repository-"));
    try {
      const folder = join(root, "data");
      expect(await Repository.exists(localFilesystemStorage(folder))).toBe(false);
      expect((await rejection(Repository.open(localFilesystemStorage(folder)))).kind).toBe(
        "repository-not-found",
      );
      const repository = await Repository.create(localFilesystemStorage(folder));
      const id = await commitGroup(repository, "a");
      await repository.createTag("v1", id);

      const opened = await Repository.open(localFilesystemStorage(folder));

      expect(await opened.lookupTag("v1")).toBe(id);
      expect(await (await opened.readonlySession({ tag: "v1" })).store.has("a/zarr.json")).toBe(
        true,
      );
    } finally {
      await rm(root, { recursive: true });
    }
  });

  it("loses no update of two objects that race", async () => {
    const root = await mkdtemp(join(tmpdir(), "icefloe-repository-"));
    try {
      await Repository.create(localFilesystemStorage(root));
      const [a, b] = await Promise.all(
        [1, 2].map(() => Repository.open(localFilesystemStorage(root))),
      );
      const names = Array.from({ length: 12 }, (_, at) => `v${String(at).padStart(2, "0")}`);

      await Promise.all(
        names.map((name, at) =>
          ((at % 2 === 0 ? a : b) as Repository).createTag(name, "1CECHNKREP0F1RSTCMT0"),
        ),
      );

      expect(await (a as Repository).listTags()).toEqual(names);
    } finally {
      await rm(root, { recursive: true });
    }
  });
});
