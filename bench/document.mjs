/**
 * Makes the tables of docs/performance.md from what `npm run bench -- --json FILE` wrote:
 *
 *   node bench/document.mjs FILE...    # later files replace the cases of earlier ones
 *   node bench/document.mjs --check    # writes nothing
 *
 * It rewrites docs/performance.md and a line of README.md, and refuses what lacks a case. What stands
 * outside the markers is written by hand. A figure that misses its mark needs an item of
 * a list there that says why, with `case` and *figure*: without one this fails. README.md says how
 * many miss it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../scripts/prepare.mjs";
import { loadCases } from "./cases.mjs";
import { findProblems, withSummary, withTables } from "./marks.mjs";
import { allTables, machineLine } from "./table.mjs";

const DOCUMENT = join(ROOT, "docs", "performance.md");
const README = join(ROOT, "README.md");

const files = process.argv.slice(2);
if (files.length === 0) {
  process.stderr.write("usage: node bench/document.mjs FILE... | --check\n");
  process.exit(2);
}
if (files[0] !== "--check") writeTables(files, await loadCases());
const problems = findProblems(readFileSync(DOCUMENT, "utf8"), readFileSync(README, "utf8"));
process.stderr.write(problems.map((problem) => `${problem}\n`).join(""));
process.exitCode = problems.length === 0 ? 0 : 1;

function writeTables(names, all) {
  const reports = names.map((name) => JSON.parse(readFileSync(name, "utf8")));
  const unfit = reports.findIndex(({ short, other }) => short || other !== "official");
  if (unfit >= 0) throw new Error(`${names[unfit]} is of a short run, or of one with --against`);
  const cases = new Map(reports.flatMap((report) => report.cases.map((of) => [of.name, of])));
  const missing = all.map(({ name }) => name).filter((name) => !cases.has(name));
  if (missing.length > 0)
    throw new Error(`without ${missing.join(", ")}: the document would lose their figures`);
  const report = { ...reports[0], cases: [...cases.values()] };
  const made = [`${machineLine(report)}:`, ...allTables(report)].join("\n\n");
  writeFileSync(DOCUMENT, withTables(readFileSync(DOCUMENT, "utf8"), made));
  writeFileSync(README, withSummary(readFileSync(README, "utf8"), made));
}
