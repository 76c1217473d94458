/** Builds NetCDF-4 files for tests, as the NetCDF library lays them out in HDF5. */
import * as h5wasm from "h5wasm";
import type { Hdf5Library, Hdf5Module } from "../src/dataset/netcdf/hdf5.ts";
import { openHdf5 } from "../src/dataset/netcdf/open-hdf5.ts";
import type { RawDataset } from "../src/dataset/netcdf/raw-variable.ts";

const DIMENSION_ONLY = "This is a netCDF dimension but not a netCDF variable.";

type Group = InstanceType<typeof h5wasm.Group>;
type Dataset = InstanceType<typeof h5wasm.Dataset>;
type DatasetOptions = Parameters<Group["create_dataset"]>[0];

let fileCount = 0;

/** The bytes of a file that `write` fills. */
export async function netcdf4File(write: (file: Group) => void): Promise<Uint8Array> {
  const { FS } = await h5wasm.ready;
  const path = `/test-${fileCount++}.nc`;
  const file = new h5wasm.File(path, "w", { track_order: true });
  write(file);
  file.close();
  const bytes = FS?.readFile(path) as Uint8Array;
  FS?.unlink(path);
  return bytes.slice();
}

/** A dimension without a variable. */
export function addDimension(group: Group, name: string, size: number, id: number): Dataset {
  return addScale(group, { name, data: new Float32Array(size) }, id, DIMENSION_ONLY);
}

/** A coordinate of one or more dimensions, which stands for the dimension of its name. */
export function addScale(
  group: Group,
  options: DatasetOptions,
  id: number,
  scaleName: string = options.name,
): Dataset {
  const scale = group.create_dataset(options);
  scale.make_scale(scaleName);
  scale.create_attribute("_Netcdf4Dimid", Int32Array.of(id), []);
  return scale;
}

/** A variable along scales, by their paths. */
export function addVariable(
  group: Group,
  options: DatasetOptions,
  scales: readonly string[],
): Dataset {
  const variable = group.create_dataset(options);
  for (const [axis, path] of scales.entries()) variable.attach_scale(axis, path);
  return variable;
}

/** Opens a file through a library some of whose answers are others. */
export async function openThrough(
  bytes: Uint8Array,
  answers: (module: Hdf5Module) => Partial<Hdf5Module>,
): Promise<RawDataset> {
  const module = (await h5wasm.ready) as unknown as Hdf5Module;
  const path = `/test-${fileCount++}.nc`;
  module.FS.writeFile(path, bytes);
  const own = answers(module);
  const changed = new Proxy(module, {
    get: (target, key) => Reflect.get(Object.hasOwn(own, key) ? own : target, key),
  });
  const library = { File: h5wasm.File, ready: Promise.resolve(changed) } as unknown as Hdf5Library;
  const release = (): void => module.FS.unlink(path);
  return openHdf5(library, { name: "test.nc", path, group: "/", release });
}
