/**
 * The mission's page, by icefloe and by the official engine: initialise without data, fill by 24
 * forks in 4 processes with region "auto", merge, commit once. Each opens the other's result.
 */
import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Repository, type Session } from "icefloe";
import { assertIdentical, type Dataset, openZarr } from "icefloe/dataset/node";
import { parallelWrite } from "icefloe/parallel";
import { processes } from "icefloe/parallel/node";
import { localFilesystemStorage } from "icefloe/storage/local";
import { afterAll, describe, expect, test } from "vitest";
import { SAMPLES, samplePath } from "../netcdf-samples.ts";
import { makeWorkspace } from "./content.ts";
import { pythonPath } from "./oracle.ts";

const FOLDER = resolve(import.meta.dirname, "page");
const FORKS = 24;
const ROOT = resolve(import.meta.dirname, "../..");

const workspace = makeWorkspace();
afterAll(() => workspace.remove());

const page = (await import(pathToFileURL(join(FOLDER, "page-dataset.mjs")).href)) as {
  pageDataset: () => Dataset;
};
const python = (program: string, ...args: string[]): string =>
  execFileSync(pythonPath(), [program, ...args], { encoding: "utf8" });

async function writePage(path: string): Promise<Session> {
  const repository = await Repository.create(localFilesystemStorage(path));
  const session = await repository.writableSession("main");
  const dataset = page.pageDataset();
  const encoding = { Tair: { chunks: [1, 205, 275] } };
  await dataset.toZarr(session.store, { mode: "w", compute: false, encoding });
  const report = await parallelWrite(session, {
    worker: pathToFileURL(join(FOLDER, "page-worker.mjs")),
    tasks: Array.from({ length: FORKS }, (_, time) => ({ time })),
    executor: processes({ concurrency: 4 }),
  });
  expect(report.merge).toMatchObject({ forks: FORKS, chunks: FORKS, overlaps: 0 });
  await session.commit("filled by 24 forks");
  return session;
}

test("what icefloe's 24 forks in 4 processes wrote, xarray finds identical", async () => {
  const path = workspace.path("page-ours");

  const session = await writePage(path);

  expect(python(join(FOLDER, "page_program.py"), "check", path)).toContain("identical");
  await assertIdentical(page.pageDataset(), await openZarr(session.store));
});

test("what the official engine's 24 forks in 4 processes wrote, icefloe finds identical", async () => {
  const path = workspace.path("page-theirs");
  python(join(FOLDER, "page_program.py"), "write", path);

  const repository = await Repository.open(localFilesystemStorage(path));
  const { store } = await repository.readonlySession("main");

  await assertIdentical(page.pageDataset(), await openZarr(store));
});

describe.each(SAMPLES)("npm start with %s", (file) => {
  test("leaves folders that xarray finds identical to the file", async () => {
    const source = await samplePath(file, workspace.folder);
    const output = execFileSync(process.execPath, ["scripts/start.mjs", source], {
      cwd: ROOT,
      encoding: "utf8",
    });
    const folders = output.split("\n").filter((line) => /^\/.*\/(tasks|processes)$/.test(line));

    expect(folders).toHaveLength(2);
    for (const folder of folders) {
      expect(python(join(FOLDER, "check_file.py"), folder, source)).toContain("identical");
    }
  });
});
