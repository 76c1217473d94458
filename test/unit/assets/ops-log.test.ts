import { describe, expect, it } from "vitest";
import { appendUpdates, fateOfPut, nextUpdateMicros } from "../../../src/assets/ops-log.ts";
import type { RepoInfo } from "../../../src/format/repo/read.ts";
import type { RepoUpdate } from "../../../src/format/repo/update.ts";
import { emptyRepo } from "./repo-values.ts";

const withLog = (latestUpdates: readonly RepoUpdate[], repoBeforeUpdates?: string): RepoInfo => ({
  ...emptyRepo(),
  latestUpdates,
  repoBeforeUpdates,
});
const configChanged = { kind: "config-changed" } as const;
const tagCreated = (name: string) => ({ kind: "tag-created", name }) as const;

/** Appends updates 2..count to a fresh log, one per put, and returns every state. */
function history(count: number, entriesPerFile: number): RepoInfo[] {
  const states = [withLog([{ update: { kind: "repo-initialized" }, updatedAtMicros: 1 }])];
  for (let n = 2; n <= count; n++) {
    const options = { firstMicros: n, backupName: `backup-of-${n - 1}`, entriesPerFile };
    states.push(appendUpdates(states.at(-1) as RepoInfo, [configChanged], options));
  }
  return states;
}

describe("appendUpdates", () => {
  it("puts the new entry first, without a backup, and names the backup in the one before", () => {
    const repo = history(2, 1000)[1] as RepoInfo;

    expect(repo.latestUpdates).toEqual([
      { update: configChanged, updatedAtMicros: 2 },
      { update: { kind: "repo-initialized" }, updatedAtMicros: 1, backupPath: "backup-of-1" },
    ]);
    expect(repo.repoBeforeUpdates).toBeUndefined();
  });

  it("keeps N entries and leaves the rest to the backup of the first one dropped", () => {
    const states = history(10, 4);

    for (const [at, { latestUpdates, repoBeforeUpdates }] of states.entries()) {
      const newest = at + 1;
      expect(latestUpdates.map(({ updatedAtMicros }) => updatedAtMicros)).toEqual(
        [0, 1, 2, 3].map((age) => newest - age).filter((micros) => micros > 0),
      );
      expect(repoBeforeUpdates).toBe(newest > 4 ? `backup-of-${newest - 4}` : undefined);
    }
  });

  it("finds every entry exactly once by following the pages", () => {
    const states = history(23, 4);
    const stateOfBackup = new Map(states.map((state, at) => [`backup-of-${at + 1}`, state]));

    const seen: number[] = [];
    for (let page = states.at(-1); page !== undefined; ) {
      seen.push(...page.latestUpdates.map(({ updatedAtMicros }) => updatedAtMicros));
      page = stateOfBackup.get(page.repoBeforeUpdates ?? "");
    }

    expect(seen).toEqual(Array.from({ length: 23 }, (_, at) => 23 - at));
  });

  it("never ends a page at an entry without backup", () => {
    const migrated = withLog(
      [5, 4, 3, 2, 1].map((updatedAtMicros) => ({ update: configChanged, updatedAtMicros })),
    );
    const options = { firstMicros: 6, backupName: "b", entriesPerFile: 2 };

    const repo = appendUpdates(migrated, [configChanged], options);

    expect(repo.latestUpdates).toHaveLength(6);
    expect(repo.latestUpdates[1]).toMatchObject({ updatedAtMicros: 5, backupPath: "b" });
  });

  it("carries the pointer to older pages over while nothing overflows", () => {
    const repo = withLog([{ update: configChanged, updatedAtMicros: 9 }], "older");
    const options = { firstMicros: 10, backupName: "b", entriesPerFile: 5 };

    expect(appendUpdates(repo, [configChanged], options).repoBeforeUpdates).toBe("older");
  });

  it("gives several entries of one put rising times and none but the replaced one a backup", () => {
    const repo = withLog([{ update: configChanged, updatedAtMicros: 9 }]);
    const options = { firstMicros: 20, backupName: "b", entriesPerFile: 1 };

    const next = appendUpdates(repo, [tagCreated("a"), tagCreated("b"), tagCreated("c")], options);

    expect(next.latestUpdates).toEqual([
      { update: tagCreated("c"), updatedAtMicros: 22 },
      { update: tagCreated("b"), updatedAtMicros: 21 },
      { update: tagCreated("a"), updatedAtMicros: 20 },
    ]);
    expect(next.repoBeforeUpdates).toBe("b");
  });
});

describe("nextUpdateMicros", () => {
  const repo = withLog([{ update: configChanged, updatedAtMicros: 5_000_000_000 }]);

  it("is the clock's time if that is later than the newest entry", () => {
    expect(nextUpdateMicros(repo, 5_000_000_007)).toBe(5_000_000_007);
  });

  it("is 1 µs after the newest entry if the clock stands still or goes back", () => {
    expect(nextUpdateMicros(repo, 5_000_000_000)).toBe(5_000_000_001);
    expect(nextUpdateMicros(repo, 4_400_000_000)).toBe(5_000_000_001);
  });

  it("refuses a newest entry that is more than 600 s ahead of the clock", () => {
    expect(() => nextUpdateMicros(repo, 4_399_999_999)).toThrowError(
      expect.objectContaining({
        kind: "snapshot-timestamp",
        message: expect.stringContaining(
          "update is of 1970-01-01T01:23:20.000000Z, over 600 s ahead",
        ),
        details: { newest: "1970-01-01T01:23:20.000000Z", now: "1970-01-01T01:13:19.999999Z" },
      }),
    );
  });

  it("refuses a log without entries", () => {
    expect(() => nextUpdateMicros(withLog([]), 1)).toThrowError(
      expect.objectContaining({ kind: "invalid-file-format" }),
    );
  });
});

describe("fateOfPut", () => {
  const states = history(12, 4);
  const at = (newest: number): RepoInfo => states[newest - 1] as RepoInfo;

  it("recognises our put as the newest state and under commits of others", () => {
    expect(fateOfPut(at(6), 5, "backup-of-5").fate).toBe("landed");
    expect(fateOfPut(at(8), 5, "backup-of-5").fate).toBe("landed");
  });

  it("recognises it where the log has rolled over right behind it", () => {
    expect(fateOfPut(at(9), 5, "backup-of-5").fate).toBe("landed");
  });

  it("says that it did not land where the state was replaced under another backup", () => {
    expect(fateOfPut(at(6), 5, "ours").fate).toBe("not-landed");
    expect(fateOfPut(at(8), 5, "ours").fate).toBe("not-landed");
  });

  it("points to the older page where the log has rolled over further", () => {
    expect(fateOfPut(at(12), 5, "ours")).toEqual({ fate: "continue", backupName: "backup-of-8" });
    expect(fateOfPut(at(8), 5, "backup-of-5").fate).toBe("landed");
  });

  it("knows nothing where the log ends before it gets there", () => {
    const truncated = withLog([{ update: configChanged, updatedAtMicros: 9 }]);

    expect(fateOfPut(truncated, 5, "ours").fate).toBe("unknown");
  });
});
