import { describe, expect, it } from "vitest";
import type { Repository } from "../../../src/repository/repository.ts";
import { basicConflictSolver, conflictDetector } from "../../../src/session/rebase/solvers.ts";
import type { Session } from "../../../src/session/session.ts";
import { writeRegion } from "../../../src/zarr/index.ts";
import { arrayDocument } from "../../zarr-documents.ts";
import { commitGroup, newRepository, rejection } from "./repositories.ts";

const group = (attributes: Record<string, unknown> = {}): Uint8Array =>
  new TextEncoder().encode(JSON.stringify({ zarr_format: 3, node_type: "group", attributes }));

async function readAttributes(session: Session): Promise<Record<string, unknown>> {
  const bytes = await session.store.get("zarr.json");
  return bytes === undefined ? {} : JSON.parse(new TextDecoder().decode(bytes)).attributes;
}

/** Adds one to the root's attribute `count`. */
async function countUp(session: Session): Promise<void> {
  const { count = 0 } = await readAttributes(session);
  await session.store.set("zarr.json", group({ count: (count as number) + 1 }));
}

const messages = async (repository: Repository): Promise<string[]> =>
  (await repository.ancestry("main").toArray()).map(({ message }) => message);

describe("transaction", () => {
  it("writes and commits", async () => {
    const repository = await newRepository();

    const id = await repository.transaction("main", countUp, {
      message: "count",
      metadata: { by: "test" },
    });

    expect(await repository.lookupBranch("main")).toBe(id);
    expect(await repository.lookupSnapshot(id)).toMatchObject({
      message: "count",
      metadata: { by: "test" },
    });
  });

  it("runs again on a fresh session after a lost race, by default", async () => {
    const repository = await newRepository();
    let runs = 0;

    await repository.transaction(
      "main",
      async (session) => {
        await countUp(session);
        if (runs++ < 2) await repository.transaction("main", countUp, { message: "rival" });
      },
      { message: "ours" },
    );

    expect(runs).toBe(3);
    expect(await messages(repository)).toEqual([
      "ours",
      "rival",
      "rival",
      "Repository initialized",
    ]);
    expect(await readAttributes(await repository.readonlySession("main"))).toEqual({ count: 3 });
  });

  it("loses no increment of 24 at once", async () => {
    const repository = await newRepository();

    await Promise.all(
      Array.from({ length: 24 }, (_, at) =>
        repository.transaction("main", countUp, { message: `count ${at}` }),
      ),
    );

    expect(await readAttributes(await repository.readonlySession("main"))).toEqual({ count: 24 });
  });

  it("rebases where a solver is given: the write runs once", async () => {
    const repository = await newRepository();
    let runs = 0;

    await repository.transaction(
      "main",
      async (session) => {
        runs++;
        await session.store.set("a/zarr.json", group());
        await commitGroup(repository, "rival");
      },
      { message: "ours", solver: basicConflictSolver() },
    );

    expect(runs).toBe(1);
    const session = await repository.readonlySession("main");
    expect(await session.store.has("a/zarr.json")).toBe(true);
    expect(await session.store.has("rival/zarr.json")).toBe(true);
  });

  it("refuses conflicts of a rebase without a solver", async () => {
    const repository = await newRepository();

    const lost = repository.transaction(
      "main",
      async (session) => {
        await countUp(session);
        await repository.transaction("main", countUp, { message: "rival" });
      },
      { message: "ours", retry: "rebase" },
    );

    expect((await rejection(lost)).kind).toBe("rebase-failed");
    expect(await messages(repository)).toEqual(["rival", "Repository initialized"]);
  });

  it("gives up after attemptsMax, with the last conflict as the cause", async () => {
    const repository = await newRepository();
    let runs = 0;

    const lost = repository.transaction(
      "main",
      async (session) => {
        runs++;
        await countUp(session);
        await commitGroup(repository, `rival${runs}`);
      },
      { message: "ours", attemptsMax: 3 },
    );

    expect(await rejection(lost)).toMatchObject({
      kind: "update-attempts-exhausted",
      cause: { kind: "commit-conflict" },
    });
    expect(runs).toBe(3);
  });

  it("commits nothing if the write throws, and throws the same", async () => {
    const repository = await newRepository();

    const failing = repository.transaction(
      "main",
      async (session) => {
        await countUp(session);
        throw new RangeError("no");
      },
      { message: "ours" },
    );

    await expect(failing).rejects.toThrow(RangeError);
    expect(await messages(repository)).toEqual(["Repository initialized"]);
  });

  it("resolves to the tip if nothing was changed, and commits nothing", async () => {
    const repository = await newRepository();
    const tip = await commitGroup(repository, "a");

    const id = await repository.transaction("main", async () => undefined, { message: "nothing" });

    expect(id).toBe(tip);
    expect(await repository.lookupBranch("main")).toBe(tip);
  });

  it("stops at an aborted signal", async () => {
    const repository = await newRepository();
    const aborting = new AbortController();

    const aborted = repository.transaction(
      "main",
      async (session) => {
        await countUp(session);
        aborting.abort("enough");
      },
      { message: "ours", signal: aborting.signal },
    );

    await expect(aborted).rejects.toBe("enough");
    expect(await messages(repository)).toEqual(["Repository initialized"]);
  });

  it("refuses what it does not understand before it opens a session", async () => {
    const repository = await newRepository();
    const wrong: unknown[] = [
      undefined,
      {},
      { message: 7 },
      { message: "m", retry: "again" },
      { message: "m", attemptsMax: 0 },
      { message: "m", attemptsMax: 1.5 },
      { message: "m", solver: {} },
      { message: "m", solver: conflictDetector(), retry: "rerun" },
      { message: "m", metadata: "x" },
      { message: "m", nonsense: true },
    ];
    for (const options of wrong) {
      const error = await rejection(repository.transaction("main", countUp, options as never));
      expect([options, error.kind]).toEqual([options, "invalid-option"]);
    }
    expect(
      (await rejection(repository.transaction("main", "x" as never, { message: "m" }))).kind,
    ).toBe("invalid-option");
    expect((await rejection(repository.transaction("dev", countUp, { message: "m" }))).kind).toBe(
      "branch-not-found",
    );
  });
});

