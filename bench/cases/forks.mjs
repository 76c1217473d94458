/** Forks through bytes: workers set virtual references, a coordinator merges and commits. */
import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createWithArray } from "../array.mjs";
import { timed } from "../measure.mjs";
import { refAt, rereadSample } from "./virtual-refs.mjs";

const CHILD = fileURLToPath(new URL("../child.mjs", import.meta.url));
const sentTo = (folder, fork) => join(folder, `sent-${fork}`);
const returnedBy = (folder, fork) => join(folder, `returned-${fork}`);

/** The workers run in a process of their own while the coordinator's clock stands still. */
async function coordinate(run) {
  const { engine, size, folder } = run;
  const { forks, side } = size;
  const repository = await createWithArray(engine, [size.refs / side, side]);
  let session;
  const forkMs = await timed(async () => {
    session = await engine.writable(repository);
    for (let fork = 0; fork < forks; fork++)
      await writeFile(sentTo(folder, fork), session.fork().toBytes());
  });
  const { engine: _, ...plain } = run;
  const worker = { ...plain, engine: "icefloe", phase: "work", counted: false };
  const { status } = spawnSync(process.execPath, [CHILD, JSON.stringify(worker)], {
    stdio: ["ignore", "ignore", "inherit"],
    timeout: 1000 * run.boundSeconds,
  });
  if (status !== 0) throw new Error("the worker failed");
  let returnedBytes = 0;
  async function* returned() {
    for (let fork = 0; fork < forks; fork++) {
      const bytes = await readFile(returnedBy(folder, fork));
      returnedBytes += bytes.length;
      yield bytes;
    }
  }
  const mergeMs = await timed(() => session.merge(returned()));
  const commitMs = await timed(() => session.commit("merged forks"));
  const rereadMs = await timed(() => rereadSample(engine, repository, size));
  return {
    forkMs,
    mergeMs,
    commitMs,
    rereadMs,
    totalMs: forkMs + mergeMs + commitMs,
    bytesPerRef: returnedBytes / size.refs,
  };
}

async function work({ engine, size, folder }) {
  const { forks, refs, side } = size;
  const perFork = refs / forks;
  const workMs = await timed(async () => {
    for (let fork = 0; fork < forks; fork++) {
      const session = await engine.forkFromBytes(await readFile(sentTo(folder, fork)));
      const start = fork * perFork;
      const batch = Array.from({ length: perFork }, (_, at) => refAt(start + at, side));
      await engine.setVirtualRefs(session, "/a", batch);
      await writeFile(returnedBy(folder, fork), session.toBytes());
    }
  });
  return { workMs };
}

const reread = async ({ engine, size }) => ({
  checkMs: await timed(async () => rereadSample(engine, await engine.open(), size)),
});

const totalWithReread = ({ coordinate: { totalMs, rereadMs } }) => totalMs + rereadMs;

export const cases = [
  {
    name: "forks",
    title: "100 forks x 10,000 virtual references through bytes, local (official: Python)",
    place: { kind: "local", durability: "metadata" },
    sizes: {
      full: { forks: 100, refs: 1_000_000, side: 1000 },
      short: { forks: 4, refs: 2000, side: 100 },
    },
    sides: { icefloe: { engine: "icefloe" }, official: { engine: "python" } },
    phases: { coordinate, reread, work },
    steps: ["coordinate", "reread"],
    figures: [
      { label: "coordinator", unit: "ms", of: (r) => r.coordinate.totalMs, reach: 0.3 },
      { label: "the same + 1,000 sizes read", unit: "ms", of: totalWithReread, reach: 0.3 },
      {
        label: "coordinator's peak memory",
        unit: "MiB",
        of: (r) => r.coordinate.peakBytes / 2 ** 20,
        reach: 0.35,
      },
      { label: "bytes per reference", unit: "B", of: (r) => r.coordinate.bytesPerRef, reach: 0.6 },
    ],
  },
];
