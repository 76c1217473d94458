import { describe, expect, it } from "vitest";
import { Repository } from "../../../src/repository/repository.ts";
import { recordingStorage } from "../assets/recording-storage.ts";
import { wholeOpsLog } from "../assets/repo-fixture.ts";
import { ROOT_ID } from "../assets/repo-values.ts";
import { commitGroup, newRepository, rejection, tamper } from "./repositories.ts";

const UNKNOWN_ID = "ZZZZZZZZZZZZZZZZZZZG";

describe("branches", () => {
  it("are made at any snapshot, listed in order, and looked up", async () => {
    const repository = await newRepository();
    const id = await commitGroup(repository, "a");

    for (const name of ["z", "émile", "feature/x", "a b"]) await repository.createBranch(name, id);

    expect(await repository.listBranches()).toEqual(["a b", "feature/x", "main", "z", "émile"]);
    expect(await repository.lookupBranch("feature/x")).toBe(id);
  });

  it("take snapshot ids in any spelling of base32", async () => {
    const repository = await newRepository();

    await repository.createBranch("dev", ROOT_ID.toLowerCase());

    expect(await repository.lookupBranch("dev")).toBe(ROOT_ID);
  });

  it("refuse unknown and malformed snapshots, and names that are taken or empty", async () => {
    const repository = await newRepository();
    const create = (name: string, id: string) => rejection(repository.createBranch(name, id));

    expect((await create("dev", UNKNOWN_ID)).kind).toBe("snapshot-not-found");
    expect((await create("dev", "no id")).kind).toBe("invalid-snapshot-id");
    expect(await create("main", ROOT_ID)).toMatchObject({
      kind: "branch-already-exists",
      details: { branch: "main", snapshotId: ROOT_ID },
    });
    for (const name of ["", "\ud800", 7 as never, undefined as never]) {
      expect((await create(name, ROOT_ID)).kind).toBe("invalid-ref-name");
    }
    expect(await repository.listBranches()).toEqual(["main"]);
  });

  it("are not found under another name", async () => {
    const repository = await newRepository();

    expect(await rejection(repository.lookupBranch("dev"))).toMatchObject({
      kind: "branch-not-found",
      details: { branch: "dev" },
    });
    expect((await rejection(repository.lookupBranch(""))).kind).toBe("invalid-ref-name");
    expect((await rejection(repository.deleteBranch("dev"))).kind).toBe("branch-not-found");
    expect((await rejection(repository.resetBranch("dev", ROOT_ID))).kind).toBe("branch-not-found");
  });

  it("with an empty name, made by others, can be read and deleted", async () => {
    const repository = await newRepository();
    await tamper(repository.storage, (repo) => ({
      ...repo,
      branches: new Map(repo.branches).set("", ROOT_ID),
    }));

    expect(await repository.lookupBranch("")).toBe(ROOT_ID);
    await repository.deleteBranch("");

    expect(await repository.listBranches()).toEqual(["main"]);
  });

  it("are reset to any snapshot, also an unrelated or the present one", async () => {
    const repository = await newRepository();
    const id = await commitGroup(repository, "a");
    await repository.createBranch("dev", ROOT_ID);
    const other = await commitGroup(repository, "b", "dev");

    await repository.resetBranch("main", other);
    await repository.resetBranch("main", other);
    await repository.resetBranch("main", ROOT_ID, { from: other });

    expect(await repository.lookupBranch("main")).toBe(ROOT_ID);
    expect((await repository.lookupSnapshot(id)).message).toBe("add a");
  });

  it("are not reset if the tip is not the one expected", async () => {
    const repository = await newRepository();
    const id = await commitGroup(repository, "a");

    expect(
      await rejection(repository.resetBranch("main", ROOT_ID, { from: ROOT_ID })),
    ).toMatchObject({
      kind: "branch-update-conflict",
      details: { expectedParent: ROOT_ID, actualParent: id },
    });
    expect((await rejection(repository.resetBranch("main", UNKNOWN_ID))).kind).toBe(
      "snapshot-not-found",
    );
    expect(await repository.lookupBranch("main")).toBe(id);
  });

  it("are deleted with their snapshots kept, main never", async () => {
    const repository = await newRepository();
    await repository.createBranch("dev", ROOT_ID);
    const id = await commitGroup(repository, "a", "dev");

    await repository.deleteBranch("dev");

    expect(await repository.listBranches()).toEqual(["main"]);
    expect((await repository.lookupSnapshot(id)).id).toBe(id);
    expect((await rejection(repository.deleteBranch("main"))).kind).toBe("cannot-delete-main");
  });

  it("leave their history in the ops log", async () => {
    const repository = await newRepository();
    const id = await commitGroup(repository, "a");
    await repository.createBranch("dev", id);
    await repository.resetBranch("dev", ROOT_ID);
    await repository.deleteBranch("dev");

    expect((await wholeOpsLog(repository.storage)).map(({ update }) => update)).toEqual([
      { kind: "branch-deleted", name: "dev", previousSnapshotId: ROOT_ID },
      { kind: "branch-reset", name: "dev", previousSnapshotId: id },
      { kind: "branch-created", name: "dev" },
      { kind: "new-commit", branch: "main", newSnapshotId: id },
      { kind: "repo-initialized" },
    ]);
  });

  it("of one process are made together: twelve at once cost one put and none is lost", async () => {
    const storage = recordingStorage((await newRepository()).storage);
    const repository = await Repository.open(storage);
    const names = Array.from({ length: 12 }, (_, at) => `dev${at}`);
    storage.requests.length = 0;

    await Promise.all(names.map((name) => repository.createBranch(name, ROOT_ID)));

    expect(storage.requests).toEqual(["copy repo", "put repo"]);
    expect(await repository.listBranches()).toEqual([...names, "main"].sort());
  });

  it("refuse unknown options and stop at an aborted signal", async () => {
    const repository = await newRepository();
    const signal = AbortSignal.abort("no");

    const wrong = { from: ROOT_ID } as never;
    expect((await rejection(repository.createBranch("dev", ROOT_ID, wrong))).kind).toBe(
      "invalid-option",
    );
    await expect(repository.createBranch("dev", ROOT_ID, { signal })).rejects.toBe("no");
    await expect(repository.listBranches({ signal })).rejects.toBe("no");
    expect(await repository.listBranches()).toEqual(["main"]);
  });
});
