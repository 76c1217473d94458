import { describe, expect, it } from "vitest";
import type { RepoState } from "../../../src/assets/repo-state.ts";
import { makeError } from "../../../src/base/errors.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { type RecordingStorage, recordingStorage } from "./recording-storage.ts";
import { repoStateOn, storageWithRepo, tagMain, wholeOpsLog } from "./repo-fixture.ts";

interface Scene {
  readonly inner: Storage;
  readonly storage: RecordingStorage;
  readonly ours: RepoState;
  readonly rival: RepoState;
}

/** Our writer behind a storage that can fail, and a rival on the bare one. */
async function scene(entriesPerFile = 1000): Promise<Scene> {
  const inner = await storageWithRepo();
  const storage = recordingStorage(inner, { userMetadata: false });
  const ours = repoStateOn(storage, { entriesPerFile });
  return { inner, storage, ours, rival: repoStateOn(inner, { entriesPerFile }) };
}

const lostReply = (): Error => makeError("unknown-outcome", "the reply was lost");

/** Runs `act` at the first `count` puts of `repo`, at the given moment. */
function atPut(
  storage: RecordingStorage,
  moment: "before" | "after",
  act: () => Promise<void> | void,
  count = 1,
): void {
  let left = count;
  storage[moment] = async (operation, path) => {
    if (operation === "put" && path === "repo" && left-- > 0) await act();
  };
}

const tagsCreated = async (storage: Storage): Promise<string[]> =>
  (await wholeOpsLog(storage)).flatMap(({ update }) => ("name" in update ? [update.name] : []));

describe("a put whose reply was lost", () => {
  it("is settled as ours by reading back", async () => {
    const { inner, storage, ours } = await scene();
    atPut(storage, "after", () => {
      throw lostReply();
    });

    const repo = await ours.update(tagMain("v1"));

    expect(repo.tags.has("v1")).toBe(true);
    expect(await tagsCreated(inner)).toEqual(["v1"]);
    expect(storage.requests.filter((request) => request === "put repo")).toHaveLength(1);
  });

  it("is settled as ours when others have committed on top", async () => {
    const { inner, storage, ours, rival } = await scene();
    atPut(storage, "after", async () => {
      await rival.update(tagMain("on top"));
      await rival.update(tagMain("higher"));
      throw lostReply();
    });

    const repo = await ours.update(tagMain("v1"));

    expect([...repo.tags.keys()].sort()).toEqual(["higher", "on top", "v1"]);
    expect(await tagsCreated(inner)).toEqual(["higher", "on top", "v1"]);
  });

  it("is settled as ours when the log has rolled over several pages since", async () => {
    const { inner, storage, ours, rival } = await scene(2);
    atPut(storage, "after", async () => {
      for (let at = 0; at < 9; at++) await rival.update(tagMain(`rival ${at}`));
      throw lostReply();
    });

    await ours.update(tagMain("v1"));

    expect((await tagsCreated(inner)).filter((name) => name === "v1")).toEqual(["v1"]);
  });

  it("is settled as ours by `landed` when the log cannot tell", async () => {
    const { inner, storage, ours, rival } = await scene(1);
    atPut(storage, "after", async () => {
      for (let at = 0; at < 4; at++) await rival.update(tagMain(`rival ${at}`));
      const backups: string[] = [];
      for await (const { path } of inner.list("overwritten/")) backups.push(path);
      await inner.delete(backups);
      throw lostReply();
    });

    const repo = await ours.update(tagMain("v1"), { landed: (repo) => repo.tags.has("v1") });

    expect(repo.tags.has("rival 3")).toBe(true);
  });

  it("is an unknown outcome when neither the log nor `landed` can tell", async () => {
    const { inner, storage, ours, rival } = await scene(1);
    atPut(storage, "after", async () => {
      for (let at = 0; at < 4; at++) await rival.update(tagMain(`rival ${at}`));
      const backups: string[] = [];
      for await (const { path } of inner.list("overwritten/")) backups.push(path);
      await inner.delete(backups);
      throw lostReply();
    });

    await expect(ours.update(tagMain("v1"))).rejects.toMatchObject({
      kind: "unknown-outcome",
      category: "unknown-outcome",
    });
  });

  it("is sent again, byte for byte, while the old state still stands", async () => {
    const { inner, storage, ours } = await scene();
    atPut(
      storage,
      "before",
      () => {
        throw lostReply();
      },
      2,
    );

    await ours.update(tagMain("v1"));

    expect(await tagsCreated(inner)).toEqual(["v1"]);
    expect(storage.requests.filter((request) => request === "put repo")).toHaveLength(3);
    expect(storage.requests.filter((request) => request === "copy repo")).toHaveLength(1);
  });

  it("takes effect once, though the first send arrives after the second", async () => {
    const { inner, storage, ours } = await scene();
    const put = inner.put.bind(inner);
    const delayed: (() => Promise<unknown>)[] = [];
    storage.put = async (path, body, options) => {
      if (delayed.length > 0) return put(path, body, options);
      delayed.push(() => put(path, body, options));
      throw lostReply();
    };

    await ours.update(tagMain("v1"));
    const late = await delayed[0]?.();

    expect(late).toEqual({ outcome: "condition-failed" });
    expect(await tagsCreated(inner)).toEqual(["v1"]);
  });

  it("is tried again on the newer state when another writer was faster", async () => {
    const { inner, storage, ours, rival } = await scene();
    atPut(storage, "before", async () => {
      await rival.update(tagMain("rival"));
      throw lostReply();
    });

    await ours.update(tagMain("v1"));

    expect(await tagsCreated(inner)).toEqual(["v1", "rival"]);
  });

  it("is an unknown outcome when reading back keeps failing", async () => {
    const { storage, ours } = await scene();
    await ours.read();
    let isDown = false;
    storage.before = (operation, path) => {
      if (isDown) throw makeError("object-store", "the network is down");
      if (operation !== "put" || path !== "repo") return;
      isDown = true;
      throw lostReply();
    };

    await expect(ours.update(tagMain("v1"))).rejects.toMatchObject({
      kind: "unknown-outcome",
      cause: { kind: "unknown-outcome" },
    });
  });

  it("is an unknown outcome when every send is lost", async () => {
    const { inner, storage, ours } = await scene();
    atPut(
      storage,
      "before",
      () => {
        throw lostReply();
      },
      Number.POSITIVE_INFINITY,
    );

    await expect(ours.update(tagMain("v1"))).rejects.toMatchObject({ kind: "unknown-outcome" });
    expect(await tagsCreated(inner)).toEqual([]);
  });
});

