/** Many forks: merged one by one or all at once, made between writes, of a session with arrays. */
import { arrayDocument, check, createWithArray } from "../array.mjs";
import { measured } from "../measure.mjs";

const COLUMNS = 100;
const refAt = (row, column) => ({
  index: [row, column],
  location: "s3://bucket/data/2020/f00000.nc",
  offset: row * 4096 + column,
  length: 100,
});

async function openSession({ engine, size }) {
  return engine.writable(await createWithArray(engine, [size.n, COLUMNS]));
}

/** `count` forks, each of which has set references of one row. */
async function writtenForks(engine, session, count, refs) {
  const forks = [];
  for (let row = 0; row < count; row++) {
    const fork = session.fork();
    const columns = Array.from({ length: refs }, (_, column) => refAt(row, column));
    await engine.setVirtualRefs(fork, "/a", columns);
    forks.push(fork);
  }
  return forks;
}

/** Looks at the last row: whatever was merged last is there. */
async function checkMerged(engine, session, row) {
  check(await engine.sizeOf(session, `a/c/${row}/0`), 100, "the last fork's chunk");
}

async function mergeOneByOne(run) {
  const { engine, size } = run;
  const session = await openSession(run);
  const forks = await writtenForks(engine, session, size.n, size.refs);
  const merge = await measured(async () => {
    for (const fork of forks) await session.merge(fork);
  });
  await checkMerged(engine, session, size.n - 1);
  return merge;
}

/** Also what the next fork costs that is sent away, of which the parent's own changes are no part. */
async function mergeAtOnce(run) {
  const { engine, size } = run;
  const session = await openSession(run);
  const forks = await writtenForks(engine, session, size.n, 1);
  const merge = await measured(() => session.merge(forks));
  await checkMerged(engine, session, size.n - 1);
  return { ...merge, forkBytes: session.fork().toBytes({ overlay: "omit" }).length };
}

async function forkBetweenWrites(run) {
  const { engine, size } = run;
  const session = await openSession(run);
  const forks = [];
  const made = await measured(async () => {
    for (let row = 0; row < size.n; row++) {
      await session.store.set(`a/c/${row}/1`, Buffer.of(row & 0xff));
      forks.push(session.fork());
    }
  });
  check(await forks[0].store.exists("a/c/1/1"), false, "a write after the fork");
  check(await forks[size.n - 1].store.exists(`a/c/${size.n - 1}/1`), true, "a write before it");
  for (const [row, fork] of forks.entries())
    await engine.setVirtualRefs(fork, "/a", [refAt(row, 0)]);
  const merge = await measured(() => session.merge(forks));
  await checkMerged(engine, session, size.n - 1);
  return { made, merge };
}

/** A session with n uncommitted arrays, and n forks of it: each writes to an array of its own. */
async function forksOfArrays(run) {
  const { size } = run;
  const session = await openSession(run);
  for (let at = 0; at < size.n; at++)
    await session.store.set(`array-${at}/zarr.json`, arrayDocument([1]));
  const all = await measured(async () => {
    const forks = [];
    for (let at = 0; at < size.n; at++) {
      const fork = session.fork();
      await fork.store.set(`array-${at}/c/0`, Buffer.of(at & 0xff));
      forks.push(fork);
    }
    await session.merge(forks);
  });
  check(await session.store.exists(`array-${size.n - 1}/c/0`), true, "the last fork's chunk");
  return all;
}

/** n forks, each of which makes an array, merged one by one. */
async function mergeNewArrays(run) {
  const { size } = run;
  const session = await openSession(run);
  const forks = [];
  for (let at = 0; at < size.n; at++) {
    const fork = session.fork();
    await fork.store.set(`array-${at}/zarr.json`, arrayDocument([1]));
    forks.push(fork);
  }
  const all = await measured(async () => {
    for (const fork of forks) await session.merge(fork);
  });
  check(await session.store.exists(`array-${size.n - 1}/zarr.json`), true, "the last array");
  return all;
}

const sizes = (full, short, refs, step = 2) => ({
  full: [full, step * full, step * step * full].map((n) => ({ n, refs })),
  short: [short, 2 * short].map((n) => ({ n, refs })),
});
const shared = {
  place: { kind: "memory" },
  sides: { icefloe: { engine: "icefloe" }, official: { engine: "python" } },
};
const grown = (label, exponent, of, unit = "ms") => ({ label, unit, of, exponent });
const linear = (label, of = (r) => r.go.ms) => grown(label, 1.25, of);

export const cases = [
  {
    ...shared,
    name: "merge-one-by-one",
    title: "n forks of 100 references each, merged one by one (official: Python)",
    sizes: sizes(1000, 10, 100),
    phases: { go: mergeOneByOne },
    growth: [linear("merges")],
  },
  {
    ...shared,
    name: "merge-at-once",
    title: "n forks of one chunk each, in one merge (official: Python)",
    sizes: sizes(6250, 50, 1, 4),
    phases: { go: mergeAtOnce },
    growth: [linear("merge"), grown("the next fork as bytes", 0.1, (r) => r.go.forkBytes, "B")],
  },
  {
    ...shared,
    name: "fork-between-writes",
    title: "n times a chunk set and a fork made, which sets one",
    sizes: sizes(1500, 50),
    sides: { icefloe: { engine: "icefloe" } },
    phases: { go: forkBetweenWrites },
    growth: [
      linear("sets and forks", (r) => r.go.made.ms),
      linear("one merge of all", (r) => r.go.merge.ms),
    ],
  },
  {
    ...shared,
    name: "forks-of-arrays",
    title: "n forks of a session with n uncommitted arrays, in one merge",
    sizes: sizes(500, 10),
    sides: { icefloe: { engine: "icefloe" } },
    phases: { go: forksOfArrays },
    growth: [linear("forks and merge")],
  },
  {
    ...shared,
    name: "merge-new-arrays",
    title: "n forks that make an array each, merged one by one",
    sizes: sizes(500, 10),
    sides: { icefloe: { engine: "icefloe" } },
    phases: { go: mergeNewArrays },
    growth: [linear("merges")],
  },
];
