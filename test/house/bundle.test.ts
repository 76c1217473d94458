/**
 * What a web page pays: the core bundled for browsers by esbuild, in pieces that load on first
 * use. Counted are the pieces that really load, by opening and reading, then by committing.
 */
import { readdirSync, rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gzippedBytes, type SplitBundle, splitBundle } from "./split-bundle.ts";

const READING_BYTES_MAX = 60_000;
const WRITING_BYTES_MAX = 100_000;

/** Makes a repository with the unbundled package, then reads and writes it with the bundle alone. */
const PROGRAM = `
import { Repository as Maker, memoryStorage } from "icefloe";
const storage = memoryStorage();
const array = { zarr_format: 3, node_type: "array", shape: [4], data_type: "int8",
  chunk_grid: { name: "regular", configuration: { chunk_shape: [4] } },
  chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
  fill_value: 0, codecs: [{ name: "bytes" }], attributes: {} };
const maker = await (await Maker.create(storage)).writableSession("main");
await maker.store.set("a/zarr.json", new TextEncoder().encode(JSON.stringify(array)));
await maker.store.set("a/c/0", Uint8Array.of(1, 2, 3, 4));
await maker.commit("made");

const { Repository } = await import("./entry.js");
const repository = await Repository.open(storage);
const reader = await repository.readonlySession("main");
const bytes = await reader.store.get("a/c/0");
if (bytes?.join() !== "1,2,3,4") throw new Error("read " + bytes);
const reading = loaded();
const writer = await repository.writableSession("main");
await writer.store.set("a/c/0", Uint8Array.of(5, 6, 7, 8));
await writer.commit("written by the bundle");
process.stdout.write(JSON.stringify({ reading, writing: loaded() }));
`;

let bundle: SplitBundle<"reading" | "writing">;

beforeAll(async () => {
  bundle = await splitBundle('export { httpStorage, Repository } from "./src/index.ts";', PROGRAM);
});

afterAll(() => rmSync(bundle.folder, { recursive: true, force: true }));

test("the core bundles for browsers without any module of Node", () => {
  const inputs = Object.keys(bundle.metafile.inputs);

  expect(inputs.filter((path) => path.startsWith("node:") || path.includes("(disabled)"))).toEqual(
    [],
  );
  expect(readdirSync(bundle.folder)).toContain("entry.js");
});

test("the core takes nothing from the folders above the repository", () => {
  const inputs = Object.keys(bundle.metafile.inputs).filter((path) => path.startsWith("src/"));

  expect(inputs.filter((path) => /^src\/(zarr|testing|parallel|dataset)\//.test(path))).toEqual([]);
});

test("the core takes no storage that belongs to one platform", () => {
  const inputs = Object.keys(bundle.metafile.inputs);

  expect(inputs.filter((path) => /^src\/storage\/(local|opfs)\//.test(path))).toEqual([]);
});

test(`opening and reading loads less than ${READING_BYTES_MAX / 1000} kB, gzipped`, () => {
  const { reading } = bundle.pieces;
  const bytes = gzippedBytes(bundle, reading);
  console.log(`bundle: open + get ${bytes} bytes gzipped in ${reading.length} pieces`);

  expect(bytes).toBeLessThan(READING_BYTES_MAX);
});

test(`writing too loads less than ${WRITING_BYTES_MAX / 1000} kB, gzipped`, () => {
  const { writing } = bundle.pieces;
  const bytes = gzippedBytes(bundle, writing);
  console.log(`bundle: with writing ${bytes} bytes gzipped in ${writing.length} pieces`);

  expect(bytes).toBeLessThan(WRITING_BYTES_MAX);
});
