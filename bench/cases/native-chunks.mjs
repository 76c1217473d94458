/** Chunks in objects of their own, written and read many at once; beside them, as files alone. */
import { checkBytes, concurrently, createWithArray } from "../array.mjs";
import { timed } from "../measure.mjs";

const keyAt = (at) => `a/c/${at}`;

/** Bytes that differ from chunk to chunk, and are made in no time. */
function chunkAt(at, chunkBytes) {
  const bytes = Buffer.alloc(chunkBytes, at & 0xff);
  bytes.writeUInt32LE(at, 0);
  return bytes;
}

async function write({ engine, size, options }) {
  const { chunks, chunkBytes, atOnce, distinct } = size;
  const values = Array.from({ length: distinct }, (_, at) => chunkAt(at, chunkBytes));
  if (options.bare) return writeFiles(engine, size, values);
  const repository = await createWithArray(engine, [chunks * chunkBytes], [chunkBytes]);
  const session = await engine.writable(repository);
  const setMs = await timed(() =>
    concurrently(chunks, atOnce, (at) => session.store.set(keyAt(at), values[at % distinct])),
  );
  const commitMs = await timed(() => session.commit("native chunks"));
  return { setMs, commitMs, ...ratesOf(setMs, size) };
}

async function read({ engine, size, options }) {
  const { chunks, chunkBytes, atOnce, distinct } = size;
  const values = Array.from({ length: distinct }, (_, at) => chunkAt(at, chunkBytes));
  if (options.bare) return readFiles(engine, size, values);
  const session = await engine.readonly(await engine.open());
  await session.store.get(keyAt(0)); // Loads the manifest.
  const readMs = await timed(() =>
    concurrently(chunks, atOnce, async (at) => {
      // A glance while the clock runs; all of the bytes for a few.
      glanceAt(await session.store.get(keyAt(at)), values[at % distinct], at);
    }),
  );
  for (const at of [0, chunks >> 1, chunks - 1])
    checkBytes(await session.store.get(keyAt(at)), values[at % distinct], keyAt(at));
  return { readMs, ...ratesOf(readMs, size) };
}

async function writeFiles(files, size, values) {
  const { chunks, atOnce } = size;
  await files.create();
  const setMs = await timed(() =>
    concurrently(chunks, atOnce, (at) => files.write(`${at}`, values[at % values.length])),
  );
  return { setMs, ...ratesOf(setMs, size) };
}

async function readFiles(files, size, values) {
  const { chunks, atOnce } = size;
  const readMs = await timed(() =>
    concurrently(chunks, atOnce, async (at) =>
      glanceAt(await files.read(`${at}`), values[at % values.length], at),
    ),
  );
  return { readMs, ...ratesOf(readMs, size) };
}

function glanceAt(bytes, expected, at) {
  if (bytes.length !== expected.length || bytes[0] !== expected[0])
    throw new Error(`${keyAt(at)}: other bytes than were written`);
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
    icefloe: { engine: "icefloe" },
    official: { engine: "official" },
    bare: { engine: "bare", options: { bare: true } },
  },
  phases: { write, read },
};

const figures = (label, unit, of, reach, reachOfBare) => [
  { label, unit, of, reach },
  { label: `${label}, beside bare Node`, other: "bare", unit, of, reach: reachOfBare },
];

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
      ...figures("written", "/s", (r) => r.write.chunksPerSecond, undefined, 0.8),
      ...figures("read", "/s", (r) => r.read.chunksPerSecond, 2.5),
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
      ...figures("written", "MB/s", (r) => r.write.megabytesPerSecond, 2.5),
      ...figures("read", "MB/s", (r) => r.read.megabytesPerSecond, 5, 0.8),
      { label: "peak memory of the read", unit: "MiB", of: (r) => r.read.peakBytes / 2 ** 20 },
    ],
  },
];
