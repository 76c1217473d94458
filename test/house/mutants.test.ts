/** The mutation check, which takes too long to be run each time, can be run at any time. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { filesUnder, ROOT, textOf } from "./source-tree.ts";

type Area = {
  readonly mutants: readonly (readonly [file: string, from: string, to: string])[];
  readonly tests: readonly (readonly string[])[];
};
const program = pathToFileURL(join(ROOT, "scripts", "mutants", "areas.mjs")).href;
const { AREAS } = (await import(program)) as { readonly AREAS: Readonly<Record<string, Area>> };
const areas = Object.entries(AREAS);

test.each(areas)("every planted bug of %s has its place in the sources", (_, { mutants }) => {
  const countOf = (file: string, from: string): number => textOf(file).split(from).length - 1;
  const stale = mutants.filter(([file, from]) => countOf(file, from) !== 1);

  expect(mutants.length).toBeGreaterThan(10);
  expect(stale).toEqual([]);
});

test.each(areas)("every test that %s tries is there", (_, { tests }) => {
  const files = filesUnder("test", ".test.ts").map((name) => `test/${name}`);
  const missing = tests.flat().filter((name) => !files.some((file) => file.startsWith(name)));

  expect(missing).toEqual([]);
});
