/**
 * Rewrites `test/house/public-names.json` from the sources: every name a user can import, per
 * entry. Run it after a change of the public surface that is meant, and read the difference.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleForNode } from "./bundle.mjs";
import { ROOT } from "./prepare.mjs";

const file = await bundleForNode("test/house/public-surface.ts", "house");
const { namesByEntry, readPublicSurface } = await import(pathToFileURL(file).href);
const names = namesByEntry(readPublicSurface());
const page = join(ROOT, "test", "house", "public-names.json");
writeFileSync(page, `${JSON.stringify(names, null, 2)}\n`);
const biome = join(ROOT, "node_modules", "@biomejs", "biome", "bin", "biome");
const { status } = spawnSync(process.execPath, [biome, "format", "--write", page], {
  stdio: ["ignore", "ignore", "inherit"],
});
process.exitCode = status ?? 1;
