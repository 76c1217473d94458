/**
 * Laws of merging over real forks with random nodes and chunks on one small hierarchy: the order
 * in which forks are merged, how they are grouped, and the way they travel make no difference;
 * what is refused in one order is refused in every order; merging again changes nothing.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ForkSession,
  isIcefloeError,
  memoryStorage,
  Repository,
  type Session,
  type Storage,
} from "../../src/index.ts";
import { array, GROUP, text } from "../unit/session/fixture.ts";

const RUNS = Number(process.env["MERGE_LAWS_RUNS"] ?? 60);
const PATHS = ["/a", "/g", "/g/b", "/g/h", "/g/h/c", "/n"];
const LENGTH = 4;

const edit = fc.record({
  path: fc.constantFrom(...PATHS),
  action: fc.constantFrom(
    "chunk" as const,
    "chunk" as const,
    "chunk" as const,
    "empty" as const,
    "group" as const,
    "array" as const,
    "delete" as const,
    "attributes" as const,
    "resize" as const,
    "retype" as const,
  ),
  at: fc.nat(LENGTH - 1),
  /** Few values, so that both sides sometimes write the same. */
  value: fc.nat(2),
});
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;
const edits = fc.array(edit, { maxLength: 5 });

const keyOf = (path: string): string => `${path.slice(1)}/zarr.json`;

/** Does what the hierarchy allows: parents exist and are groups. */
async function apply(
  session: Session | ForkSession,
  { path, action, at, value }: Edit,
): Promise<void> {
  const { store } = session;
  const typeAt = async (one: string): Promise<string | undefined> => {
    const bytes = await store.get(keyOf(one));
    return bytes && JSON.parse(new TextDecoder().decode(bytes)).node_type;
  };
  const type = await typeAt(path);
  const parent = path.slice(0, path.lastIndexOf("/"));
  const hasParent = parent === "" || (await typeAt(parent)) === "group";
  if (action === "delete") return store.delete(keyOf(path));
  if (action === "group" && type === undefined && hasParent) return store.set(keyOf(path), GROUP);
  if (action === "array" && type === undefined && hasParent) {
    return store.set(keyOf(path), array([LENGTH], [1]));
  }
  if (action === "attributes" && type === "group") {
    return store.set(keyOf(path), text(JSON.stringify({ ...parse(GROUP), attributes: { value } })));
  }
  if (type !== "array") return;
  const stored = (await store.get(keyOf(path))) as Uint8Array;
  const change = async (member: object): Promise<void> =>
    store.set(keyOf(path), text(JSON.stringify({ ...parse(stored), ...member })));
  if (action === "attributes") return change({ attributes: { value } });
  if (action === "resize") return change({ shape: [LENGTH - 1 + value] });
  if (action === "retype") return change({ fill_value: value });
  if (at >= parse(stored).shape[0]) return;
  if (action === "chunk") return store.set(`${path.slice(1)}/c/${at}`, text(`value ${value}`));
  if (action === "empty") return store.delete(`${path.slice(1)}/c/${at}`);
}

function parse(bytes: Uint8Array) {
  return JSON.parse(new TextDecoder().decode(bytes));
}

async function start(): Promise<{ storage: Storage; session: Session }> {
  const storage = memoryStorage();
  const repository = await Repository.create(storage);
  const setup = await repository.writableSession("main");
  for (const path of ["/g", "/g/h"]) await setup.store.set(keyOf(path), GROUP);
  for (const path of ["/a", "/g/b", "/g/h/c"]) {
    await setup.store.set(keyOf(path), array([LENGTH], [1]));
    await setup.store.set(`${path.slice(1)}/c/0`, text("old"));
  }
  await setup.commit("start");
  return { storage, session: await repository.writableSession("main") };
}

/** Everything that a session shows, node ids included. */
async function contentOf(session: Session | ForkSession): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for await (const key of session.store.list()) {
    content[key] = new TextDecoder().decode(await session.store.get(key));
    if (!key.endsWith("zarr.json")) continue;
    content[`id of ${key}`] = await session.getNodeId(`/${key.slice(0, -"/zarr.json".length)}`);
  }
  return content;
}

/** Every node below the root has a group above it. */
function assertHierarchy(content: Record<string, string>): void {
  for (const key of Object.keys(content)) {
    if (!key.endsWith("zarr.json") || key.startsWith("id of ")) continue;
    const parts = key.split("/").slice(0, -2);
    if (parts.length === 0) continue;
    const parent = content[`${parts.join("/")}/zarr.json`];
    expect(parent, `parent of ${key}`).toBeDefined();
    expect(parse(text(parent as string)).node_type, `parent of ${key}`).toBe("group");
  }
}

type Outcome = { readonly content: Record<string, string> } | { readonly refused: true };

