import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openNetcdf } from "../../../../src/dataset/index.ts";
import { blobSource, urlSource } from "../../../../src/dataset/netcdf/byte-source.ts";
import { netcdf3File } from "../../../netcdf3-file.ts";
import { type FileServer, fileServer } from "../file-server.ts";

const SIZE = 200_000;
const content = netcdf3File({
  version: 2,
  dimensions: { t: 2, x: SIZE },
  variables: {
    v: {
      dims: ["t", "x"],
      type: "byte",
      values: Array.from({ length: 2 * SIZE }, (_, i) => i % 100),
    },
  },
});

let server: FileServer;
beforeEach(async () => {
  server = await fileServer(content);
});
afterEach(() => server.close());

describe("a NetCDF-3 file at a URL", () => {
  test("is read by ranges: the header, then the bytes of what is asked for", async () => {
    const dataset = await openNetcdf(new URL("a.nc", server.url));
    const part = await dataset.isel({ t: 1, x: { start: 0, end: 4 } }).load();

    expect(part.variables["v"]?.values).toEqual(Int8Array.of(0, 1, 2, 3));
    expect(server.ranges).toHaveLength(2);
    expect(server.ranges[1]).toMatch(/^bytes=200\d{3}-200\d{3}$/);
  });

  test("is kept whole where the server knows no ranges", async () => {
    server.honoursRanges = false;

    const dataset = await openNetcdf(new URL("a.nc", server.url));
    await dataset.isel({ t: 1, x: { start: 0, end: 4 } }).load();

    expect(server.ranges).toHaveLength(1);
  });

  test("that changes between two requests is refused", async () => {
    const dataset = await openNetcdf(new URL("a.nc", server.url));
    server.etag = '"two"';

    await expect(dataset.load()).rejects.toMatchObject({
      kind: "io",
      message: expect.stringContaining("a part of the same file"),
    });
  });

  test("that is not there is an error with the status, without the query's secrets", async () => {
    server.status = 404;

    const failure = openNetcdf(new URL("a.nc?key=secret", server.url));

    await expect(failure).rejects.toMatchObject({ kind: "io", details: { status: 404 } });
    await expect(failure).rejects.not.toThrow(/secret/);
  });

  test("whose answer breaks off is an error that names it", async () => {
    server.breakAfterBytes = 100;
    const failure = openNetcdf(new URL("a.nc?key=secret", server.url));

    await expect(failure).rejects.toMatchObject({
      kind: "io",
      message: `${new URL("a.nc", server.url)}: the answer broke off`,
    });

    const dataset = await openNetcdf(new URL("a.nc", server.url));
    server.breakAfterBytes = 1;
    await expect(dataset.load()).rejects.toMatchObject({ kind: "io" });
  });

  test("can be given up", async () => {
    const reason = new Error("enough");

    await expect(
      openNetcdf(new URL("a.nc", server.url), { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
  });
});

test("an answer that is refused is not read to its end", async () => {
  let cancelled = 0;
  const body = new ReadableStream({ cancel: () => void cancelled++ });
  const fetch = async (): Promise<Response> => new Response(body, { status: 404 });

  const opened = openNetcdf(new URL("http://127.0.0.1/x.nc"), { fetch });

  await expect(opened).rejects.toMatchObject({ kind: "io", details: { status: 404 } });
  expect(cancelled).toBe(1);
});

test("a URL that nobody answers is an error", async () => {
  await expect(urlSource(new URL("http://127.0.0.1:1/a.nc"))).rejects.toMatchObject({ kind: "io" });
});

test("a Blob is read by slices", async () => {
  const source = blobSource(new Blob([content as Uint8Array<ArrayBuffer>]));

  expect(source.sizeBytes).toBe(content.length);
  expect(await source.read(0, 4)).toEqual(Uint8Array.of(0x43, 0x44, 0x46, 2));
});

test("what is no NetCDF file is refused by its first bytes", async () => {
  await expect(openNetcdf(new TextEncoder().encode("<html>"))).rejects.toMatchObject({
    kind: "invalid-file-format",
    message: expect.stringContaining("it begins with 3c 68 74"),
  });
  await expect(openNetcdf(new Uint8Array(0))).rejects.toMatchObject({
    kind: "invalid-file-format",
  });
});

test("paths and file URLs are referred to the entry for Node", async () => {
  for (const input of ["a.nc", new URL("file:///a.nc")]) {
    await expect(openNetcdf(input as never)).rejects.toThrow(/icefloe\/dataset\/node/);
  }
});
