/** What a web page pays that opens datasets: the pieces that load contain no code that writes them. */
import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gzippedBytes, type SplitBundle, sourcesIn, splitBundle } from "./split-bundle.ts";

const READING_BYTES_MAX = 60_000;
const WRITER =
  /^src\/(dataset\/store\/(append|region|locate|variable-plan|storage-encoding|write-[\w-]+)|dataset\/cf\/encode-\w+|zarr\/(write-[\w-]+|append|create|update))\.ts$/;

/** Makes a group with the unbundled package, reads it with the bundle, then writes with the bundle. */
const PROGRAM = `
import { Dataset } from "icefloe/dataset";
const store = new Map();
const time = { dims: ["time"], data: [new Date(0), new Date(3_600_000)] };
const air = { dims: ["time"], data: Float32Array.of(1, 2) };
await new Dataset({ variables: { air }, coordinates: { time } }).toZarr(store);

const { openZarr } = await import("./entry.js");
const dataset = await openZarr(store);
await dataset.load();
const { values } = dataset.get("air");
if (values.join() !== "1,2") throw new Error("read " + values);
const reading = loaded();
const copy = new Map();
await dataset.toZarr(copy);
if (!copy.has("/air/c/0")) throw new Error("wrote " + [...copy.keys()]);
process.stdout.write(JSON.stringify({ reading, writing: loaded() }));
`;

let bundle: SplitBundle<"reading" | "writing">;

beforeAll(async () => {
  bundle = await splitBundle(
    'export { openNetcdf, openZarr } from "./src/dataset/index.ts";',
    PROGRAM,
  );
});

afterAll(() => rmSync(bundle.folder, { recursive: true, force: true }));

test("a page that opens datasets loads nothing that writes them", () => {
  const sources = sourcesIn(bundle, bundle.pieces.reading);

  expect(sources).toContain("src/dataset/store/open-zarr.ts");
  expect(sources.filter((path) => WRITER.test(path))).toEqual([]);
});

test("what writes them is loaded by the first toZarr", () => {
  expect(sourcesIn(bundle, bundle.pieces.writing)).toContain("src/dataset/store/variable-plan.ts");
});

test(`opening and reading a dataset loads less than ${READING_BYTES_MAX / 1000} kB, gzipped`, () => {
  const { reading } = bundle.pieces;
  const bytes = gzippedBytes(bundle, reading);
  console.log(`bundle: openZarr + load ${bytes} bytes gzipped in ${reading.length} pieces`);

  expect(bytes).toBeLessThan(READING_BYTES_MAX);
});
