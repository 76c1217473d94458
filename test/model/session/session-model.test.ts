/**
 * Random histories of several sessions, forks and bytes of forks at once, beside a plain model:
 * after every step both show the same, and every refusal is the same refusal. The interop lane
 * runs more of them, and asks the official engine too.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { runsOf } from "../../runs.ts";
import { histories, runHistory } from "./run.ts";

const RUNS = runsOf("MODEL_RUNS", 60, 150);

test("sessions, forks and repositories agree with the model after every step", async () => {
  const counts = new Map<string, number>();
  const seed = process.env["SEED"];
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      await runHistory(history, counts);
    }),
    // Shrinking takes minutes; the trace of a failure tells much without it.
    {
      numRuns: RUNS,
      endOnFailure: process.env["SHRINK"] === undefined,
      ...(seed === undefined ? {} : { seed: Number(seed) }),
    },
  );
  const kinds = Object.fromEntries([...counts].sort());
  console.log(`session model: ${RUNS} runs, ${JSON.stringify(kinds)}`);
  for (const rare of ["commit-conflict", "rebase-failed", "merge-overlap", "merge-failed"]) {
    const count = [...counts].reduce((sum, [kind, n]) => sum + (kind.endsWith(rare) ? n : 0), 0);
    expect(count, rare).toBeGreaterThan(0);
  }
});
