/**
 * Rewrites `test/house/public-names.json` from the sources: every name a user can import, per
 * entry. Run it after a change of the public surface that is meant, and read the difference.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleForNode } from "./bundle.mjs";
import { ROOT } from "./prepare.mjs";

const file = await bundleForNode("test/house/public-surface.ts", "house");
const { namesByEntry, readPublicSurface } = await import(pathToFileURL(file).href);
const names = namesByEntry(readPublicSurface());
writeFileSync(
  join(ROOT, "test", "house", "public-names.json"),
  `${JSON.stringify(names, null, 2)}\n`,
);
