import { expect, test } from "vitest";
import type { RepoInfo } from "../../../../src/format/repo/read.ts";
import type { RepoSnapshot } from "../../../../src/format/repo/snapshot-columns.ts";
import { memoryStorage, Repository } from "../../../../src/index.ts";
import { publishSnapshot } from "../../../../src/session/commit/publish.ts";
import { mustGetState } from "../../../../src/session/state/access.ts";

type Publication = Parameters<typeof publishSnapshot>[1];

const NEW_ID = "1CECHNKREP0F1RSTCMTG";
const LOG_ID = "1CECHNKREP0F1RSTCMV0";

/** A repository of two commits. */
async function repo(): Promise<{ info: RepoInfo; tip: string; first: string }> {
  const repository = await Repository.create(memoryStorage());
  const session = await repository.writableSession("main");
  const tip = await session.commit("empty", { allowEmpty: true });
  const { engine } = mustGetState(session);
  const info = await engine.repoState.read();
  return { info, tip, first: info.snapshots.get(tip)?.parentId as string };
}

const publication = (mode: Publication["mode"], baseId: string, id = NEW_ID): Publication => ({
  mode,
  branch: mode === "flush" ? undefined : "main",
  baseId,
  snapshot: {
    id,
    flushedAtMicros: 5,
    message: "new",
    metadata: [],
  } as unknown as Publication["snapshot"],
});

test("no id is published twice", async () => {
  const { info, tip, first } = await repo();

  for (const [mode, id] of [
    ["commit", first],
    ["amend", tip],
    ["flush", first],
  ] as const) {
    expect(() => publishSnapshot(info, publication(mode, tip, id))).toThrow(
      expect.objectContaining({ kind: "duplicate-snapshot-id" }),
    );
  }
});

test("an amend takes the place of its base, with the logs that the base carried", async () => {
  const { info, tip, first } = await repo();
  const base = { ...(info.snapshots.get(tip) as RepoSnapshot) };
  const snapshots = new Map(info.snapshots).set(tip, {
    ...base,
    prunedAncestorTransactionLogs: [LOG_ID],
  });

  const { repo: after } = publishSnapshot({ ...info, snapshots }, publication("amend", tip));

  expect(after.snapshots.get(NEW_ID)).toMatchObject({
    parentId: first,
    prunedAncestorTransactionLogs: [LOG_ID],
  });
  expect(after.branches.get("main")).toBe(NEW_ID);
});

test("a commit follows its base and carries none of its logs", async () => {
  const { info, tip } = await repo();

  const { repo: after } = publishSnapshot(info, publication("commit", tip));

  expect(after.snapshots.get(NEW_ID)?.parentId).toBe(tip);
  expect(after.snapshots.get(NEW_ID)?.prunedAncestorTransactionLogs).toBeUndefined();
});

test("a flush moves no branch, wherever the branches are", async () => {
  const { info, tip, first } = await repo();

  const { repo: after } = publishSnapshot(info, publication("flush", first));

  expect(after.snapshots.get(NEW_ID)?.parentId).toBe(first);
  expect(after.branches.get("main")).toBe(tip);
});
