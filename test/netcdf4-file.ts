/** Builds NetCDF-4 files for tests, as the NetCDF library lays them out in HDF5. */
import * as h5wasm from "h5wasm";

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
