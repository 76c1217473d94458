/** A bundle for browsers in pieces that load on first use, and a program that says which ones did. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";
import { ROOT } from "./source-tree.ts";

/** Tells the program around it which piece has been loaded. */
const ANNOUNCE = "(globalThis.__loadedPieces ??= new Set()).add(import.meta.url);";

/** Before the program: as in a browser without native zstd, and the pieces loaded so far. */
const PREAMBLE = `
process.getBuiltinModule = undefined;
const loaded = () => [...(globalThis.__loadedPieces ?? [])];
`;

/** A bundle, and pieces of it by the moments that its program named. */
export interface SplitBundle<Moment extends string> {
  readonly folder: string;
  readonly metafile: Metafile;
  readonly pieces: Readonly<Record<Moment, readonly string[]>>;
}

/**
 * Bundles `contents`, then runs `program`, which imports it as `./entry.js` and prints `loaded()` by
 * moment, as JSON. `icefloe` means the package as it is built.
 */
export async function splitBundle<Moment extends string>(
  contents: string,
  program: string,
): Promise<SplitBundle<Moment>> {
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".cache", "bundle-"));
  const { metafile } = await build({
    stdin: { contents, resolveDir: ROOT, sourcefile: "entry.ts" },
    outdir: folder,
    entryNames: "entry",
    absWorkingDir: ROOT,
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "browser",
    external: ["h5wasm", "numcodecs"],
    banner: { js: ANNOUNCE },
    metafile: true,
    logLevel: "silent",
  });
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  // Beside the folder, whose own package.json would hide ours.
  const file = `${folder}-program.mjs`;
  writeFileSync(
    file,
    PREAMBLE + program.replaceAll("./entry.js", `./${basename(folder)}/entry.js`),
  );
  try {
    const printed = execFileSync(process.execPath, [file], { encoding: "utf8" });
    return { folder, metafile, pieces: JSON.parse(printed) };
  } finally {
    rmSync(file);
  }
}

const nameOf = (url: string): string => basename(new URL(url).pathname);

/** What a server would send: the pieces without our announcement. */
export function gzippedBytes({ folder }: { folder: string }, urls: readonly string[]): number {
  return urls
    .map((url) => readFileSync(join(folder, nameOf(url)), "utf8").replace(ANNOUNCE, ""))
    .reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
}

/** Sources of which something came into these pieces. */
export function sourcesIn({ metafile }: { metafile: Metafile }, urls: readonly string[]): string[] {
  const names = urls.map(nameOf);
  return Object.entries(metafile.outputs)
    .filter(([path]) => names.includes(basename(path)))
    .flatMap(([, { inputs }]) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => path);
}
