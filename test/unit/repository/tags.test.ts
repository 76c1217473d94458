import { describe, expect, it } from "vitest";
import { wholeOpsLog } from "../assets/repo-fixture.ts";
import { ROOT_ID } from "../assets/repo-values.ts";
import { commitGroup, newRepository, rejection, tamper } from "./repositories.ts";

describe("tags", () => {
  it("name a snapshot for good, and may be called like a branch", async () => {
    const repository = await newRepository();
    const id = await commitGroup(repository, "a");

    await repository.createTag("v1", id);
    await repository.createTag("main", ROOT_ID);
    await commitGroup(repository, "b");

    expect(await repository.listTags()).toEqual(["main", "v1"]);
    expect(await repository.lookupTag("v1")).toBe(id);
    expect(await repository.lookupTag("main")).toBe(ROOT_ID);
  });

  it("are never moved", async () => {
    const repository = await newRepository();
    const id = await commitGroup(repository, "a");
    await repository.createTag("v1", id);

    expect(await rejection(repository.createTag("v1", ROOT_ID))).toMatchObject({
      kind: "tag-already-exists",
      details: { tag: "v1", snapshotId: id },
    });
    expect(await repository.lookupTag("v1")).toBe(id);
  });

  it("burn their name when deleted", async () => {
    const repository = await newRepository();
    await repository.createTag("v1", ROOT_ID);

    await repository.deleteTag("v1");

    expect(await repository.listTags()).toEqual([]);
    expect((await rejection(repository.lookupTag("v1"))).kind).toBe("tag-not-found");
    expect((await rejection(repository.deleteTag("v1"))).kind).toBe("tag-not-found");
    expect((await rejection(repository.createTag("v1", ROOT_ID))).kind).toBe(
      "tag-previously-deleted",
    );
    expect((await wholeOpsLog(repository.storage)).map(({ update }) => update)).toEqual([
      { kind: "tag-deleted", name: "v1", previousSnapshotId: ROOT_ID },
      { kind: "tag-created", name: "v1" },
      { kind: "repo-initialized" },
    ]);
  });

  it("refuse unknown and malformed snapshots, and empty names", async () => {
    const repository = await newRepository();

    expect((await rejection(repository.createTag("v1", "ZZZZZZZZZZZZZZZZZZZG"))).kind).toBe(
      "snapshot-not-found",
    );
    expect((await rejection(repository.createTag("v1", "v0"))).kind).toBe("invalid-snapshot-id");
    expect((await rejection(repository.createTag("", ROOT_ID))).kind).toBe("invalid-ref-name");
    expect((await rejection(repository.lookupTag(""))).kind).toBe("invalid-ref-name");
    expect((await rejection(repository.lookupTag("v9"))).kind).toBe("tag-not-found");
  });

  it("honour the flags that switch making and deleting them off", async () => {
    const repository = await newRepository();
    await repository.createTag("v1", ROOT_ID);
    await tamper(repository.storage, (repo) => ({ ...repo, disabledFeatureFlags: [4, 5] }));

    expect(await rejection(repository.createTag("v2", ROOT_ID))).toMatchObject({
      kind: "feature-flag-disabled",
      details: { flag: "create_tag" },
    });
    // Before it is looked whether the tag exists.
    expect((await rejection(repository.deleteTag("v9"))).kind).toBe("feature-flag-disabled");
    // After it is looked whether the snapshot exists.
    expect((await rejection(repository.createTag("v2", "ZZZZZZZZZZZZZZZZZZZG"))).kind).toBe(
      "snapshot-not-found",
    );
    expect(await repository.listTags()).toEqual(["v1"]);
  });
});
