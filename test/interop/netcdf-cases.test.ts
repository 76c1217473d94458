/** NetCDF-4 files that readers see in many ways: our copy must be what xarray sees of the file. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openNetcdf } from "../../src/dataset/node/index.ts";
import { makeWorkspace, openLocal } from "./content.ts";
import { type Oracle, pythonOracle } from "./oracle.ts";

const NAMES = [
  "chars with a coordinate",
  "chars beside numbers",
  "chars turned",
  "chars that are strings",
  "coordinates of two dimensions",
  "names of stations",
  "coordinates written last",
  "a dimension twice",
  "values without dimensions",
  "values never written",
  "attributes of every type",
  "enumerated values",
  "unsigned in many spellings",
  "missing values that are texts",
  "groups",
];

const workspace = makeWorkspace();
const path = workspace.path("copies");
let python: Oracle;

beforeAll(async () => {
  python = pythonOracle();
  await python.call("create", { path });
});
afterAll(async () => {
  await python.close();
  workspace.remove();
});

async function write(name: string): Promise<string> {
  const file = workspace.path(`${name}.nc`);
  await python.call("netcdfWriteCase", { file, name });
  return file;
}

/** What xarray finds different between a group of a file and our copy of it. */
async function difference(file: string, group: string, fileGroup = "/"): Promise<string> {
  const session = await (await openLocal(path)).writableSession("main");
  const dataset = await openNetcdf(file, { group: fileGroup });
  await dataset.toZarr(session.store, { group, mode: "w" });
  await dataset.close();
  await session.commit(group);
  return python.call<string>("xarrayCheckFile", { path, group, file, fileGroup });
}

test("every case is tried", async () => {
  expect(await python.call("netcdfCases")).toEqual(NAMES);
});

test.each(NAMES)("%s", async (name) => {
  expect(await difference(await write(name), name)).toBe("");
});

describe("groups below the root", () => {
  test.each(["/inner", "/inner/deep"])("%s", async (group) => {
    const file = await write("groups");

    expect(await difference(file, `copy-of${group}`, group)).toBe("");
  });
});
