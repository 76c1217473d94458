import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as zarr from "zarrita";
import { assertIdentical, openNetcdf, openZarr } from "../../src/dataset/node/index.ts";
import { Repository } from "../../src/repository/repository.ts";
import { localFilesystemStorage } from "../../src/storage/local/index.ts";
import { SAMPLES, samplePath } from "../netcdf-samples.ts";
import { bundleExample, runProgram } from "./run-example.ts";

const GRID = "node_modules/vega-datasets/data/annual-precip.json";
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "icefloe-examples-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const openLatest = async (path: string) => {
  const repository = await Repository.open(localFilesystemStorage(path));
  const messages = (await repository.ancestry("main").toArray()).map(({ message }) => message);
  const { store } = await repository.readonlySession("main");
  return { store, messages };
};

describe("examples", () => {
  test("each is a program of less than 60 lines that imports only the package and its neighbours", async () => {
    for (const name of await readdir("examples")) {
      const text = await readFile(join("examples", name), "utf8");

      expect(text.split("\n").length, name).toBeLessThan(64);
      for (const [, from] of text.matchAll(/from "([^"]+)"/g))
        expect(from).toMatch(/^(node:|icefloe|\.\/)/);
    }
  });

  test("tasks.ts writes real data that reads back identical, and can run again", async () => {
    const program = await bundleExample("tasks");
    const path = join(folder, "tasks");

    const first = await runProgram(program, path, GRID);
    const second = await runProgram(program, path, GRID);

    expect([first.errors, first.code, second.errors, second.code]).toEqual(["", 0, "", 0]);
    expect(first.output).toContain("7 of 7 done");
    expect(first.output).toMatch(/committed [0-9A-Z]{20}\n/);
    const { store, messages } = await openLatest(path);
    const { width, height, values } = JSON.parse(await readFile(GRID, "utf8"));
    const open = async (name: string) =>
      zarr.get(
        await zarr.open.v3(zarr.root(store).resolve(`/${name}`), { kind: "array" }),
      ) as Promise<zarr.Chunk<"int32" | "float64">>;
    const precipitation = await open("precipitation");
    expect(precipitation.shape).toEqual([height, width]);
    expect([...precipitation.data]).toEqual(values);
    const [latitude, longitude] = [await open("latitude"), await open("longitude")];
    expect([latitude.data[0], latitude.data.at(-1)]).toEqual([87, -80]);
    expect([longitude.data[0], longitude.data.at(-1)]).toEqual([-180, 179]);
    expect(messages.filter((message) => message.includes("7 tasks"))).toHaveLength(2);
  });

  test("tasks.ts needs no file", async () => {
    const { code, errors } = await runProgram(
      await bundleExample("tasks"),
      join(folder, "made-up"),
    );

    expect([errors, code]).toEqual(["", 0]);
  });

  test.each(SAMPLES)("processes.ts fills %s from forks in processes", async (file) => {
    const source = await samplePath(file, folder);
    await bundleExample("fill-worker");
    const path = join(folder, `${file}-filled`);

    const run = await runProgram(await bundleExample("processes"), path, source, "2");

    expect([run.errors, run.code]).toEqual(["", 0]);
    expect(run.output).toMatch(/merged \d+ forks: \d+ chunks/);
    const { store } = await openLatest(path);
    const dataset = await openNetcdf(source);
    await assertIdentical(dataset, await openZarr(store));
    await dataset.close();
  });

  test("uncooperative.ts: every writer lands exactly once", async () => {
    const path = join(folder, "uncooperative");

    const run = await runProgram(await bundleExample("uncooperative"), path, "5");

    expect([run.errors, run.code]).toEqual(["", 0]);
    const done = JSON.parse(/^done: (.*)$/m.exec(run.output)![1]!) as number[];
    expect([...done].sort()).toEqual([1, 2, 3, 4, 5]);
    const { messages } = await openLatest(path);
    const order = messages.flatMap((message) => /^writer (\d)/.exec(message)?.[1] ?? []);
    expect(order.reverse().map(Number)).toEqual(done);
  });
});
