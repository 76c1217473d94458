/** Whole NetCDF files, copied by icefloe and by xarray: each finds the other's copy identical. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assertIdentical, openNetcdf, openZarr } from "../../src/dataset/node/index.ts";
import { SAMPLES, samplePath } from "../netcdf-samples.ts";
import { makeWorkspace, openLocal } from "./content.ts";
import { type Oracle, pythonOracle } from "./oracle.ts";

const workspace = makeWorkspace();
let python: Oracle;

beforeAll(() => {
  python = pythonOracle();
});
afterAll(async () => {
  await python.close();
  workspace.remove();
});

describe.each(SAMPLES)("%s", (name) => {
  const path = workspace.path(`copies-of-${name}`);
  let file: string;

  beforeAll(async () => {
    file = await samplePath(name, workspace.folder);
    await python.call("create", { path });
  });

  test("is identical when we copy it and xarray opens both", async () => {
    const session = await (await openLocal(path)).writableSession("main");
    const dataset = await openNetcdf(file);
    await dataset.toZarr(session.store, { group: "ours", mode: "w" });
    await dataset.close();
    await session.commit("ours");

    expect(await python.call("xarrayCheckFile", { path, group: "ours", file })).toBe("");
  });

  test("is identical when xarray copies it and we open both", async () => {
    await python.call("xarrayWriteFile", { path, group: "theirs", file });
    const dataset = await openNetcdf(file);
    const { store } = await (await openLocal(path)).readonlySession("main");

    await assertIdentical(dataset, await openZarr(store, { group: "theirs" }));

    await dataset.close();
  });
});
