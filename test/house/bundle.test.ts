/**
 * What a web page pays: the core bundled for browsers by esbuild, in pieces that load on first
 * use. Counted are the pieces that really load, by opening and reading, then by committing.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "./source-tree.ts";

const READING_BYTES_MAX = 60_000;
const WRITING_BYTES_MAX = 100_000;

/** Tells the program around it which piece has been loaded. */
const ANNOUNCE = "(globalThis.__loadedPieces ??= new Set()).add(import.meta.url);";

/** Makes a repository with the unbundled package, then reads and writes it with the bundle alone. */
const PROGRAM = `
import { Repository as Maker, memoryStorage } from "icefloe";
process.getBuiltinModule = undefined; // As in a browser: no native zstd.
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
const loaded = () => [...(globalThis.__loadedPieces ?? [])];
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

let folder: string;
let metafile: Metafile;
let pieces: { readonly reading: readonly string[]; readonly writing: readonly string[] };

/** What a server would send: the pieces without our announcement. */
function gzippedBytes(urls: readonly string[]): number {
  return urls
    .map((url) => readFileSync(join(folder, basename(new URL(url).pathname)), "utf8"))
    .map((text) => text.replace(ANNOUNCE, ""))
    .reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
}

beforeAll(async () => {
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  folder = mkdtempSync(join(ROOT, ".cache", "bundle-"));
  const result = await build({
    stdin: {
      contents: 'export { httpStorage, Repository } from "./src/index.ts";',
      resolveDir: ROOT,
      sourcefile: "entry.ts",
    },
    outdir: folder,
    entryNames: "entry",
    absWorkingDir: ROOT,
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "browser",
    banner: { js: ANNOUNCE },
    metafile: true,
    logLevel: "silent",
  });
  metafile = result.metafile;
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const program = join(ROOT, ".cache", `${basename(folder)}-program.mjs`);
  writeFileSync(program, PROGRAM.replace("./entry.js", `./${basename(folder)}/entry.js`));
  pieces = JSON.parse(execFileSync(process.execPath, [program], { encoding: "utf8" }));
  rmSync(program);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the core bundles for browsers without any module of Node", () => {
  const inputs = Object.keys(metafile.inputs);

  expect(inputs.filter((path) => path.startsWith("node:") || path.includes("(disabled)"))).toEqual(
    [],
  );
  expect(readdirSync(folder)).toContain("entry.js");
});

test("the core takes nothing from the folders above the repository", () => {
  const inputs = Object.keys(metafile.inputs).filter((path) => path.startsWith("src/"));

  expect(inputs.filter((path) => /^src\/(zarr|testing|parallel|dataset)\//.test(path))).toEqual([]);
});

test(`opening and reading loads less than ${READING_BYTES_MAX / 1000} kB, gzipped`, () => {
  const bytes = gzippedBytes(pieces.reading);
  console.log(`bundle: open + get ${bytes} bytes gzipped in ${pieces.reading.length} pieces`);

  expect(bytes).toBeLessThan(READING_BYTES_MAX);
});

test(`writing too loads less than ${WRITING_BYTES_MAX / 1000} kB, gzipped`, () => {
  const bytes = gzippedBytes(pieces.writing);
  console.log(`bundle: with writing ${bytes} bytes gzipped in ${pieces.writing.length} pieces`);

  expect(bytes).toBeLessThan(WRITING_BYTES_MAX);
});