describe("a put that fails otherwise", () => {
  it("is settled as ours where a hidden retry reports a failed condition", async () => {
    const { inner, storage, ours } = await scene();
    const put = inner.put.bind(inner);
    storage.put = async (...request) => {
      await put(...request);
      return put(...request);
    };

    await ours.update(tagMain("v1"));

    expect(await tagsCreated(inner)).toEqual(["v1"]);
  });

  it("rejects with the storage's own error where that is certain", async () => {
    const { inner, storage, ours } = await scene();
    atPut(storage, "before", () => {
      throw makeError("io", "the disk is full");
    });

    await expect(ours.update(tagMain("v1"))).rejects.toMatchObject({ kind: "io" });
    await ours.update(tagMain("v2"));

    expect(await tagsCreated(inner)).toEqual(["v2"]);
  });

  it("does not repeat a read that the storage has repeated", async () => {
    const { storage, ours } = await scene();
    atPut(storage, "after", () => {
      throw lostReply();
    });
    const { before } = storage;
    storage.before = async (operation, path) => {
      await before(operation, path);
      if (operation !== "getIfChanged") return;
      const details = { retryable: true, attempts: 5 };
      throw makeError("object-store", "the server answered 503", { details });
    };

    await expect(ours.update(tagMain("v1"))).rejects.toMatchObject({ kind: "unknown-outcome" });

    expect(storage.requests.filter((request) => request === "getIfChanged repo")).toHaveLength(1);
  });

  it("takes errors of foreign code for lost replies", async () => {
    const { inner, storage, ours } = await scene();
    atPut(storage, "after", () => {
      throw new TypeError("fetch failed");
    });

    await ours.update(tagMain("v1"));

    expect(await tagsCreated(inner)).toEqual(["v1"]);
  });

  it("tries again under another name where the fate of the backup is not known", async () => {
    const { inner, storage, ours } = await scene();
    let losses = 0;
    storage.after = (operation) => {
      if (operation === "copy" && losses++ === 0) throw lostReply();
    };

    await ours.update(tagMain("v1"));

    expect(await tagsCreated(inner)).toEqual(["v1"]);
  });

  it("keeps the members of a group that were refused for what did not come about", async () => {
    const { inner, storage, ours } = await scene();
    atPut(storage, "before", () => {
      throw makeError("io", "the disk is full");
    });

    const [first, second] = await Promise.allSettled([
      ours.update(tagMain("v1")),
      ours.update((repo) => {
        if (repo.tags.has("v1")) throw makeError("tag-already-exists", "taken");
        return tagMain("v1")(repo);
      }),
    ]);

    expect(first).toMatchObject({ status: "rejected", reason: { kind: "io" } });
    expect(second.status).toBe("fulfilled");
    expect(await tagsCreated(inner)).toEqual(["v1"]);
  });
});
