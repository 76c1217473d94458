/**
 * Laws of merging over real forks with random nodes and chunks on one small hierarchy: the order
 * in which forks are merged, how they are grouped, and the way they travel make no difference;
 * what is refused in one order is refused in every order; merging again changes nothing.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ForkSession, isIcefloeError, type Storage } from "../../src/index.ts";
import { runsOf } from "../runs.ts";
import { apply, assertHierarchy, contentOf, edits, start } from "./hierarchy-edits.ts";

const RUNS = runsOf("MERGE_LAWS_RUNS", 25, 60);
type Outcome = { readonly content: Record<string, string> } | { readonly refused: true };

/** How a fork travels. */
const WAYS: readonly ((fork: ForkSession) => ForkSession | Uint8Array)[] = [
  (fork) => fork,
  (fork) => fork.toBytes(),
  (fork) => fork.toBytes({ overlay: "omit" }),
];

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
  assertHierarchy(content);
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
            const inputs = order.map(
              (fork, at) => WAYS[(at + outcomes.length) % 3]?.(fork) ?? fork,
            );
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
        for (const overlay of ["carry", "omit"] as const) {
          const inputs = [
            parent.toBytes({ overlay }),
            grandchild.toBytes({ overlay }),
            parentBytes,
          ];
          expect(await mergeInOrder(rootBytes, storage, inputs)).toEqual(after);
        }
        const inner = await ForkSession.fromBytes(parentBytes, { storage });
        const direct = await inner.merge(grandchild.toBytes({ overlay: "omit" })).then(
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