/** What comes of merging `forks` one by one into a fresh receiver with the parent's changes. */
async function mergeInOrder(
  parentBytes: Uint8Array,
  storage: Storage,
  forks: readonly (ForkSession | Uint8Array)[],
): Promise<Outcome> {
  const receiver = await ForkSession.fromBytes(parentBytes, { storage });
  for (const fork of forks) {
    const before = await contentOf(receiver);
    try {
      await receiver.merge(fork);
    } catch (error) {
      if (!isIcefloeError(error, "merge-overlap", "merge-failed")) throw error;
      expect(await contentOf(receiver)).toEqual(before);
      return { refused: true };
    }
  }
  const content = await contentOf(receiver);
  for (const fork of forks) {
    const report = await receiver.merge(fork);
    expect(report.chunks).toBe(0);
    expect(report.overlaps).toBe(0);
  }
  expect(await contentOf(receiver)).toEqual(content);
  const bytes = receiver.toBytes();
  const copy = await ForkSession.fromBytes(bytes, { storage });
  expect(await contentOf(copy)).toEqual(content);
  expect(copy.toBytes()).toEqual(bytes);
  return { content };
}

describe("forks of one parent", () => {
  test("come to the same in every order, or are refused in every order", async () => {
    const counts = { merged: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        edits,
        fc.array(edits, { minLength: 2, maxLength: 3 }),
        async (before, each) => {
          const { storage, session } = await start();
          const parent = session.fork();
          for (const one of before) await apply(parent, one);
          const parentBytes = parent.toBytes();
          const forks: ForkSession[] = [];
          for (const own of each) {
            const fork = parent.fork();
            for (const one of own) await apply(fork, one);
            forks.push(fork);
          }
          const outcomes: Outcome[] = [];
          for (const order of permutations(forks)) {
            const inputs = order.map((fork, at) => (at % 2 === 0 ? fork : fork.toBytes()));
            outcomes.push(await mergeInOrder(parentBytes, storage, inputs));
          }
          for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0]);
          const first = outcomes[0] as Outcome;
          if ("content" in first) {
            counts.merged++;
            assertHierarchy(first.content);
            await assertGroupingsAgree(parentBytes, storage, forks, first.content);
          } else counts.refused++;
        },
      ),
      { numRuns: RUNS },
    );
    expect(Math.min(counts.merged, counts.refused)).toBeGreaterThan(0);
  });

  /** All at once; pairs first; one fork merged into another. */
  async function assertGroupingsAgree(
    parentBytes: Uint8Array,
    storage: Storage,
    forks: readonly ForkSession[],
    content: Record<string, string>,
  ): Promise<void> {
    const atOnce = await ForkSession.fromBytes(parentBytes, { storage });
    await atOnce.merge(forks);
    expect(await contentOf(atOnce)).toEqual(content);
    const collected = await ForkSession.fromBytes((forks[0] as ForkSession).toBytes(), { storage });
    await collected.merge(forks.slice(1));
    const afterwards = await ForkSession.fromBytes(parentBytes, { storage });
    await afterwards.merge(collected);
    expect(await contentOf(afterwards)).toEqual(content);
    const report = await afterwards.merge(forks);
    expect(report.chunks).toBe(0);
    expect(await contentOf(afterwards)).toEqual(content);
  }
});

describe("a fork of a fork", () => {
  test("merges into its parent first, or after it, with the same result", async () => {
    let merged = 0;
    await fc.assert(
      fc.asyncProperty(edits, edits, edits, edits, async (before, first, child, later) => {
        const { storage, session } = await start();
        const root = session.fork();
        for (const one of before) await apply(root, one);
        const rootBytes = root.toBytes();
        const parent = root.fork();
        for (const one of first) await apply(parent, one);
        const grandchild = parent.fork();
        for (const one of child) await apply(grandchild, one);
        for (const one of later) await apply(parent, one);
        const parentBytes = parent.toBytes();

        const after = await mergeInOrder(rootBytes, storage, [parent, grandchild]);
        const twice = await mergeInOrder(rootBytes, storage, [
          parent,
          grandchild.toBytes(),
          parentBytes,
        ]);
        expect(twice).toEqual(after);
        const inner = await ForkSession.fromBytes(parentBytes, { storage });
        const direct = await inner.merge(grandchild).then(
          () => true,
          () => false,
        );
        expect(direct).toBe("content" in after);
        if (!direct || !("content" in after)) return;
        merged++;
        assertHierarchy(after.content);
        expect(await mergeInOrder(rootBytes, storage, [inner])).toEqual(after);
        expect(await mergeInOrder(rootBytes, storage, [parent, inner, grandchild])).toEqual(after);
      }),
      { numRuns: RUNS },
    );
    expect(merged).toBeGreaterThan(0);
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, at) =>
    permutations([...items.slice(0, at), ...items.slice(at + 1)]).map((rest) => [item, ...rest]),
  );
}
