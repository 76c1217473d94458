/**
 * Commits at the end of a long history, which is written once and shared: each engine opens it,
 * goes through it, and goes on from there.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { check, createWithArray } from "../array.mjs";
import { measured } from "../measure.mjs";

const CHUNKS = 64;
/** Commits before the clock runs: the first of a process run in code that is not compiled yet. */
const WARM_UP = 20;
/** Each commit keeps the repo file before it: long ones would fill the disk. */
const COMMITS_KEPT = 100;

async function commitOn(engine, repository, count, folder) {
  for (let at = 0; at < count; at++) {
    const session = await engine.writable(repository);
    await session.store.set(`a/c/${at % CHUNKS}`, Buffer.from(`commit ${at}`));
    await session.commit(`commit ${at}`);
    if (at % COMMITS_KEPT === 0)
      await rm(join(folder, "repository", "overwritten"), { recursive: true, force: true });
  }
}

/** Makes the history `commits` long, where a shorter one may be. */
async function extend({ engine, size, folder, isFirst }) {
  const repository = isFirst ? await createWithArray(engine, [CHUNKS]) : await engine.open();
  const missing = size.commits - (await engine.countCommits(repository));
  if (missing > 0) await commitOn(engine, repository, missing, folder);
  return {};
}

async function go({ engine, size, folder }) {
  let repository;
  const open = await measured(async () => {
    repository = await engine.open();
    await engine.readonly(repository);
  });
  let count = 0;
  const ancestry = await measured(async () => {
    count = await engine.countCommits(repository);
  });
  check(count >= size.commits, true, `${count} commits are ${size.commits} or more`);
  await commitOn(engine, repository, WARM_UP, folder);
  const commits = await measured(() => commitOn(engine, repository, size.measured, folder));
  check(await engine.countCommits(repository), count + WARM_UP + size.measured, "commits");
  return { open, ancestry, commitCpuMs: commits.cpuMs / size.measured };
}

export const cases = [
  {
    name: "history",
    title: "a history of n commits, local, durability none",
    place: { kind: "local", durability: "none" },
    boundSeconds: 300,
    sizes: {
      full: [1000, 4000, 20_000].map((commits) => ({ n: commits, commits, measured: 100 })),
      short: [20, 40].map((commits) => ({ n: commits, commits, measured: 5 })),
    },
    shared: { history: { engine: "icefloe", phase: "extend" } },
    sides: {
      icefloe: { engine: "icefloe", at: "history" },
      official: { engine: "official", at: "history" },
    },
    phases: { extend, go },
    steps: ["go"],
    growth: [
      {
        label: "processor time of a commit",
        unit: "ms",
        of: (r) => r.go.commitCpuMs,
        exponent: 0.3,
      },
      { label: "open", unit: "ms", of: (r) => r.go.open.ms },
      { label: "ancestry", unit: "ms", of: (r) => r.go.ancestry.ms },
    ],
  },
];