it("refuses a write that nobody awaited, and one that returns no promise", async () => {
  const repository = await newRepository();
  let late: () => Promise<void> = async () => undefined;

  await repository.transaction(
    "main",
    async (session) => {
      late = () => session.store.set("zarr.json", new TextEncoder().encode("{}"));
    },
    { message: "nothing" },
  );

  await expect(late()).rejects.toMatchObject({ kind: "read-only-session" });
  const notAwaited = repository.transaction("main", (() => 5) as never, { message: "m" });
  await expect(notAwaited).rejects.toMatchObject({ kind: "invalid-option" });
});

describe("a transaction whose write does not wait for all it has called", () => {
  const array = new TextEncoder().encode(arrayDocument([4, 600], [1, 600]));
  const createAndFill = async (session: Session): Promise<void> => {
    await session.store.set("a/zarr.json", array);
    for (const row of [0, 1]) await session.store.set(`a/c/${row}/0`, new Uint8Array(600).fill(1));
  };

  it.each<[string, (session: Session) => unknown]>([
    ["a set", (s) => s.store.set("b/c/0/0", new Uint8Array(600).fill(1))],
    ["a writeRegion", (s) => writeRegion(s.store, "/b", { data: 1 })],
    ["a function of its own", createAndFill],
    [
      "a read that is followed by a write",
      async (s) => {
        const bytes = (await s.store.get("b/zarr.json")) as Uint8Array;
        await s.store.set("c/zarr.json", bytes);
      },
    ],
  ])("is refused, and commits nothing: %s", async (_, write) => {
    const repository = await newRepository();
    await repository.transaction("main", (s) => s.store.set("b/zarr.json", array), {
      message: "array",
    });
    const tip = await repository.lookupBranch("main");
    let forgotten: unknown;

    const error = await rejection(
      repository.transaction(
        "main",
        async (session) => {
          forgotten = write(session);
        },
        { message: "forgotten" },
      ),
    );

    expect(error).toMatchObject({
      kind: "writes-in-flight",
      category: "session-state",
      message: expect.stringMatching(/^transaction: 1 write\(s\) .* is an await missing\?/),
    });
    expect(await repository.lookupBranch("main")).toBe(tip);
    await forgotten; // It ends where nobody sees it.
  });

  it("says so where the write comes after the commit", async () => {
    const repository = await newRepository();
    let late: () => Promise<void> = async () => undefined;
    await repository.transaction(
      "main",
      async (session) => {
        await countUp(session);
        late = () => createAndFill(session);
      },
      { message: "count" },
    );

    await expect(late()).rejects.toMatchObject({
      kind: "read-only-session",
      message: expect.stringContaining("is an await missing"),
    });
  });
});
