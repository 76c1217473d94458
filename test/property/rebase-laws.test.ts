/**
 * Laws of rebasing over random commits on one small hierarchy, through real repositories: without
 * conflicts it is the same as writing after the others; whatever a solver decides, the result is a
 * sound hierarchy; a failure changes nothing; several commits of the others are as one.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ConflictDecision,
  type ConflictSolver,
  isIcefloeError,
  Repository,
  type Session,
} from "../../src/index.ts";
import { mustGetState } from "../../src/session/state/access.ts";
import { runsOf } from "../runs.ts";
import { apply, assertHierarchy, contentOf, type Edit, edits, start } from "./hierarchy-edits.ts";

const RUNS = runsOf("REBASE_LAWS_RUNS", 25, 40);

async function write(session: Session, each: readonly Edit[]): Promise<void> {
  for (const edit of each) await apply(session, edit);
}

/** What the branch shows to somebody who has cached nothing; checks that the snapshot is sound. */
async function committed(repository: Repository): Promise<Record<string, string>> {
  const fresh = await Repository.open(repository.storage);
  const reader = await fresh.readonlySession("main");
  const { snapshot } = await mustGetState(reader).engine.assets.readSnapshot(reader.snapshotId);
  const paths = snapshot.nodes.map(({ path }) => path);
  const ids = snapshot.nodes.map(({ id }) => id);
  expect(new Set(paths).size).toBe(paths.length);
  expect(new Set(ids).size).toBe(ids.length);
  const used = snapshot.nodes.flatMap(({ data }) =>
    data.type === "array" ? data.manifests.map(({ id }) => id) : [],
  );
  expect(snapshot.manifestFiles.map(({ id }) => id).sort()).toEqual([...new Set(used)].sort());
  const content = await contentOf(reader);
  assertHierarchy(content);
  return content;
}

/** All that a session shows and has changed. */
async function viewOf(session: Session): Promise<unknown> {
  const { updatedChunks, ...status } = await session.status();
  const chunks = [...updatedChunks].map(([path, at]) => [path, at.toJSON()]);
  return { status, chunks, content: await contentOf(session), base: session.snapshotId };
}

const decision = fc.constantFrom<ConflictDecision>("ours", "theirs", "fail");
const commits = fc.array(edits, { minLength: 1, maxLength: 3 });

describe("a rebase", () => {
  test("ends as the solver says: sound whatever stays, or as if nothing had happened", async () => {
    const counts = { rebased: 0, failed: 0, conflicts: 0 };
    await fc.assert(
      fc.asyncProperty(
        edits,
        commits,
        fc.infiniteStream(decision),
        async (our, their, decisions) => {
          const { repository, session } = await start();
          await write(session, our);
          for (const each of their) {
            const other = await repository.writableSession("main");
            await write(other, each);
            await other.commit("theirs", { allowEmpty: true });
          }
          const theirs = await committed(repository);
          const before = await viewOf(session);
          const asked = new Set<ConflictDecision>();
          const solver: ConflictSolver = () => {
            const next = decisions.next().value as ConflictDecision;
            asked.add(next);
            return next;
          };
          try {
            await session.rebase(solver);
          } catch (error) {
            if (!isIcefloeError(error, "rebase-failed")) throw error;
            expect(await viewOf(session)).toEqual(before);
            counts.failed++;
            // Letting the others have it always works.
            const isMoved = await session
              .rebase(() => "theirs")
              .then(
                () => true,
                () => false,
              );
            if (!isMoved) expect(await viewOf(session)).toEqual(before);
          }
          if (session.snapshotId !== (before as { base: string }).base) {
            counts.rebased++;
            const seen = await contentOf(session);
            assertHierarchy(seen);
            await session.commit("ours", { allowEmpty: true });
            expect(await committed(repository)).toEqual(seen);
            if (asked.size === 0 && (before as { status: { isEmpty: boolean } }).status.isEmpty) {
              expect(seen).toEqual(theirs);
            }
          }
          if (asked.size > 0) counts.conflicts++;
        },
      ),
      { numRuns: RUNS },
    );
    expect(Math.min(counts.rebased, counts.failed, counts.conflicts)).toBeGreaterThan(0);
  });

  test("without conflicts is the same as writing after the others", async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(edits, commits, async (our, their) => {
        const rebased = await start();
        await write(rebased.session, our);
        for (const each of their) {
          const other = await rebased.repository.writableSession("main");
          await write(other, each);
          await other.commit("theirs", { allowEmpty: true });
        }
        try {
          await rebased.session.rebase();
        } catch (error) {
          if (!isIcefloeError(error, "rebase-failed")) throw error;
          return;
        }
        count++;
        await rebased.session.commit("ours", { allowEmpty: true });
        const after = await start();
        for (const each of their) {
          const other = await after.repository.writableSession("main");
          await write(other, each);
          await other.commit("theirs", { allowEmpty: true });
        }
        const late = await after.repository.writableSession("main");
        const isSameGround = await replay(late, our, await contentOf(after.session));
        await late.commit("ours", { allowEmpty: true });
        if (isSameGround) {
          expect(withoutIds(await committed(rebased.repository))).toEqual(
            withoutIds(await committed(after.repository)),
          );
        }
      }),
      { numRuns: RUNS },
    );
    expect(count).toBeGreaterThan(0);
  });

  /** Writes the edits; whether each found the nodes that it found the first time. */
  async function replay(
    late: Session,
    our: readonly Edit[],
    lateStart: Record<string, string>,
  ): Promise<boolean> {
    const { session } = await start();
    const firstStart = await contentOf(session);
    let isSame = true;
    for (const edit of our) {
      const first = await groundOf(session, edit, firstStart);
      isSame &&= first === (await groundOf(late, edit, lateStart));
      await apply(session, edit);
      await apply(late, edit);
    }
    return isSame;
  }

  /** The nodes on the way to the edit's path: their documents, and whether they stood at the start. */
  async function groundOf(
    session: Session,
    { path }: Edit,
    atStart: Record<string, string>,
  ): Promise<string> {
    const parts = path.split("/").slice(1);
    const ground: unknown[] = [];
    for (let depth = 1; depth <= parts.length; depth++) {
      const key = `${parts.slice(0, depth).join("/")}/zarr.json`;
      const bytes = await session.store.get(key);
      if (bytes === undefined) continue;
      const id = await session.getNodeId(`/${parts.slice(0, depth).join("/")}`);
      ground.push(key, new TextDecoder().decode(bytes), id === atStart[`id of ${key}`]);
    }
    return JSON.stringify(ground);
  }

  test("that meets nothing ends the same over several commits and over one that holds them all", async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(edits, commits, async (our, their) => {
        const results: unknown[] = [];
        for (const isOne of [false, true]) {
          const { repository, session } = await start();
          await write(session, our);
          for (const each of isOne ? [their.flat()] : their) {
            const other = await repository.writableSession("main");
            await write(other, each);
            await other.commit("theirs", { allowEmpty: true });
          }
          const isRebased = await session.rebase().then(
            () => true,
            (error: unknown) => {
              if (!isIcefloeError(error, "rebase-failed")) throw error;
              return false;
            },
          );
          if (!isRebased) return;
          await session.commit("ours", { allowEmpty: true });
          results.push(withoutIds(await committed(repository)));
        }
        count++;
        expect(results[0]).toEqual(results[1]);
      }),
      { numRuns: RUNS },
    );
    expect(count).toBeGreaterThan(0);
  });
});

/** Ids are random: two runs agree on everything else. */
function withoutIds(content: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(content).filter(([key]) => !key.startsWith("id of ")));
}
