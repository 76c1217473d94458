/** Manifests that are larger than the cache for them: written once, read by both engines. */
import { check, createWithArray, sample } from "../array.mjs";
import { bytesRead, timed } from "../measure.mjs";
import { refAt } from "./virtual-refs.mjs";

const BATCH = 100_000;
const CHUNK_BYTES = 400;

function chunkAt(at) {
  const bytes = Buffer.alloc(CHUNK_BYTES, at & 0xff);
  bytes.writeUInt32LE(at, 0);
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

/** Sizes of some chunks, spread over all, by a session that was opened for it. */
async function read({ engine, size }) {
  const { refs, side, asked } = size;
  const before = bytesRead();
  const session = await engine.readonly(await engine.open());
  const totalMs = await timed(async () => {
    for (const at of sample(refs, asked)) {
      const found = Number(await engine.sizeOf(session, keyAt(at, side)));
      check(found > 0, true, `${keyAt(at, side)} has a size`);
    }
  });
  return { totalMs, readBytes: bytesRead() - before };
}

const shared = {
  place: { kind: "local", durability: "none", counted: true },
  boundSeconds: 90,
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
    title: "100 sizes among 500,000 inline chunks of 400 B, local",
    sizes: {
      full: { refs: 500_000, side: 1000, asked: 100 },
      short: { refs: 2000, side: 100, asked: 10 },
    },
    phases: { write: writeInline, read },
    figures: figures(40),
  },
  {
    ...shared,
    name: "large-virtual-manifest",
    title: "1,000 sizes among 5M virtual references, local",
    sizes: {
      full: { refs: 5_000_000, side: 1000, asked: 1000 },
      short: { refs: 2000, side: 100, asked: 10 },
    },
    phases: { write: writeVirtual, read },
    figures: figures(40),
  },
];
