/** Files that are refused, and files that are damaged, do not stay open. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as h5wasm from "h5wasm/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bytesSource } from "../../../../src/dataset/netcdf/byte-source.ts";
import { openHdf5Bytes } from "../../../../src/dataset/netcdf/open-hdf5.ts";
import { openSource } from "../../../../src/dataset/netcdf/open-netcdf.ts";
import { openNetcdf } from "../../../../src/dataset/node/index.ts";
import { netcdf3File } from "../../../netcdf3-file.ts";
import { netcdf4File } from "../../../netcdf4-file.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "icefloe-open-files-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Paths of files that HDF5 has open. */
async function openPaths(): Promise<string[]> {
  const { FS } = await h5wasm.ready;
  const { streams } = FS as unknown as { streams: ({ path?: string } | null | undefined)[] };
  return streams.flatMap((stream) => (stream?.path?.startsWith(folder) ? [stream.path] : []));
}

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

describe("a NetCDF-4 file", () => {
  test("is closed if a variable cannot be held", async () => {
    const path = write(
      "compound.nc",
      await netcdf4File((file) => {
        file.create_dataset({ name: "pairs", data: new Map([["a", Int32Array.of(1)]]) as never });
      }),
    );

    await expect(openNetcdf(path)).rejects.toMatchObject({ kind: "unimplemented" });

    expect(await openPaths()).toEqual([]);
  });

  test("is closed if a listener of warnings throws", async () => {
    const path = join(import.meta.dirname, "../../../data/hdf5-kinds.nc");
    const copy = write("kinds.nc", readFileSync(path));
    const onWarning = (): never => {
      throw new Error("strict");
    };

    await expect(openNetcdf(copy, { onWarning })).rejects.toThrow("strict");

    expect(await openPaths()).toEqual([]);
  });

  test("is closed after its values could not be read", async () => {
    const data = Uint8Array.from({ length: 4096 }, (_, i) => (i * 7919) % 251);
    const options = { chunks: [4096], compression: "gzip" as const };
    const bytes = await netcdf4File((file) => {
      file.create_dataset({ name: "x", data, ...options });
    });
    // A zlib stream begins with 0x78: what follows is spoilt.
    const at = bytes.findIndex((byte, i) => byte === 0x78 && bytes[i + 1] === 0x5e);
    bytes.fill(0xff, at + 2, at + 40);
    const path = write("spoilt.nc", bytes);
    const dataset = await openNetcdf(path);

    await expect(dataset.load()).rejects.toMatchObject({
      kind: "invalid-file-format",
      details: { object: path },
    });
    expect(await openPaths()).toEqual([path]);
    await dataset.close();

    expect(await openPaths()).toEqual([]);
  });

  test("that is no HDF5 beyond its first bytes leaves no copy in memory", async () => {
    const { FS } = await (await import("h5wasm")).ready;
    const names = (): string[] =>
      (FS as unknown as { readdir(path: string): string[] }).readdir("/");
    const before = names();
    const bytes = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3);

    const opened = openHdf5Bytes(bytesSource(bytes), "/");

    await expect(opened).rejects.toMatchObject({ kind: "invalid-file-format" });
    expect(names()).toEqual(before);
  });
});

describe("a NetCDF-3 file", () => {
  const bytes = netcdf3File({
    version: 1,
    dimensions: {},
    variables: { x: { dims: [], type: "int", values: [1] } },
  });

  test.each([
    ["a group is asked for", { group: "inner" }],
    [
      "a listener throws",
      {
        dropVariables: {
          includes: () => {
            throw new Error("strict");
          },
        } as never,
      },
    ],
  ])("is closed if %s", async (_, options) => {
    const source = bytesSource(bytes);
    let closes = 0;
    const close = async (): Promise<void> => void closes++;

    await expect(openSource({ ...source, close }, options, openHdf5Bytes)).rejects.toThrow();

    expect(closes).toBeGreaterThan(0);
  });
});

describe("values that were not loaded before the dataset was closed", () => {
  const netcdf3 = netcdf3File({
    version: 1,
    dimensions: { x: 2 },
    variables: {
      a: { dims: ["x"], type: "int", values: [1, 2] },
      name: { dims: ["x"], type: "char", values: "ab" },
    },
  });
  const netcdf4 = (): Promise<Uint8Array> =>
    netcdf4File((file) => {
      file.create_dataset({ name: "a", data: Int32Array.of(1, 2) });
    });

  test.each([
    ["NetCDF-3", async () => netcdf3],
    ["NetCDF-4", netcdf4],
  ])("are refused, saying so, in %s by path and in memory", async (format, bytesOf) => {
    const bytes = await bytesOf();
    for (const input of [write(`${format}.nc`, bytes), bytes]) {
      const dataset = await openNetcdf(input);
      const part = dataset.isel({ [dataset.dims[0] as string]: 0 });
      await dataset.close();

      await expect(dataset.load()).rejects.toMatchObject({
        kind: "not-allowed",
        message: expect.stringMatching(
          /^variable a was not loaded before the dataset of .* was closed$/,
        ),
      });
      await expect(part.load()).rejects.toMatchObject({ kind: "not-allowed" });
    }
  });

  test("are those that were loaded no longer", async () => {
    const dataset = await openNetcdf(write("loaded.nc", netcdf3));
    await dataset.load();
    await dataset.close();

    expect((await dataset.load()).variables["a"]!.values).toEqual(Int32Array.of(1, 2));
  });
});

test("a folder is no file, and the error says so", async () => {
  await expect(openNetcdf(folder)).rejects.toMatchObject({ kind: "io", details: { path: folder } });
});
