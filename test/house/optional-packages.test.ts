/**
 * Optional packages in bundles: every entry bundles where none of them is installed, and says which
 * one it misses when it is needed; where one is installed, the bundle holds it.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build, type Metafile } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { entryDeclarations } from "./public-surface.ts";
import { ROOT, textOf } from "./source-tree.ts";

const FOR_NODE = ["./storage/local", "./parallel/node", "./dataset/node"];
const { dependencies, peerDependencies } = JSON.parse(textOf("package.json")) as {
  dependencies: object;
  peerDependencies: object;
};
const OPTIONAL = Object.keys(peerDependencies);

/** Uses what needs an optional package, from a bundle; prints the errors. */
const PROGRAM = `
import { createArray, writeRegion } from "icefloe/zarr";
import { openNetcdf } from "icefloe/dataset";
import { gcsStorage } from "icefloe/storage/gcs";

const errors = {};
await gcsStorage({ bucket: "bucket" }).get("repo").catch((error) => { errors.google = error; });
const signature = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0);
await openNetcdf(signature).catch((error) => { errors.h5wasm = error; });
const codecs = [{ name: "bytes" }, { name: "blosc" }];
const store = new Map();
const array = { shape: [2], chunkShape: [2], dtype: "uint8", codecs };
await createArray(store, "/a", array);
await writeRegion(store, "/a", { data: Uint8Array.of(1, 2) }).catch((error) => { errors.numcodecs = error; });
process.stdout.write(JSON.stringify(errors));
`;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "icefloe-bundle-"));
  const installed = join(folder, "node_modules", "icefloe");
  mkdirSync(installed, { recursive: true });
  cpSync(join(ROOT, "dist"), join(installed, "dist"), { recursive: true });
  cpSync(join(ROOT, "package.json"), join(installed, "package.json"));
  for (const name of Object.keys(dependencies))
    symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Bundles a program that lies beside the installed package; fails if anything is not found. */
async function bundle(
  contents: string,
  outfile: string,
  platform: "browser" | "node",
): Promise<Metafile> {
  const { metafile } = await build({
    stdin: { contents, resolveDir: folder },
    outfile: join(folder, outfile),
    absWorkingDir: folder,
    bundle: true,
    format: "esm",
    platform,
    metafile: true,
    logLevel: "silent",
  });
  return metafile;
}

/** Packages that came into a bundle. */
function packagesIn({ inputs }: Metafile): string[] {
  const found = Object.keys(inputs).flatMap((path) => {
    const [, name] = /node_modules\/([^/]+)\//.exec(path) ?? [];
    return name === undefined ? [] : [name];
  });
  return [...new Set(found)].sort();
}

test.each([...entryDeclarations().keys()])(
  "entry %s bundles in a folder without any optional package",
  async (entry) => {
    const specifier = entry.replace(".", "icefloe");
    const platform = FOR_NODE.includes(entry) ? "node" : "browser";

    const metafile = await bundle(`export * from "${specifier}";`, "entry.js", platform);

    const found = packagesIn(metafile).filter((name) => !(name in dependencies));
    expect(found).toEqual(["icefloe"]);
  },
);

test("a bundle without the optional packages says which one it needs", async () => {
  await bundle(PROGRAM, "program.mjs", "node");

  const printed = execFileSync(process.execPath, [join(folder, "program.mjs")], {
    encoding: "utf8",
  });

  const missing = (name: string) => ({ kind: "missing-dependency", details: { package: name } });
  expect(JSON.parse(printed)).toMatchObject({
    google: missing("google-auth-library"),
    h5wasm: missing("h5wasm"),
    numcodecs: missing("numcodecs"),
  });
});

test("where they are installed, a bundle holds them", async () => {
  for (const name of OPTIONAL) {
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), link, "junction");
  }
  const contents = 'export * from "icefloe/zarr"; export * from "icefloe/dataset";';

  const metafile = await bundle(contents, "whole.js", "browser");

  expect(packagesIn(metafile)).toEqual(expect.arrayContaining(["h5wasm", "numcodecs"]));
});
