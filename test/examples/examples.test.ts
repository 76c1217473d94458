import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as zarr from "zarrita";
import {
  assertIdentical,
  openNetcdf,
  openZarr,
  type TimeArray,
} from "../../src/dataset/node/index.ts";
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
    expect(first.output).toContain("84 of 84 done");
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
    expect(messages.filter((message) => message.includes("84 tasks"))).toHaveLength(2);
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
    expect(await readFile(`${path}.svg`, "utf8")).toMatch(
      /: \d+ chunks, [12] processes, one commit/,
    );
  });

  describe("daily.ts", () => {
    const hour = (time: TimeArray, i: number) => time.toISO(i);
    const load = async (path: string) => {
      const { store, messages } = await openLatest(path);
      const dataset = await (await openZarr(store)).load();
      const air = dataset.variables["air"]!;
      const perDay = air.size / (dataset.sizes["time"]! / 24);
      const days = Array.from({ length: dataset.sizes["time"]! / 24 }, (_, day) =>
        (air.values as Float32Array).slice(day * perDay, (day + 1) * perDay),
      );
      const time = dataset.coordinates["time"]!.values as TimeArray;
      return { messages, time, days: days.map((values) => [...new Set(values)]) };
    };
    const kelvin = (day: string) => 273 + ((Date.parse(day) / 86_400_000) % 31);
    const date = (day: number) => `2024-01-${String(day).padStart(2, "0")}`;

    test("writes a first day, ten at once from processes, and a rerun, each hour once and in order", async () => {
      const program = await bundleExample("daily");
      const path = join(folder, "daily");

      const first = await runProgram(program, path, date(1));
      const ten = Array.from({ length: 10 }, (_, i) => runProgram(program, path, date(i + 2)));
      const runs = [first, ...(await Promise.all(ten)), await runProgram(program, path, date(5))];

      expect(runs.map(({ errors, code }) => [errors, code])).toEqual(runs.map(() => ["", 0]));
      const { time, days, messages } = await load(path);
      expect(Array.from({ length: time.length }, (_, i) => hour(time, i))).toEqual(
        Array.from({ length: 11 * 24 }, (_, i) =>
          new Date(Date.parse(date(1)) + i * 3_600_000).toISOString().slice(0, 19),
        ),
      );
      expect(time.units).toBe("hours since 2000-01-01");
      expect(days).toEqual(days.map((_, i) => [kelvin(date(i + 1))]));
      expect(messages.filter((message) => message === `hours of ${date(5)}`)).toHaveLength(2);
      expect(messages.filter((message) => message.startsWith("hours of"))).toHaveLength(12);
    });

    test("begins with any ten days at once, and leaves room for those that have not come", async () => {
      const program = await bundleExample("daily");
      const path = join(folder, "daily-late");

      const late = await runProgram(program, path, date(4), "10");

      expect([late.errors, late.code]).toEqual(["", 0]);
      expect(late.output).toMatch(/<icefloe\.Dataset>\nDimensions: .*time: 312/);
      const { days } = await load(path);
      expect(days.slice(0, 3)).toEqual([[Number.NaN], [Number.NaN], [Number.NaN]]);
      expect(days.slice(3)).toEqual(days.slice(3).map((_, i) => [kelvin(date(i + 4))]));

      await runProgram(program, path, date(2));
      expect((await load(path)).days[1]).toEqual([kelvin(date(2))]);
    });

    test("is quoted by its page as it is", async () => {
      const [page, program, weather] = await Promise.all(
        ["docs/daily.md", "examples/daily.ts", "examples/weather.ts"].map((name) =>
          readFile(name, "utf8"),
        ),
      );
      const quoted = [...page!.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code!);

      expect(quoted).toHaveLength(3);
      expect(quoted.filter((code) => !`${program}${weather}`.includes(code))).toEqual([]);
    });
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
