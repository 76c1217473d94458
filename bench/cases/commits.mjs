/** Many commits of one chunk each: by one writer after the other, and by many at once. */
import { check, checkBytes, createWithArray } from "../array.mjs";
import { timed } from "../measure.mjs";

const chunkAt = (at) => Buffer.from(`chunk ${at}`);

async function commitInTurn({ engine, size }) {
  const { commits } = size;
  const repository = await createWithArray(engine, [commits]);
  const totalMs = await timed(async () => {
    for (let at = 0; at < commits; at++) {
      const session = await engine.writable(repository);
      await session.store.set(`a/c/${at}`, chunkAt(at));
      await session.commit(`commit ${at}`);
    }
  });
  await checkAll(engine, repository, commits);
  return { totalMs, commitsPerSecond: (commits / totalMs) * 1000 };
}

/** Every task commits again and again; the longest that one commit took is the worst wait. */
async function commitAtOnce({ engine, size, options }) {
  const { tasks, commits } = size;
  const repository = await createWithArray(engine, [tasks * commits]);
  const land = options.solver ? engine.commitWithSolver : (...of) => commitInLoop(engine, ...of);
  let conflicts = 0;
  let worstWaitMs = 0;
  const runTask = async (task) => {
    for (let n = 0; n < commits; n++) {
      const at = task * commits + n;
      const session = await engine.writable(repository);
      await session.store.set(`a/c/${at}`, chunkAt(at));
      const waitMs = await timed(async () => {
        const lostRaces = await land(session, `task ${task}, commit ${n}`);
        if (!options.solver) conflicts += lostRaces;
      });
      worstWaitMs = Math.max(worstWaitMs, waitMs);
    }
  };
  const totalMs = await timed(() =>
    Promise.all(Array.from({ length: tasks }, (_, task) => runTask(task))),
  );
  const count = tasks * commits;
  const lost = count + 1 - (await engine.countCommits(repository));
  if (!options.mayLose) await checkAll(engine, repository, count);
  return {
    totalMs,
    commitsPerSecond: (count / totalMs) * 1000,
    worstWaitMs,
    conflictsPerCommit: conflicts / count,
    lost,
  };
}

/** What users of either engine write: commit, and after a lost race rebase and commit again. */
async function commitInLoop(engine, session, message) {
  for (let conflicts = 0; ; conflicts++) {
    try {
      await session.commit(message);
      return conflicts;
    } catch (error) {
      if (!engine.isConflict(error)) throw error;
    }
    await session.rebase();
  }
}

/** No commit is lost: each is in the history, and its chunk in the array. */
async function checkAll(engine, repository, commits) {
  check(await engine.countCommits(repository), commits + 1, "commits in the history");
  const { store } = await engine.readonly(repository);
  for (let at = 0; at < commits; at++)
    checkBytes(await store.get(`a/c/${at}`), chunkAt(at), `chunk ${at}`);
}

const MEMORY = { kind: "memory" };
const LOCAL = { kind: "local", durability: "none" };
const SYNCED = { kind: "local", durability: "metadata" };
const rate = (r) => r.write.commitsPerSecond;

const inTurn = (name, where, place, reach) => ({
  name,
  title: `300 one-chunk commits one after another, ${where}`,
  place,
  sizes: { full: { commits: 300 }, short: { commits: 5 } },
  sides: { icefloe: { engine: "icefloe" }, official: { engine: "official" } },
  phases: { write: commitInTurn },
  figures: [{ label: "commits", unit: "/s", of: rate, reach }],
});

// The official engine says of its local storage that it is not safe for concurrent commits.
const atOnce = (name, where, place, reach = {}) => ({
  name,
  title: `32 tasks x 10 commits on one branch, each in a loop of commit and rebase, ${where}`,
  place,
  sizes: { full: { tasks: 32, commits: 10 }, short: { tasks: 4, commits: 2 } },
  sides: {
    icefloe: { engine: "icefloe" },
    solver: { engine: "icefloe", options: { solver: true } },
    official: { engine: "official", options: { mayLose: place !== MEMORY } },
  },
  phases: { write: commitAtOnce },
  figures: [
    { label: "commits", unit: "/s", of: rate, reach: reach.rate },
    { label: "worst wait", unit: "ms", of: (r) => r.write.worstWaitMs, reach: reach.wait },
    { label: "conflicts per commit", unit: "", of: (r) => r.write.conflictsPerCommit },
    { label: "commits lost", unit: "", of: (r) => r.write.lost, most: 0 },
    { side: "solver", label: "commits", unit: "/s", of: rate, reach: reach.solver },
    { side: "solver", label: "commits lost", unit: "", of: (r) => r.write.lost, most: 0 },
  ],
});

const SHARED = { rate: 2, wait: 0.3, solver: 1 };

export const cases = [
  inTurn("commits-memory", "memory", MEMORY, 1.5),
  inTurn("commits-local", "local, durability none", LOCAL, 1.2),
  inTurn("commits-local-synced", "local, durability metadata", SYNCED),
  atOnce("contention-memory", "memory", MEMORY, SHARED),
  atOnce("contention-local", "local, durability none", LOCAL, SHARED),
  atOnce("contention-local-synced", "local, durability metadata", SYNCED),
];
