/** One random history: sets the world up, runs the steps, and looks at every version at the end. */
import fc from "fast-check";
import { expect } from "vitest";
import { commit, finish, isRefusal } from "./commits.ts";
import { setChunk, setMetadata } from "./edits.ts";
import { Model, type ModelState } from "./model.ts";
import { arrayMetadata, bytesOf, contentOf, groupMetadata, Real } from "./real.ts";
import type { Step, World } from "./step.ts";
import { steps } from "./steps.ts";

const STEPS_MIN = 50;
const STEPS_MAX = 90;

/** How a history is made: what fast-check shrinks. */
export const histories: fc.Arbitrary<{
  seed: number;
  splitChunks: number | undefined;
  commands: Step[];
}> = fc.record({
  seed: fc.nat(),
  splitChunks: fc.constantFrom(undefined, 1, 2),
  // An array rather than `fc.commands`, which prefers histories of a few steps.
  commands: fc.array(steps, { minLength: STEPS_MIN, maxLength: STEPS_MAX, size: "max" }),
});

/** A world with a root group, groups and arrays on branch main, and one session on it. */
async function setUp(
  seed: number,
  splitChunks: number | undefined,
  counts: Map<string, number>,
): Promise<{ model: World; real: Real }> {
  const real = await Real.create(seed, splitChunks);
  const model = new Model();
  const first = await real.repository.lookupBranch("main");
  const log = { made: new Set(), deleted: new Set(), updated: new Set(), chunks: new Map() };
  const empty = { nodes: new Map(), chunks: new Map() };
  model.snapshots.set(first, { parent: undefined, ...empty, log: log as never });
  model.branches.set("main", first);
  const state = model.open("main");
  const session = await real.repository.writableSession("main");
  const nodes = {
    "/": groupMetadata(0),
    "/a": arrayMetadata([6], 0, 0),
    "/g": groupMetadata(0),
    "/g/x": arrayMetadata([4, 3], 0, 0),
  };
  for (const [path, metadata] of Object.entries(nodes)) {
    setMetadata(model, state, path, metadata);
    const key = path === "/" ? "zarr.json" : `${path.slice(1)}/zarr.json`;
    await session.store.set(key, bytesOf(metadata.text));
  }
  setChunk(model, state, { path: "/a", at: [0], chunk: { text: "first" } });
  await session.store.set("a/c/0", bytesOf("first"));
  const snapshot = commit(model, state);
  if (isRefusal(snapshot)) throw new Error(snapshot.refused);
  const id = await session.commit("start");
  model.snapshots.set(id, snapshot);
  model.branches.set("main", id);
  finish(state, id);
  const world: World = { model, states: [], bytes: [], counts, trace: [] };
  for (let i = 0; i < 2; i++) {
    world.states.push(model.open("main") as ModelState);
    real.states.push(await real.repository.writableSession("main"));
  }
  return { model: world, real };
}

/** Runs a history; gives the model and the real repository as they are at its end. */
export async function runHistory(
  { seed, splitChunks, commands }: typeof histories extends fc.Arbitrary<infer T> ? T : never,
  counts: Map<string, number>,
): Promise<{ model: Model; real: Real }> {
  const world = await setUp(seed, splitChunks, counts);
  try {
    await fc.asyncModelRun(() => world, commands);
  } catch (cause) {
    throw new Error(`the last of these steps failed:\n${world.model.trace.join("\n")}`, { cause });
  }
  const { real } = world;
  const { model } = world.model;
  await expectHistory(model, real);
  return { model, real };
}

/** Every version, branch and tag, opened anew. */
async function expectHistory(model: Model, real: Real): Promise<void> {
  await real.reopen();
  const { repository } = real;
  expect(await repository.listBranches()).toEqual([...model.branches.keys()].sort());
  expect(await repository.listTags()).toEqual([...model.tags.keys()].sort());
  for (const [name, id] of model.branches) {
    const ids = (await repository.ancestry(name).toArray()).map((snapshot) => snapshot.id);
    expect(ids).toEqual(model.ancestry(id));
  }
  for (const [name, id] of model.tags) expect(await repository.lookupTag(name)).toBe(id);
  for (const id of model.snapshots.keys()) {
    const session = await repository.readonlySession({ snapshotId: id });
    expect(await contentOf(session)).toEqual(model.contentOfSnapshot(id));
  }
}
