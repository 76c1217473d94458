/** The bundled core in a real browser. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Repository } from "../../src/index.ts";
import { localFilesystemStorage } from "../../src/storage/local/index.ts";
import type { PageResult } from "./page.ts";
import { openSite, type Site } from "./site.ts";

let site: Site;

beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site.close());

test("commits, forks, merges and reads back in memory", async () => {
  const result = (await site.page.evaluate("icefloePage.runInMemory()")) as PageResult;

  expect(result).toEqual({
    messages: ["merged", "array", "Repository initialized"],
    firstBytes: [1, -1, 3, -1],
    forkBytes: expect.any(Number),
    merged: 2,
    overlapKind: "merge-overlap",
    isAdviceInStack: true,
    missing: true,
  });
  expect(site.problems).toEqual([]);
});

test("reads a repository that is served as plain files", async () => {
  const repository = await Repository.create(localFilesystemStorage(join(site.folder, "served")));
  const session = await repository.writableSession("main");
  const metadata = { zarr_format: 3, node_type: "group", attributes: { served: true } };
  const bytes = new TextEncoder().encode(JSON.stringify(metadata));
  await session.store.set("zarr.json", bytes);
  await session.commit("written by Node");

  const call = `icefloePage.readOverHttp(${JSON.stringify(`${site.url}/served`)}, "zarr.json")`;
  const result = await site.page.evaluate(call);

  expect(result).toEqual({ message: "written by Node", bytes: [...bytes] });
});
