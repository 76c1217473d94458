/** The three ways to write in parallel, on files of the corpus: xarray finds each copy identical. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planWrites } from "../../examples/plan.ts";
import { openNetcdf } from "../../src/dataset/node/index.ts";
import { Repository } from "../../src/index.ts";
import { localFilesystemStorage } from "../../src/storage/local/index.ts";
import { bundleExample, runProgram } from "../examples/run-example.ts";
import { Oracle, pythonPath } from "../interop/oracle.ts";

const FOLDER = process.env["ICEFLOE_CORPUS"] ?? "";
const FILES = [
  "iris-sample-data/iris_sample_data/sample_data/A1B_north_america.nc",
  "iris-sample-data/iris_sample_data/sample_data/ostia_monthly.nc",
  "ferret-datasets/usr/share/ferret-vis/data/monthly_navy_winds.cdf",
];
const WRITERS = 4;

const target = mkdtempSync(join(tmpdir(), "icefloe-mission-"));
let judge: Oracle;

beforeAll(() => {
  judge = new Oracle(pythonPath(), [join(import.meta.dirname, "judge.py")]);
});
afterAll(async () => {
  await judge.close();
  rmSync(target, { recursive: true, force: true });
});

describe.each(FILES)("%s", (name) => {
  const file = join(FOLDER, name);
  const newPath = () => mkdtempSync(join(target, "repository-"));
  const differenceIn = async (copy: string) => {
    const answer = await judge.call<{ copy: string }>("judge", { file, copy, group: null });
    return answer.copy;
  };

  test.each(["tasks", "processes"])("is identical, copied by the example %s", async (example) => {
    const path = newPath();
    // Workers find their module beside the program.
    if (example === "processes") await bundleExample("fill-worker");
    const { code, errors } = await runProgram(await bundleExample(example), path, file);

    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(await differenceIn(path)).toBe("");
  });

  test("is identical, copied by writers that know nothing of each other", async () => {
    const path = newPath();
    const storage = localFilesystemStorage(path);
    const dataset = await openNetcdf(file);
    const { encoding, regions } = planWrites(dataset as never);
    const first = await (await Repository.create(storage)).writableSession("main");
    await dataset.toZarr(first.store, { mode: "w", compute: false, encoding });
    await first.commit("no data yet");

    const write = async (writer: number) => {
      const repository = await Repository.open(storage);
      const own = regions.filter((_, index) => index % WRITERS === writer);
      const fill = async ({ store }: { store: typeof first.store }) => {
        for (const region of own) await dataset.isel(region).toZarr(store, { region: "auto" });
      };
      await repository.transaction("main", fill, { message: `writer ${writer}` });
    };
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
    await dataset.close();

    expect(await differenceIn(path)).toBe("");
  });
});
