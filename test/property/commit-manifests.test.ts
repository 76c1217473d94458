/**
 * Random arrays, writes, deletions, resizes, replacements and splitting rules over several commits
 * against a plain map: every chunk reads right, manifests cover their arrays without overlap, and
 * snapshots and logs say exactly what is so.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { AssetStore } from "../../src/assets/asset-store.ts";
import type { ManifestRef } from "../../src/format/snapshot/array-data.ts";
import { memoryStorage, Repository, type Session } from "../../src/index.ts";
import { mustGetState } from "../../src/session/state/access.ts";
import { runsOf } from "../runs.ts";
import { array, GROUP, text } from "../unit/session/fixture.ts";

const RUNS = runsOf("COMMIT_MANIFESTS_RUNS", 40, 60);
const PATHS = ["/", "/a", "/g/b"];
const RANK_MAX = 3;

const shapeOf = fc.array(fc.nat(6), { maxLength: RANK_MAX });
const action = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("set" as const),
      at: fc.array(fc.nat(5), { minLength: RANK_MAX, maxLength: RANK_MAX }),
      isLarge: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("delete" as const),
      at: fc.array(fc.nat(5), { minLength: RANK_MAX, maxLength: RANK_MAX }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("resize" as const),
      lengths: fc.array(fc.nat(6), { minLength: RANK_MAX, maxLength: RANK_MAX }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("replace" as const), shape: shapeOf }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear" as const), leading: fc.nat(5) }) },
);
const step = fc.record({ path: fc.constantFrom(...PATHS), action });
const round = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 10 }),
  // Chunks per manifest: of every dimension, or of the first one alone.
  split: fc.option(
    fc.record({ chunkCount: fc.integer({ min: 1, max: 4 }), isFirstOnly: fc.boolean() }),
    { nil: undefined },
  ),
  isAmend: fc.boolean(),
});
type Round = typeof round extends fc.Arbitrary<infer T> ? T : never;
type Step = Round["steps"][number];

interface ModelArray {
  id: string;
  shape: number[];
  /** Bytes by coordinates; of the array as it is. */
  chunks: Map<string, string>;
  /** Written or deleted since the last commit, the shape of then or now. */
  touched: Set<string>;
}

class Model {
  readonly arrays = new Map<string, ModelArray>();
  value = 0;
}

const keyOf = (path: string, at: readonly number[]): string =>
  [...path.split("/"), "c", ...at.map(String)].filter((part) => part !== "").join("/");
const metadataKey = (path: string): string => `${path === "/" ? "" : path}/zarr.json`;

function splitting(split: Round["split"]): object {
  const sizes =
    split === undefined
      ? [[{ condition: "Any", num_chunks: 2 ** 32 - 1 }]]
      : [[{ condition: split.isFirstOnly ? { Axis: 0 } : "Any", num_chunks: split.chunkCount }]];
  return { split_sizes: sizes.map((dimensions) => ["any_array", dimensions]) };
}

async function createAt(
  session: Session,
  model: Model,
  path: string,
  shape: number[],
): Promise<void> {
  await session.store.set(
    metadataKey(path),
    array(
      shape,
      shape.map(() => 1),
    ),
  );
  const id = await session.getNodeId(path);
  model.arrays.set(path, { id, shape, chunks: new Map(), touched: new Set() });
}

async function apply(session: Session, model: Model, { path, action }: Step): Promise<void> {
  const present = model.arrays.get(path);
  if (action.kind === "replace" || present === undefined) {
    if (present !== undefined) {
      await session.store.delete(metadataKey(path));
      model.arrays.delete(path);
    }
    await createAt(session, model, path, action.kind === "replace" ? action.shape : [3]);
    return;
  }
  const at = "at" in action ? action.at.slice(0, present.shape.length) : [];
  const isInside =
    at.length === present.shape.length && at.every((c, d) => c < (present.shape[d] as number));
  if (action.kind === "set" && isInside) {
    const value = `${model.value++}${action.isLarge ? "x".repeat(600) : ""}`;
    await session.store.set(keyOf(path, at), text(value));
    present.chunks.set(at.join(), value);
    present.touched.add(at.join());
  } else if (action.kind === "delete" && isInside) {
    await session.store.delete(keyOf(path, at));
    present.chunks.delete(at.join());
    present.touched.add(at.join());
  } else if (action.kind === "resize") {
    present.shape = action.lengths.slice(0, present.shape.length);
    await session.store.set(
      metadataKey(path),
      array(
        present.shape,
        present.shape.map(() => 1),
      ),
    );
  } else if (action.kind === "remove") {
    await session.store.delete(metadataKey(path));
    model.arrays.delete(path);
  } else if (action.kind === "clear" && present.shape.length > 0) {
    await session.store.deleteDir(keyOf(path, [action.leading]));
    for (const key of [...present.chunks.keys()]) {
      const coordinates = key.split(",").map(Number);
      const isVisible = coordinates.every((c, d) => c < (present.shape[d] as number));
      if (!isVisible || coordinates[0] !== action.leading) continue;
      present.chunks.delete(key);
      present.touched.add(key);
    }
  }
}

interface Committed {
  readonly splits: string;
  readonly shape: string;
  readonly id: string;
  readonly manifests: readonly ManifestRef[];
}

