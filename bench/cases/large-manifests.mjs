/** Manifests that are larger than the cache for them: written once, read by both engines. */
import { check, checkBytes, createWithArray, sample } from "../array.mjs";
import { bytesRead, timed } from "../measure.mjs";
import { lengthAt, refAt } from "./virtual-refs.mjs";

const BATCH = 100_000;
const CHUNK_BYTES = 400;

/** A tenth of it is not to be compressed: the manifest's file takes part of the cache too. */
function chunkAt(at) {
  const bytes = Buffer.alloc(CHUNK_BYTES, at & 0xff);
  for (let word = 0; word < 12; word++)
    bytes.writeUInt32LE(Math.imul(at * 12 + word + 1, 2654435761) >>> 0, 4 * word);
  return bytes;
}

const keyAt = (at, side) => `a/c/${Math.floor(at / side)}/${at % side}`;

async function writeInline({ engine, size }) {
  const { refs, side } = size;
  const session = await engine.writable(await createWithArray(engine, [refs / side, side]));
  for (let at = 0; at < refs; at++) await session.store.set(keyAt(at, side), chunkAt(at));
  await session.commit("inline chunks");
  return {};
}

async function writeVirtual({ engine, size }) {
  const { refs, side } = size;
  const session = await engine.writable(await createWithArray(engine, [refs / side, side]));
  for (let start = 0; start < refs; start += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, refs - start) }, (_, at) =>
      refAt(start + at, side),
    );
    await engine.setVirtualRefs(session, "/a", batch);
  }
  await session.commit("virtual references");
  return {};
}

/** Asks for some chunks, spread over all, by a session that was opened for it. */
async function ask({ engine, size: { refs, side, asked } }, question) {
  const before = bytesRead();
  const session = await engine.readonly(await engine.open());
  const totalMs = await timed(async () => {
    for (const at of sample(refs, asked)) await question(session, keyAt(at, side), at);
  });
  return { totalMs, readBytes: bytesRead() - before };
}

const readInline = (run) =>
  ask(run, async ({ store }, key, at) => checkBytes(await store.get(key), chunkAt(at), key));

const readSizes = (run) =>
  ask(run, async (session, key, at) =>
    check(Number(await run.engine.sizeOf(session, key)), lengthAt(at), key),
  );

const shared = {
  place: { kind: "local", durability: "none", counted: true },
  rounds: 1,
  shared: { written: { engine: "icefloe", phase: "write" } },
  sides: {
    icefloe: { engine: "icefloe", at: "written" },
    official: { engine: "official", at: "written" },
  },
  steps: ["read"],
};
const figures = (most) => [
  { label: "read", unit: "ms", of: (r) => r.read.totalMs, reach: 1 },
  { label: "bytes read", unit: "MB", of: (r) => r.read.readBytes / 1e6 },
  { label: "requests", unit: "", of: (r) => r.read.counts?.requests, most },
];

export const cases = [
  {
    ...shared,
    name: "large-inline-manifest",
    title: "100 of 500,000 inline chunks of 400 B read, local",
    sizes: {
      full: { refs: 500_000, side: 1000, asked: 100 },
      short: { refs: 2000, side: 100, asked: 10 },
    },
    phases: { write: writeInline, read: readInline },
    figures: figures(40),
  },
  {
    ...shared,
    name: "large-virtual-manifest",
    title: "the sizes of 1,000 of 5M virtual references, local",
    sizes: {
      full: { refs: 5_000_000, side: 1000, asked: 1000 },
      short: { refs: 2000, side: 100, asked: 10 },
    },
    phases: { write: writeVirtual, read: readSizes },
    figures: figures(40),
  },
];
