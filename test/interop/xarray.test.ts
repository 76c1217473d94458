/**
 * Datasets against xarray, case by case and both ways: what xarray writes we open identical, what
 * we write xarray opens identical, what we copy stays identical, and the documents say the same.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assertIdentical, openNetcdf, openZarr } from "../../src/dataset/node/index.ts";
import { makeWorkspace, openLocal } from "./content.ts";
import { type Oracle, pythonOracle } from "./oracle.ts";
import { CASES } from "./xarray-cases.ts";

const NAMES = Object.keys(CASES);
const GROUPS = Object.fromEntries(NAMES.map((name, i) => [`case-${i}`, name]));
const groupOf = (name: string): string => `case-${NAMES.indexOf(name)}`;

const FILL =
  "what was never written must read as missing, not as a number: fill_value is the _FillValue";
const SPELLING = "the units of a file keep their spelling; xarray prints its own";

/** Members of documents that differ on purpose, and why. */
const DIFFERENT: Readonly<Record<string, readonly ["fill_value" | "units", string]>> = {
  "missing value only": ["fill_value", FILL],
  "unsigned bytes": ["fill_value", FILL],
  "packed int16": ["fill_value", FILL],
  "packed uint8 scale": ["fill_value", FILL],
  "packed int32 offset": ["fill_value", FILL],
  "packed whole scale": ["fill_value", FILL],
  "masked int16": ["fill_value", FILL],
  "time int32 fill": ["fill_value", FILL],
  "time int hours": ["units", SPELLING],
  "time with zone": ["units", SPELLING],
  "time of 1992": ["units", SPELLING],
  "time of a day in digits": ["units", SPELLING],
  "time of January": ["units", SPELLING],
};

const workspace = makeWorkspace();
let python: Oracle;
let theirs: string;
let ours: string;
let copies: string;
let differences: { ours: Record<string, string>; copies: Record<string, string> };

async function makeRepository(name: string): Promise<string> {
  const path = workspace.path(name);
  await python.call("create", { path });
  return path;
}

async function storeOf(path: string) {
  return (await (await openLocal(path)).readonlySession("main")).store;
}

beforeAll(async () => {
  python = pythonOracle();
  theirs = await makeRepository("theirs");
  ours = await makeRepository("ours");
  copies = await makeRepository("copies");
  await python.call("xarrayWriteCases", { path: theirs, groups: GROUPS });

  const session = await (await openLocal(ours)).writableSession("main");
  for (const [group, name] of Object.entries(GROUPS)) {
    await CASES[name]!().toZarr(session.store, { group, mode: "w" });
  }
  await session.commit("cases");

  const source = await storeOf(theirs);
  const copying = await (await openLocal(copies)).writableSession("main");
  for (const group of Object.keys(GROUPS)) {
    await (await openZarr(source, { group })).toZarr(copying.store, { group, mode: "w" });
  }
  await copying.commit("copies");

  differences = {
    ours: await python.call("xarrayCheckCases", { path: ours, groups: GROUPS }),
    copies: await python.call("xarrayCheckCases", { path: copies, groups: GROUPS }),
  };
});
afterAll(async () => {
  await python.close();
  workspace.remove();
});

type Document = Record<string, unknown>;

/** All zarr.json of a group by path, without what is ours to choose: chunks and codecs. */
async function documentsOf(path: string, name: string): Promise<Record<string, Document>> {
  const store = await storeOf(path);
  const documents: Record<string, Document> = {};
  const group = groupOf(name);
  for await (const key of store.listPrefix(group)) {
    if (!key.endsWith("zarr.json")) continue;
    const text = new TextDecoder().decode(await store.get(key));
    const { chunk_grid, codecs, consolidated_metadata, ...rest } = JSON.parse(text) as Document;
    documents[key.slice(group.length)] = rest;
  }
  return documents;
}

test("there are at least 40 cases", () => {
  expect(NAMES.length).toBeGreaterThanOrEqual(40);
});

describe.each(NAMES)("%s", (name) => {
  test("is identical when xarray writes it and we open it", async () => {
    const opened = await openZarr(await storeOf(theirs), { group: groupOf(name) });

    await assertIdentical(CASES[name]!(), opened);
  });

  test("is identical when we write it and xarray opens it", () => {
    expect(differences.ours[name]).toBeUndefined();
  });

  test("is identical when we copy what xarray wrote and xarray opens the copy", () => {
    expect(differences.copies[name]).toBeUndefined();
  });

  test("has the same documents", async () => {
    const own = await documentsOf(ours, name);
    const other = await documentsOf(theirs, name);

    const different = DIFFERENT[name];
    if (different !== undefined) {
      const [member] = different;
      expect(own, `${name} no longer differs in ${member}`).not.toEqual(other);
      for (const document of [...Object.values(own), ...Object.values(other)]) {
        delete document[member];
        delete (document["attributes"] as Record<string, unknown>)[member];
      }
    }
    expect(own).toEqual(other);
  });
});

const FORMATS = ["NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA", "NETCDF4"];

describe.each(FORMATS)("a file of format %s", (format) => {
  const group = `file-${format}`;
  let file: string;

  beforeAll(async () => {
    file = workspace.path(`${format}.nc`);
    await python.call("netcdfWrite", { file, format });
  });

  test("is what xarray shows, once it is copied", async () => {
    const session = await (await openLocal(ours)).writableSession("main");
    const dataset = await openNetcdf(file);
    await dataset.toZarr(session.store, { group, mode: "w" });
    await dataset.close();
    await session.commit(file);

    expect(await python.call("xarrayCheckFile", { path: ours, group, file })).toBe("");
  });

  test("is identical to what xarray copies", async () => {
    await python.call("xarrayWriteFile", { path: theirs, group, file });
    const dataset = await openNetcdf(file);

    await assertIdentical(dataset, await openZarr(await storeOf(theirs), { group }));

    await dataset.close();
  });
});

test("xarray and we fill one array in turns, by region", async () => {
  const name = "grid with coordinates";
  const session = await (await openLocal(ours)).writableSession("main");
  const encoding = { t: { chunks: [1, 3, 4] } };
  const dataset = CASES[name]!();
  await dataset.toZarr(session.store, { group: "turns", mode: "w", compute: false, encoding });
  await session.commit("metadata");

  await python.call("xarrayWriteRegion", {
    path: ours,
    group: "turns",
    name,
    dim: "time",
    start: 1,
    end: 2,
  });
  const next = await (await openLocal(ours)).writableSession("main");
  await dataset.isel({ time: [0] }).toZarr(next.store, { group: "turns", region: "auto" });
  await next.commit("our part");

  await assertIdentical(dataset, await openZarr(await storeOf(ours), { group: "turns" }));
  expect(await python.call("xarrayCheckCases", { path: ours, groups: { turns: name } })).toEqual(
    {},
  );
});
