/** Steps on the repository itself: branches, tags, sessions, and reading old versions. */
import { expect } from "vitest";
import { addState } from "./fork-steps.ts";
import { contentOf, outcomeOf } from "./real.ts";
import { BRANCHES, pick, type Run, TAGS, type World } from "./step.ts";

const snapshotIds = ({ model }: World): string[] => [...model.snapshots.keys()];

/** By name. */
export const REFS: Record<string, Run> = {
  async "open-session"(world, real, { which }) {
    const branch = which % 10 < 7 ? "main" : (pick(BRANCHES, which) as string);
    if (!world.model.branches.has(branch)) {
      const found = await outcomeOf(real.repository.writableSession(branch));
      expect(found.kind).toBe("branch-not-found");
      return found.kind;
    }
    const session = await real.repository.writableSession(branch);
    addState(world, real, world.model.open(branch), session);
    return "ok";
  },
  async "create-branch"(world, real, { which, path }) {
    const name = pick(BRANCHES, which) as string;
    const id = pick(snapshotIds(world), path) as string;
    const { kind } = await outcomeOf(real.repository.createBranch(name, id));
    expect(kind).toBe(world.model.branches.has(name) ? "branch-already-exists" : "ok");
    if (kind === "ok") world.model.branches.set(name, id);
    return kind;
  },
  async "delete-branch"({ model }, real, { which }) {
    const name = pick(BRANCHES, which) as string;
    const { kind } = await outcomeOf(real.repository.deleteBranch(name));
    const expected = model.branches.has(name) ? "ok" : "branch-not-found";
    expect(kind).toBe(name === "main" ? "cannot-delete-main" : expected);
    if (kind === "ok") model.branches.delete(name);
    return kind;
  },
  async "reset-branch"(world, real, { which, path, at }) {
    const { model } = world;
    const name = pick(BRANCHES, which) as string;
    const id = pick(snapshotIds(world), path) as string;
    const from = at[1] === 0 ? undefined : (pick(snapshotIds(world), path + at[0]) as string);
    const { kind } = await outcomeOf(real.repository.resetBranch(name, id, { from }));
    const tip = model.branches.get(name);
    const isMoved = from !== undefined && from !== tip;
    const expected = tip === undefined ? "branch-not-found" : "branch-update-conflict";
    expect(kind).toBe(tip === undefined || isMoved ? expected : "ok");
    if (kind === "ok") model.branches.set(name, id);
    return kind;
  },
  async "create-tag"(world, real, { which, path }) {
    const { model } = world;
    const name = pick(TAGS, which) as string;
    const id = pick(snapshotIds(world), path) as string;
    const { kind } = await outcomeOf(real.repository.createTag(name, id));
    const isGone = model.deletedTags.has(name) ? "tag-previously-deleted" : "ok";
    expect(kind).toBe(model.tags.has(name) ? "tag-already-exists" : isGone);
    if (kind === "ok") model.tags.set(name, id);
    return kind;
  },
  async "delete-tag"({ model }, real, { which }) {
    const name = pick(TAGS, which) as string;
    const { kind } = await outcomeOf(real.repository.deleteTag(name));
    expect(kind).toBe(model.tags.has(name) ? "ok" : "tag-not-found");
    if (kind !== "ok") return kind;
    model.tags.delete(name);
    model.deletedTags.add(name);
    return kind;
  },
  async reopen(_, real) {
    await real.reopen();
    return "ok";
  },
  async "read-version"(world, real, { path }) {
    const id = pick(snapshotIds(world), path) as string;
    const session = await real.repository.readonlySession({ snapshotId: id });
    expect(await contentOf(session)).toEqual(world.model.contentOfSnapshot(id));
    return "ok";
  },
};
