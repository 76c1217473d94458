/**
 * Keeps the table of error kinds in `docs/errors.md` in step with `src/base/error-kinds.ts`.
 * Without arguments it rewrites the table; with `--check` it says whether it would.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleForNode } from "./bundle.mjs";
import { ROOT } from "./prepare.mjs";

const PAGE = join(ROOT, "docs", "errors.md");
const START = "<!-- kinds: written by scripts/errors-doc.mjs -->";
const END = "<!-- end of kinds -->";

const { ERROR_KINDS } = await load("src/base/error-kinds.ts");
const { makeError } = await load("src/base/errors.ts");

const rows = Object.entries(ERROR_KINDS).map(
  ([kind, { category, advice }]) =>
    `| \`${kind}\` | \`${makeError(kind, "").name}\` | ${category} | ${advice.replaceAll("|", "\\|")} |`,
);
const table = ["| kind | class | category | what to do |", "|---|---|---|---|", ...rows].join("\n");

const page = readFileSync(PAGE, "utf8");
const start = page.indexOf(START);
const end = page.indexOf(END);
if (start < 0 || end < start)
  fail(`docs/errors.md has no place for the table: ${START} ... ${END}`);
const next = `${page.slice(0, start + START.length)}\n\n${table}\n\n${page.slice(end)}`;

if (process.argv.includes("--check")) {
  if (next !== page)
    fail("docs/errors.md is behind src/base/error-kinds.ts: node scripts/errors-doc.mjs");
} else {
  writeFileSync(PAGE, next);
}

async function load(entry) {
  return import(pathToFileURL(await bundleForNode(entry, "errors-doc")).href);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