/** Checks one commit; remembers what its manifests were. */
async function check(
  repository: Repository,
  assets: AssetStore,
  id: string,
  {
    model,
    split,
    before,
    isAmend,
  }: { model: Model; split: Round["split"]; before: Map<string, Committed>; isAmend: boolean },
): Promise<void> {
  const { snapshot, node } = await assets.readSnapshot(id);
  const log = await assets.readTransactionLog(id);
  const reader = await repository.readonlySession({ snapshotId: id });
  const listed = new Set<string>();
  const names = await reader.store.list().toArray();
  const expectedNames: string[] = [];
  for (const [path, { shape, chunks, id: nodeId, touched }] of model.arrays) {
    expectedNames.push(metadataKey(path).slice(1));
    for (const [key, value] of chunks) {
      const at = key === "" ? [] : key.split(",").map(Number);
      expectedNames.push(keyOf(path, at));
      expect(new TextDecoder().decode(await reader.store.get(keyOf(path, at)))).toBe(value);
    }
    const stored = node(path);
    if (stored?.data.type !== "array") throw new Error(`${path} is no array`);
    expect(stored.id).toBe(nodeId);
    const { manifests } = stored.data;
    const covered = new Set<string>();
    let refCount = 0;
    for (const { id: manifestId, extents } of manifests) {
      listed.add(manifestId);
      const rows = (await assets.readManifest(manifestId)).rows(nodeId, shape.length);
      if (rows === undefined) throw new Error(`${manifestId} has nothing of ${path}`);
      refCount += rows.length;
      const starts = shape.map(() => Infinity);
      const ends = shape.map(() => 0);
      for (let row = 0; row < rows.length; row++) {
        const at = shape.map((_, d) => rows.coordinate(row, d));
        expect(covered.has(at.join())).toBe(false);
        covered.add(at.join());
        at.forEach((c, d) => {
          starts[d] = Math.min(starts[d] as number, c);
          ends[d] = Math.max(ends[d] as number, c + 1);
        });
      }
      expect(extents.map((extent) => extent.start)).toEqual(starts); // Tight.
      expect(extents.map((extent) => extent.end)).toEqual(ends);
    }
    expect(refCount).toBe(chunks.size);
    assertDisjoint(manifests);
    const splits = shape.map((_, d) =>
      split === undefined || (split.isFirstOnly && d > 0) ? 2 ** 32 : split.chunkCount,
    );
    const now = { splits: splits.join(), shape: shape.join(), id: nodeId, manifests };
    const then = before.get(path);
    if (then?.id === nodeId && then.splits === now.splits && then.shape === now.shape) {
      const cellOf = (at: readonly number[]): string =>
        at.map((c, d) => Math.floor(c / (splits[d] as number))).join();
      const changed = new Set(
        [...touched].map((key) => cellOf(key === "" ? [] : key.split(",").map(Number))),
      );
      for (const manifest of then.manifests) {
        const cell = cellOf(manifest.extents.map(({ start }) => start));
        const last = cellOf(manifest.extents.map(({ end }) => end - 1));
        if (cell === last && !changed.has(cell)) expect(manifests).toContainEqual(manifest);
      }
    }
    before.set(path, now);
    if (!isAmend) {
      const update = log?.updatedChunks.find((one) => one.nodeId === nodeId);
      const logged = new Set<string>();
      for (let row = 0; row < (update?.count ?? 0); row++) {
        logged.add(update?.data.slice(row * update.rank, (row + 1) * update.rank).join() ?? "");
      }
      const inside = [...touched].filter(
        (key) => key === "" || key.split(",").every((c, d) => Number(c) < (shape[d] as number)),
      );
      expect([...logged].sort()).toEqual(inside.sort());
    }
  }
  expect(names.filter((name) => name !== "keep/zarr.json").sort()).toEqual(expectedNames.sort());
  expect(snapshot.manifestFiles.map((file) => file.id).sort()).toEqual([...listed].sort());
  for (const path of [...before.keys()]) if (!model.arrays.has(path)) before.delete(path);
}

function assertDisjoint(manifests: readonly ManifestRef[]): void {
  for (const [i, a] of manifests.entries()) {
    for (const b of manifests.slice(i + 1)) {
      const meets = a.extents.every(({ start, end }, d) => {
        const other = b.extents[d] as { start: number; end: number };
        return start < other.end && other.start < end;
      });
      expect(meets).toBe(false);
    }
  }
}

test("commits keep what a plain map keeps, in manifests without overlap", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 5 }), async (rounds) => {
      const storage = memoryStorage();
      let repository = await Repository.create(storage);
      const setup = await repository.writableSession("main");
      await setup.store.set("keep/zarr.json", GROUP);
      await setup.commit("start");
      const model = new Model();
      const before = new Map<string, Committed>();
      for (const { steps, split, isAmend } of rounds) {
        repository = await repository.reopen({
          config: { manifest: { splitting: splitting(split) } } as never,
        });
        const session = await repository.writableSession("main");
        // "keep" is below the root: deleting the root takes it along.
        for (const one of steps) await apply(session, model, one);
        await session.store.set("keep/zarr.json", GROUP);
        for (const one of model.arrays.values()) {
          // What a shrink put outside is gone once committed.
          for (const key of [...one.chunks.keys()]) {
            const isInside =
              key === "" || key.split(",").every((c, d) => Number(c) < (one.shape[d] as number));
            if (!isInside) one.chunks.delete(key);
          }
        }
        const options = { allowEmpty: true };
        const id = isAmend
          ? await session.amend("more", options)
          : await session.commit("round", options);
        const { assets } = mustGetState(session).engine;
        const fresh = await Repository.open(storage);
        await check(fresh, assets, id, { model, split, before, isAmend });
        for (const one of model.arrays.values()) one.touched.clear();
      }
    }),
    { numRuns: RUNS },
  );
});
