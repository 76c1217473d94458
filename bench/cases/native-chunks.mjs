/** Chunks in objects of their own, written and read many at once. */
import { checkBytes, concurrently, createWithArray, timed } from "../array.mjs";

const keyAt = (at) => `a/c/${at}`;

/** Bytes that differ from chunk to chunk, and are made in no time. */
function chunkAt(at, chunkBytes) {
  const bytes = Buffer.alloc(chunkBytes, at & 0xff);
  bytes.writeUInt32LE(at, 0);
  return bytes;
}

async function write({ engine, size }) {
  const { chunks, chunkBytes, atOnce, distinct } = size;
  const repository = await createWithArray(engine, [chunks * chunkBytes], [chunkBytes]);
  const session = await engine.writable(repository);
  const values = Array.from({ length: distinct }, (_, at) => chunkAt(at, chunkBytes));
  const setMs = await timed(() =>
    concurrently(chunks, atOnce, (at) => session.store.set(keyAt(at), values[at % distinct])),
  );
  const commitMs = await timed(() => session.commit("native chunks"));
  return { setMs, commitMs, ...ratesOf(setMs, size) };
}

async function read({ engine, size }) {
  const { chunks, chunkBytes, atOnce, distinct } = size;
  const session = await engine.readonly(await engine.open());
  const values = Array.from({ length: distinct }, (_, at) => chunkAt(at, chunkBytes));
  await session.store.get(keyAt(0)); // Loads the manifest.
  const readMs = await timed(() =>
    concurrently(chunks, atOnce, async (at) => {
      const bytes = await session.store.get(keyAt(at));
      // A glance while the clock runs; all of the bytes for a few.
      if (bytes.length !== chunkBytes || bytes[0] !== values[at % distinct][0])
        throw new Error(`${keyAt(at)}: other bytes than were written`);
    }),
  );
  for (const at of [0, chunks >> 1, chunks - 1])
    checkBytes(await session.store.get(keyAt(at)), values[at % distinct], keyAt(at));
  return { readMs, ...ratesOf(readMs, size) };
}

function ratesOf(ms, { chunks, chunkBytes }) {
  return {
    chunksPerSecond: (chunks / ms) * 1000,
    megabytesPerSecond: (chunks * chunkBytes) / 1e6 / (ms / 1000),
  };
}

const shared = {
  place: { kind: "local", durability: "metadata" },
  sides: {
    icefloe: { engine: "icefloe", options: {} },
    official: { engine: "official", options: {} },
  },
  phases: { write, read },
};

export const cases = [
  {
    ...shared,
    name: "small-chunks",
    title: "10,000 chunks of 4 KiB, 64 at once, local",
    sizes: {
      full: { chunks: 10_000, chunkBytes: 4096, atOnce: 64, distinct: 256 },
      short: { chunks: 100, chunkBytes: 4096, atOnce: 64, distinct: 100 },
    },
    figures: [
      { label: "written", unit: "/s", of: (r) => r.write.chunksPerSecond, reach: 1.5 },
      { label: "read", unit: "/s", of: (r) => r.read.chunksPerSecond, reach: 2 },
    ],
  },
  {
    ...shared,
    name: "large-chunks",
    title: "64 chunks of 8 MiB, 8 at once, local",
    sizes: {
      full: { chunks: 64, chunkBytes: 8 * 2 ** 20, atOnce: 8, distinct: 8 },
      short: { chunks: 4, chunkBytes: 2 ** 20, atOnce: 2, distinct: 4 },
    },
    figures: [
      { label: "written", unit: "MB/s", of: (r) => r.write.megabytesPerSecond, reach: 2.5 },
      { label: "read", unit: "MB/s", of: (r) => r.read.megabytesPerSecond, reach: 5 },
      { label: "peak memory of the read", unit: "MiB", of: (r) => r.read.peakBytes / 2 ** 20 },
    ],
  },
];
