/**
 * Makes the tables of docs/performance.md from what `npm run bench -- --json FILE` wrote:
 *
 *   node bench/document.mjs FILE...    # later files replace the cases of earlier ones
 *   node bench/document.mjs --check    # writes nothing
 *
 * What stands outside the markers is written by hand. A figure that misses its mark needs an item of
 * a list there that says why, with `case` and *figure*: without one this fails. README.md says how
 * many miss it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../scripts/prepare.mjs";
import { figureTables, growthTable, machineLine } from "./table.mjs";

const DOCUMENT = join(ROOT, "docs", "performance.md");
const README = join(ROOT, "README.md");
const BEGIN = "<!-- tables: begin, made by bench/document.mjs -->";
const END = "<!-- tables: end -->";
const SUMMARY = /\d+ of \d+ figures miss their mark/;

const files = process.argv.slice(2);
if (files.length === 0) {
  process.stderr.write("usage: node bench/document.mjs FILE... | --check\n");
  process.exit(2);
}
if (files[0] !== "--check") writeTables(files);
const problems = findProblems();
process.stderr.write(problems.map((problem) => `${problem}\n`).join(""));
process.exitCode = problems.length === 0 ? 0 : 1;

function writeTables(names) {
  const reports = names.map((name) => JSON.parse(readFileSync(name, "utf8")));
  const cases = new Map(reports.flatMap((report) => report.cases.map((of) => [of.name, of])));
  const report = { ...reports[0], cases: [...cases.values()] };
  const tables = [`${machineLine(report)}:`, ...figureTables(report), growthTable(report)];
  const [before, , after] = partsOf(readFileSync(DOCUMENT, "utf8"));
  const made = tables.filter((table) => table !== undefined).join("\n\n");
  writeFileSync(DOCUMENT, `${before}${BEGIN}\n\n${made}\n\n${END}${after}`);
  writeFileSync(README, readFileSync(README, "utf8").replace(SUMMARY, summaryOf(made)));
}

/** The document before, between and behind its markers. */
function partsOf(document) {
  const parts = document.split(BEGIN).flatMap((part) => part.split(END));
  if (parts.length !== 3) throw new Error(`${DOCUMENT} has not one ${BEGIN} and one ${END}`);
  return parts;
}

function summaryOf(tables) {
  const marked = markedFigures(tables);
  const missed = marked.filter(({ isMissed }) => isMissed);
  return `${missed.length} of ${marked.length} figures miss their mark`;
}

function findProblems() {
  const [before, tables, after] = partsOf(readFileSync(DOCUMENT, "utf8"));
  const items = `${before}${after}`.split(/\n(?=- |\n)/).filter((part) => part.startsWith("- "));
  const reasons = items.map((item) => item.replaceAll(/\s+/g, " "));
  const problems = markedFigures(tables)
    .filter(({ isMissed }) => isMissed)
    .filter(({ name, label }) => !reasons.some((text) => isAbout(text, name, label)))
    .map(
      ({ name, label }) => `docs/performance.md: no item says why \`${name}\` misses *${label}*`,
    );
  const summary = SUMMARY.exec(readFileSync(README, "utf8"))?.[0];
  if (summary !== summaryOf(tables))
    problems.push(`README.md: "${summary}", not "${summaryOf(tables)}"`);
  return problems;
}

function isAbout(text, name, label) {
  return text.includes(`\`${name}\``) && text.includes(`*${label}*`);
}

/** Every figure with a mark: cells of its name and label are empty if they repeat those above. */
function markedFigures(tables) {
  const found = [];
  let name;
  let label;
  for (const line of tables.split("\n")) {
    const cells = line.split("|").map((cell) => cell.trim());
    if (cells.length < 4) continue;
    name = /^`(.+?)`:/.exec(cells[1])?.[1] ?? name;
    label = cells[2] || label;
    const mark = cells.at(-2);
    if (mark === "met" || mark === "**missed**")
      found.push({ name, label, isMissed: mark !== "met" });
  }
  return found;
}
