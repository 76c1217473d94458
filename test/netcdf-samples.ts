/**
 * NetCDF files for whole programs: small ones made here, like the samples of the xarray tutorials;
 * or, where ICEFLOE_DATA names their folder, those samples themselves (the lane `shared`).
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as h5wasm from "h5wasm";
import { netcdf3File } from "./netcdf3-file.ts";

const MONTHS = 2;
const LEVELS = 3;
const ROWS = 41;
const COLUMNS = 80;
const DEPTHS = 4;

/** Names of the files: a NetCDF-3 with packed winds, a NetCDF-4 with a mask of ocean basins. */
export const SAMPLES = ["eraint_uvz.nc", "basin_mask.nc"] as const;

/** The path of one sample, which is made in `folder` unless the real one is at hand. */
export async function samplePath(name: (typeof SAMPLES)[number], folder: string): Promise<string> {
  const real = process.env["ICEFLOE_DATA"];
  if (real !== undefined) return join(real, name);
  const path = join(folder, name);
  writeFileSync(path, name === "eraint_uvz.nc" ? windsFile() : await basinsFile());
  return path;
}

/** Numbers that tell their place, over the whole range of int16. */
const numbers = (length: number, step: number): number[] =>
  Array.from({ length }, (_, i) => ((i * step) % 65_536) - 32_768);

function windsFile(): Uint8Array {
  const packed = (scale: number, offset: number, step: number) =>
    ({
      dims: ["month", "level", "latitude", "longitude"],
      type: "short",
      values: numbers(MONTHS * LEVELS * ROWS * COLUMNS, step),
      attributes: {
        scale_factor: ["double", [scale]],
        add_offset: ["double", [offset]],
        _FillValue: ["double", [Number.NaN]],
      },
    }) as const;
  return netcdf3File({
    version: 2,
    dimensions: { longitude: COLUMNS, latitude: ROWS, level: LEVELS, month: MONTHS },
    attributes: { Conventions: ["char", "CF-1.0"] },
    variables: {
      longitude: axis("longitude", COLUMNS, "degrees_east"),
      latitude: axis("latitude", ROWS, "degrees_north"),
      level: { dims: ["level"], type: "int", values: [200, 500, 850] },
      z: packed(-1.7250274674967954, 66825.5, 7),
      u: packed(-0.001572704938045535, 26.96875, 11),
      v: packed(-0.0004778199963376671, -1.46875, 13),
      month: { dims: ["month"], type: "int", values: [1, 7] },
    },
  });
}

function axis(name: string, length: number, units: string) {
  return {
    dims: [name],
    type: "float",
    values: Array.from({ length }, (_, i) => i * 0.75),
    attributes: { units: ["char", units], _FillValue: ["float", [Number.NaN]] },
  } as const;
}

async function basinsFile(): Promise<Uint8Array> {
  const { FS } = await h5wasm.ready;
  const file = new h5wasm.File("/basins.nc", "w");
  file.create_attribute("Conventions", "IRIDL");
  const sizes = { X: COLUMNS, Y: ROWS, Z: DEPTHS };
  for (const [id, [name, size]] of Object.entries(sizes).entries()) {
    const scale = file.create_dataset({
      name,
      data: Float32Array.from({ length: size }, (_, i) => i + 0.5),
    });
    scale.make_scale(name);
    scale.create_attribute("_Netcdf4Dimid", Int32Array.of(id), []);
    scale.create_attribute("units", name === "Z" ? "m" : "degree");
  }
  const length = DEPTHS * ROWS * COLUMNS;
  const basin = file.create_dataset({
    name: "basin",
    data: Int8Array.from({ length }, (_, i) => (i % 3 === 0 ? -100 : i % 59)),
    shape: [DEPTHS, ROWS, COLUMNS],
    chunks: [2, ROWS, COLUMNS],
    compression: "gzip",
    compression_opts: [4],
  });
  for (const [i, name] of ["Z", "Y", "X"].entries()) basin.attach_scale(i, `/${name}`);
  basin.create_attribute("missing_value", Int8Array.of(-100));
  basin.create_attribute("long_name", "basin code");
  file.close();
  const bytes = FS?.readFile("/basins.nc") as Uint8Array;
  FS?.unlink("/basins.nc");
  return bytes.slice();
}
