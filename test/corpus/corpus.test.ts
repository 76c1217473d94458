/**
 * Every file is what `outcomes.json` says: equal, where it says nothing; different or refused for a
 * reason that `docs/xarray.md` explains.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Oracle, pythonPath } from "../interop/oracle.ts";
import { type Verdict, verdictOf } from "./copy.ts";
import { explain, isJudged, tablesOf } from "./reasons.ts";

const FOLDER = process.env["ICEFLOE_CORPUS"] ?? "";
const FILES = JSON.parse(process.env["ICEFLOE_CORPUS_FILES"] ?? "[]") as string[];
const WRITES = process.env["ICEFLOE_CORPUS_WRITE"] === "yes";
const EXPECTED = join(import.meta.dirname, "outcomes.json");
const EQUAL_SHARE_MIN = 0.95;

const expected: Record<string, string> = JSON.parse(readFileSync(EXPECTED, "utf8"));
const found = new Map<string, Verdict>();
let judge: Oracle;

beforeAll(() => {
  judge = new Oracle(pythonPath(), [join(import.meta.dirname, "judge.py")]);
});
afterAll(async () => {
  await judge.close();
  const cache = join(FOLDER, "..");
  const sorted = new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(join(cache, "verdicts.json"), JSON.stringify(Object.fromEntries(sorted), null, 1));
  writeFileSync(join(cache, "tables.md"), tablesOf(sorted));
  if (WRITES) writeFileSync(EXPECTED, `${JSON.stringify(unequal(sorted), null, 2)}\n`);
});

function unequal(verdicts: ReadonlyMap<string, Verdict>): Record<string, string> {
  const entries = [...verdicts].map(([file, verdict]) => [file, explain(file, verdict)] as const);
  return Object.fromEntries(entries.filter(([, said]) => said !== "equal"));
}

describe("a file of the corpus is as expected", () => {
  test.concurrent.each(FILES)("%s", async (file) => {
    const verdict = await verdictOf(join(FOLDER, file), judge);
    found.set(file, verdict);

    const words = JSON.stringify(verdict, null, 1);
    if (!WRITES) expect(explain(file, verdict), words).toBe(expected[file] ?? "equal");
  });
});

test("what is expected of files speaks of files that are there, and explains them", () => {
  const entries = Object.entries(expected);

  expect(entries.filter(([file]) => !FILES.includes(file))).toEqual([]);
  expect(entries.filter(([, said]) => said.includes("unexplained"))).toEqual([]);
});

const judged = () => [...found].filter(([file, verdict]) => isJudged(file, verdict));

test("of the files that xarray opens, at least 95 % are equal, types refused by name aside", () => {
  const held = judged().filter(([, { opened }]) => !/its type is/.test(opened.why));
  const equal = held.filter(([, { opened }]) => opened.outcome === "equal");

  expect(equal.length / held.length).toBeGreaterThanOrEqual(EQUAL_SHARE_MIN);
});

test("of the files that xarray can copy, at least 95 % are equal, types refused by name aside", () => {
  const held = judged().filter(
    ([, { own, copied }]) => own === "" && !/its type is/.test(copied.why),
  );
  const equal = held.filter(([, { copied }]) => copied.outcome === "equal");

  expect(equal.length / held.length).toBeGreaterThanOrEqual(EQUAL_SHARE_MIN);
});
