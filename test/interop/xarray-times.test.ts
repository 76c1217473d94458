/** The table of times that unit tests compare ours with is what xarray says; and so are our copies. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { assertIdentical, openNetcdf, openZarr } from "../../src/dataset/node/index.ts";
import { netcdf3File } from "../netcdf3-file.ts";
import { makeWorkspace, openLocal } from "./content.ts";
import { type Oracle, pythonOracle } from "./oracle.ts";

const TABLE = fileURLToPath(new URL("../data/xarray-times.json", import.meta.url));

const workspace = makeWorkspace();
let python: Oracle;

beforeAll(() => {
  python = pythonOracle();
});
afterAll(async () => {
  await python.close();
  workspace.remove();
});

test("xarray still says what the table says", async () => {
  expect(await python.call("xarrayTimes", { file: TABLE })).toEqual([]);
});

/** In these xarray lets the zone replace the clock; see `ZONE_OF_ZERO` of the unit test. */
const MISREAD = /12:00:00(?:\.0)? 0?0:00$/;

/** References that xarray reads in the calendar `standard`, and can write again. */
function readReferences(): string[] {
  const { references } = JSON.parse(readFileSync(TABLE, "utf8")) as {
    references: Record<string, (string | null)[]>;
  };
  return Object.keys(references).filter(
    (reference) =>
      references[reference]?.[0] !== null &&
      !/^-|since/.test(reference) &&
      !MISREAD.test(reference),
  );
}

test("a file with every reference date is identical to our copy, and we find xarray's identical", async () => {
  const units = readReferences().map((reference) => `hours since ${reference}`);
  const variables = Object.fromEntries(
    units.map((text, i) => [
      `t${i}`,
      {
        dims: ["x"],
        type: "double" as const,
        values: [0, 1.5],
        attributes: { units: ["char", text] as const },
      },
    ]),
  );
  const path = workspace.path("times");
  const file = workspace.path("times.nc");
  writeFileSync(file, netcdf3File({ version: 1, dimensions: { x: 2 }, variables }));
  await python.call("create", { path });
  await python.call("xarrayWriteFile", { path, group: "theirs", file });
  const session = await (await openLocal(path)).writableSession("main");
  const dataset = await openNetcdf(file);
  await dataset.toZarr(session.store, { group: "ours", mode: "w" });
  await session.commit("ours");

  expect(await python.call("xarrayCheckFile", { path, group: "ours", file })).toBe("");
  const theirs = await openZarr(session.store, { group: "theirs" });
  const read = dataset.all().filter(({ dtype }) => dtype === "datetime");
  expect(read.length).toBeGreaterThan(200);
  for (const array of read) await assertIdentical(array, theirs.get(array.name) as never);
  await dataset.close();
});
