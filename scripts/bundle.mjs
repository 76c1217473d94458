/**
 * Turns a TypeScript program of this repository into one JavaScript file that Node runs: Node 20
 * strips no types. Packages stay imports, `icefloe` among them, which resolves to `dist/`
 * because the file lies inside the package.
 */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { ROOT } from "./prepare.mjs";

/** Bundles `entry` (relative to the root) into `.cache/<folder>/`; resolves to the file's path. */
export async function bundleForNode(entry, folder) {
  const { build } = await import("esbuild");
  const outfile = join(ROOT, ".cache", folder, basename(entry).replace(/\.ts$/, ".mjs"));
  if (!existsSync(join(ROOT, entry))) throw new Error(`there is no ${entry}`);
  await build({
    entryPoints: [join(ROOT, entry)],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
    // Without the paths of tsconfig.json: a program imports the built package, as a user's would.
    tsconfigRaw: "{}",
    sourcemap: "inline",
    logLevel: "error",
  });
  return outfile;
}
