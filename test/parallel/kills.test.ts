/**
 * Worker processes killed with -9 at random, in real runs: every run ends with the whole dataset,
 * or with a typed error and an untouched session, and leaves no process behind. More runs:
 * `KILL_RUNS=200 npx vitest run test/parallel/kills.test.ts`.
 */
import { readdir } from "node:fs/promises";
import { isIcefloeError } from "icefloe";
import { parallelWrite } from "icefloe/parallel";
import { processes } from "icefloe/parallel/node";
import { expect, test } from "vitest";
import { runsOf } from "../runs.ts";
import { firstValues, folderWithArray, rowTasks, WORKER } from "./fixture.ts";

const RUNS = runsOf("KILL_RUNS", 4, 12);
const ROWS = 8;
const FIRST_SEED = Number(process.env["KILL_SEED"] ?? 1);

/** A small generator of numbers in [0, 1), the same for the same seed. */
function random(seed: number): () => number {
  let state = seed * 2654435761;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 1 | state) + 0x6d2b79f5) | 0;
    return ((state ^ (state >>> 14)) >>> 0) / 2 ** 32;
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "ESRCH") return false;
    throw error;
  }
}

test(`${RUNS} runs with workers killed at random end whole or untouched`, async () => {
  const counts = { runs: 0, kills: 0, whole: 0, refused: 0 };
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    const next = random(seed);
    const { session, repository, folder } = await folderWithArray(ROWS);
    const pids = new Set<number>();
    const killRate = next() * 0.5;

    const outcome = await parallelWrite(session, {
      worker: WORKER,
      tasks: rowTasks(ROWS),
      executor: processes({ concurrency: 2 }),
      retriesPerTask: 3,
      onProgress: ({ type, data }) => {
        if (type !== "reported") return;
        const { pid } = data as { pid: number };
        pids.add(pid);
        if (next() >= killRate || !isAlive(pid)) return;
        counts.kills++;
        process.kill(pid, "SIGKILL");
      },
    }).catch((error: unknown) => error);

    counts.runs++;
    if (isIcefloeError(outcome)) {
      counts.refused++;
      expect(outcome.kind, `seed ${seed}`).toBe("task-failed");
      expect(session.hasUncommittedChanges, `seed ${seed}`).toBe(false);
    } else {
      expect(outcome, `seed ${seed}`).toMatchObject({ tasks: ROWS });
      counts.whole++;
      await session.commit("survived");
      const reader = await repository.readonlySession("main");
      expect(await firstValues(reader, ROWS)).toEqual(
        Array.from({ length: ROWS }, (_, i) => i + 1),
      );
    }
    for (const pid of pids) expect(isAlive(pid), `seed ${seed}: process ${pid}`).toBe(false);
    expect((await readdir(folder)).sort()).toEqual(["repo"]);
  }
  console.log(`kills: ${JSON.stringify(counts)}`);
  expect(counts.kills).toBeGreaterThan(0);
});
