/**
 * Rewrites `test/house/signatures/` from the build: what every public entry exports, as its
 * declarations say it. Run it after a change of the public surface that is meant, once it is built,
 * and read the difference.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleForNode } from "./bundle.mjs";
import { ROOT } from "./prepare.mjs";

const file = await bundleForNode("test/house/public-signatures.ts", "house");
const { REPORTS, readPublicSurface, reportFile, signatureReports } = await import(
  pathToFileURL(file).href
);
rmSync(join(ROOT, REPORTS), { recursive: true, force: true });
mkdirSync(join(ROOT, REPORTS));
for (const [entry, report] of signatureReports(readPublicSurface())) {
  writeFileSync(join(ROOT, reportFile(entry)), report);
}
