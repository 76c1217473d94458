/** Many virtual references of one array, in batches, and one commit. */
import { check, createWithArray, sample } from "../array.mjs";
import { timed } from "../measure.mjs";

const FILE_REFS = 100;
const SAMPLE = 1000;

/** Reference number `at`: a part of one of many files, 31 characters long each. */
export function refAt(at, side) {
  const name = String(Math.floor(at / FILE_REFS)).padStart(5, "0");
  return {
    index: [Math.floor(at / side), at % side],
    location: `s3://bucket/data/2020/f${name}.nc`,
    offset: (at % FILE_REFS) * 4096 + 100,
    length: lengthAt(at),
  };
}

export const lengthAt = (at) => 1000 + (at % 1000);

function batchOfObjects(start, { batch, side }) {
  return Array.from({ length: batch }, (_, at) => refAt(start + at, side));
}

function batchOfColumns(start, { batch, side }) {
  const dictionary = [];
  const columns = {
    gridShape: [batch / side, side],
    gridOffset: [start / side, 0],
    locations: { dictionary, codes: new Uint32Array(batch) },
    offsets: new Float64Array(batch),
    lengths: new Float64Array(batch),
  };
  for (let at = 0; at < batch; at++) {
    const { location, offset, length } = refAt(start + at, side);
    if (dictionary.at(-1) !== location) dictionary.push(location);
    columns.locations.codes[at] = dictionary.length - 1;
    columns.offsets[at] = offset;
    columns.lengths[at] = length;
  }
  return columns;
}

/** Sizes of a sample of chunks, by a session of its own: nothing may have been put off. */
export async function rereadSample(engine, repository, { refs, side }) {
  const session = await engine.readonly(repository);
  for (const at of sample(refs, SAMPLE)) {
    const key = `a/c/${Math.floor(at / side)}/${at % side}`;
    check(Number(await engine.sizeOf(session, key)), lengthAt(at), key);
  }
}

async function write({ engine, size, options }) {
  const { refs, batch, side } = size;
  const repository = await createWithArray(engine, [refs / side, side]);
  let setMs = 0;
  let session;
  const openMs = await timed(async () => {
    session = await engine.writable(repository);
  });
  for (let start = 0; start < refs; start += batch) {
    const input = options.columns ? batchOfColumns(start, size) : batchOfObjects(start, size);
    const set = options.columns ? engine.setVirtualRefColumns : engine.setVirtualRefs;
    setMs += await timed(() => set(session, "/a", input));
  }
  const commitMs = await timed(() => session.commit("virtual references"));
  const rereadMs = await timed(() => rereadSample(engine, repository, size));
  return { setMs, commitMs, rereadMs, totalMs: openMs + setMs + commitMs };
}

const reread = async ({ engine, size }) => ({
  checkMs: await timed(async () => rereadSample(engine, await engine.open(), size)),
});

const withReread = ({ write: { totalMs, rereadMs } }) => totalMs + rereadMs;
const figures = (side, reach) => [
  { side, label: "set + commit", unit: "ms", of: ({ write }) => write.totalMs, reach },
  { side, label: "the same + 1,000 sizes read", unit: "ms", of: withReread, reach },
];

export const cases = [
  {
    name: "virtual-refs",
    title: "1M virtual references in batches of 100k, local",
    place: { kind: "local", durability: "metadata" },
    sizes: {
      full: { refs: 1_000_000, batch: 100_000, side: 1000 },
      short: { refs: 2000, batch: 1000, side: 100 },
    },
    sides: {
      icefloe: { engine: "icefloe" },
      columns: { engine: "icefloe", options: { columns: true } },
      official: { engine: "official" },
    },
    phases: { write, reread },
    figures: [
      ...figures("icefloe", 0.15),
      ...figures("columns", 0.1),
      ...["icefloe", "columns"].map((side) => ({
        side,
        label: "peak memory",
        unit: "MiB",
        of: ({ write: { peakBytes } }) => peakBytes / 2 ** 20,
        reach: 0.35,
      })),
    ],
  },
];
