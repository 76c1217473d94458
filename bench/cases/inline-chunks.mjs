/** Many chunks that are stored within the manifest; then asked for. */
import { checkBytes, concurrently, createWithArray, sample } from "../array.mjs";
import { timed } from "../measure.mjs";

const CHUNK_BYTES = 16;
const AT_ONCE = 1000;
const SAMPLE = 1000;

function chunkAt(at) {
  const bytes = Buffer.alloc(CHUNK_BYTES);
  bytes.writeUInt32LE(at, 0);
  bytes.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, 4);
  return bytes;
}

const keyAt = (at, side) => `a/c/${Math.floor(at / side)}/${at % side}`;

export const SIZES = {
  full: { chunks: 1_000_000, side: 1000, asked: 200_000 },
  short: { chunks: 2000, side: 100, asked: 2000 },
};

export async function write({ engine, size }) {
  const { chunks, side } = size;
  const repository = await createWithArray(engine, [chunks / side, side]);
  const session = await engine.writable(repository);
  const keys = Array.from({ length: chunks }, (_, at) => keyAt(at, side));
  const values = Array.from({ length: chunks }, (_, at) => chunkAt(at));
  const setMs = await timed(() =>
    concurrently(chunks, AT_ONCE, (at) => session.store.set(keys[at], values[at])),
  );
  const commitMs = await timed(() => session.commit("inline chunks"));
  const rereadMs = await timed(async () => rereadSample(await engine.readonly(repository), size));
  return { setMs, commitMs, rereadMs, setsPerSecond: (chunks / setMs) * 1000 };
}

async function rereadSample(session, { chunks, side }) {
  for (const at of sample(chunks, SAMPLE)) {
    const key = keyAt(at, side);
    checkBytes(await session.store.get(key), chunkAt(at), key);
  }
}

export async function open({ engine, size }) {
  const at = size.chunks - 1;
  let session;
  let bytes;
  const openMs = await timed(async () => {
    session = await engine.readonly(await engine.open());
    bytes = await session.store.get(keyAt(at, size.side));
  });
  checkBytes(bytes, chunkAt(at), "the last chunk");
  return { openMs };
}

async function exists({ engine, size }) {
  const { chunks, side, asked } = size;
  const keys = Array.from({ length: asked }, (_, i) => keyAt((i * 7919) % chunks, side));
  let session;
  // All of the manifest is loaded by the first questions, spread over it.
  const loadMs = await timed(async () => {
    session = await engine.readonly(await engine.open());
    for (const at of sample(chunks, SAMPLE)) await session.store.exists(keyAt(at, side));
  });
  let found = 0;
  const existsMs = await timed(() =>
    concurrently(asked, AT_ONCE, async (at) => {
      if (await session.store.exists(keys[at])) found++;
    }),
  );
  if (found !== asked) throw new Error(`${asked - found} chunks do not exist`);
  return { loadMs, existsMs, existsPerSecond: (asked / existsMs) * 1000 };
}

export const cases = [
  {
    name: "inline-chunks",
    title: "1M inline chunks by set, local",
    place: { kind: "local", durability: "metadata" },
    sizes: SIZES,
    sides: { icefloe: { engine: "icefloe" }, official: { engine: "official" } },
    phases: { write, exists },
    figures: [
      { label: "sets", unit: "/s", of: (r) => r.write.setsPerSecond, reach: 3 },
      { label: "commit", unit: "ms", of: (r) => r.write.commitMs, reach: 0.3 },
      {
        label: "commit + 1,000 chunks read",
        unit: "ms",
        of: (r) => r.write.commitMs + r.write.rereadMs,
        reach: 0.3,
      },
      { label: "peak memory of the write", unit: "MiB", of: (r) => r.write.peakBytes / 2 ** 20 },
      { label: "exists", unit: "/s", of: (r) => r.exists.existsPerSecond, reach: 10 },
      {
        label: "cold open + 201,000 exists",
        unit: "ms",
        of: (r) => r.exists.loadMs + r.exists.existsMs,
      },
    ],
  },
];
