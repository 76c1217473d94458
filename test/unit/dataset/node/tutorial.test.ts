import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openNetcdf, openTutorial } from "../../../../src/dataset/node/index.ts";
import { netcdf3File } from "../../../netcdf3-file.ts";
import { type FileServer, fileServer } from "../file-server.ts";

const content = netcdf3File({
  version: 1,
  dimensions: { x: 50_000 },
  variables: {
    v: { dims: ["x"], type: "int", values: Array.from({ length: 50_000 }, (_, i) => i) },
  },
});

let server: FileServer;
let cacheFolder: string;
beforeEach(async () => {
  server = await fileServer(content);
  cacheFolder = mkdtempSync(join(tmpdir(), "icefloe-tutorial-"));
});
afterEach(async () => {
  await server.close();
  rmSync(cacheFolder, { recursive: true });
});

const open = (options: object = {}) =>
  openTutorial("sample", { cacheFolder, baseUrl: server.url, ...options });

/** Everything that the file holds, once more through the opened dataset. */
async function check(dataset: Awaited<ReturnType<typeof open>>): Promise<void> {
  const last = await dataset.isel({ x: [49_999] }).load();
  await dataset.close();

  expect(last.variables["v"]?.values).toEqual(Int32Array.of(49_999));
  expect(readdirSync(cacheFolder)).toEqual(["sample.nc"]);
  expect(Buffer.compare(readFileSync(join(cacheFolder, "sample.nc")), content)).toBe(0);
}

describe("openTutorial", () => {
  test("fetches the file once, telling how far it is", async () => {
    const progress: { receivedBytes: number; totalBytes: number | undefined }[] = [];

    await check(await open({ onProgress: (event: (typeof progress)[0]) => progress.push(event) }));
    await check(await open());

    expect(server.ranges).toEqual([undefined]);
    expect(progress[0]).toEqual({ receivedBytes: 0, totalBytes: content.length });
    expect(progress.at(-1)).toEqual({ receivedBytes: content.length, totalBytes: content.length });
  });

  test("reads no answer to its end that it refuses", async () => {
    let cancelled = 0;
    const body = new ReadableStream({ cancel: () => void cancelled++ });
    const fetch = async (): Promise<Response> => new Response(body, { status: 500 });

    await expect(open({ fetch })).rejects.toMatchObject({ kind: "io" });

    expect(cancelled).toBe(1);
  });

  test("goes on where the connection broke off", async () => {
    server.breakAfterBytes = 70_000;

    await check(await open());

    // How much of the first answer arrives is the platform's: newer ones drop what was unread.
    expect(server.ranges).toHaveLength(2);
    expect(server.ranges[0]).toBeUndefined();
  });

  test("goes on with what an earlier process left", async () => {
    server.status = undefined;
    const tag = Buffer.from('"one"').toString("base64url");
    writeFileSync(join(cacheFolder, `sample.nc.${tag}.part`), content.subarray(0, 1000));

    await check(await open());

    expect(server.ranges).toEqual(["bytes=1000-"]);
  });

  test("starts anew where the file has changed", async () => {
    const tag = Buffer.from('"old"').toString("base64url");
    writeFileSync(join(cacheFolder, `sample.nc.${tag}.part`), new Uint8Array(1000));

    await check(await open());
  });

  test("starts anew where a part is longer than the file", async () => {
    const tag = Buffer.from('"one"').toString("base64url");
    writeFileSync(join(cacheFolder, `sample.nc.${tag}.part`), new Uint8Array(content.length + 1));

    await check(await open());

    expect(server.ranges).toEqual([`bytes=${content.length + 1}-`, undefined]);
  });

  test("needs neither an entity tag nor ranges", async () => {
    server.etag = undefined;
    server.honoursRanges = false;

    await check(await open());
  });

  test("many at once leave one whole file", async () => {
    await Promise.all(Array.from({ length: 4 }, () => open().then((dataset) => dataset.close())));

    await check(await open());
  });

  test("says offline what it wanted and where to put the file", async () => {
    const failure = open({ baseUrl: "http://127.0.0.1:1/files" });

    await expect(failure).rejects.toMatchObject({
      kind: "io",
      message: `cannot fetch http://127.0.0.1:1/files/sample.nc; to go on without a network, put the file at ${join(cacheFolder, "sample.nc")}`,
    });
  });

  test("reads a file that was put there by hand", async () => {
    writeFileSync(join(cacheFolder, "sample.nc"), content);

    await check(await open({ baseUrl: "http://127.0.0.1:1/" }));
  });

  test("keeps nothing that is no NetCDF file", async () => {
    server.content = new TextEncoder().encode("<html>please log in</html>");

    await expect(open()).rejects.toThrow(/what the server sent is no NetCDF file/);
    expect(readdirSync(cacheFolder)).toEqual([]);
  });

  test("refuses what the server does not have", async () => {
    server.status = 404;

    await expect(open()).rejects.toThrow(/the server answers 404/);
  });

  test("can be given up", async () => {
    const reason = new Error("enough");

    await expect(open({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(readdirSync(cacheFolder)).toEqual([]);
  });

  test.each(["", "../x", "a/b", ".hidden", "a b"])("refuses the name %j", async (name) => {
    await expect(openTutorial(name, { cacheFolder })).rejects.toMatchObject({
      kind: "invalid-option",
    });
  });
});

describe("openNetcdf of Node", () => {
  test("opens a path and a file URL, and reads on demand", async () => {
    const path = join(cacheFolder, "own.nc");
    writeFileSync(path, content);

    for (const input of [path, pathToFileURL(path)]) {
      const dataset = await openNetcdf(input);
      const part = await dataset.isel({ x: [7] }).load();
      await dataset.close();
      await dataset.close();

      expect(part.variables["v"]?.values).toEqual(Int32Array.of(7));
    }
  });

  test("says which file is not there", async () => {
    const path = join(cacheFolder, "none.nc");

    await expect(openNetcdf(path)).rejects.toMatchObject({ kind: "io", details: { path } });
  });
});
