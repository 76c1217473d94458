/** The groups of an HDF5 file and the datasets in them, in the order in which NetCDF lists them. */
import { makeError } from "../../base/errors.ts";
import { datasetType, guarded, type Hdf5File, type Hdf5Type } from "./hdf5.ts";
import { attributeNames } from "./hdf5-attributes.ts";

/** Links may lead back: no file has groups as deep as that. */
const DEPTH_MAX = 64;
/** Most objects of a file. */
const OBJECTS_MAX = 1_000_000;

/** One dataset: a variable, or what stands for a dimension. */
export interface Hdf5Dataset {
  readonly path: string;
  readonly name: string;
  readonly type: Hdf5Type;
  readonly attributeNames: readonly string[];
}

/** One group and what is in it. */
export interface Hdf5Group {
  readonly path: string;
  readonly datasets: readonly Hdf5Dataset[];
  readonly groups: readonly Hdf5Group[];
}

/** The root group. Nothing but names, types and shapes is read. */
export function readTree(file: Hdf5File): Hdf5Group {
  return readGroup(file, "/", 0, { count: 0 });
}

function readGroup(
  file: Hdf5File,
  path: string,
  depth: number,
  objects: { count: number },
): Hdf5Group {
  const { module, id } = file;
  const names = guarded(file, `the members of ${path}`, () =>
    Array.from(module.get_names(id, path, false)),
  );
  objects.count += names.length;
  if (depth > DEPTH_MAX || objects.count > OBJECTS_MAX) {
    throw makeError(
      "unimplemented",
      `${file.name}: too many groups, or a group in itself: ${path}`,
      {
        details: { object: file.name, path },
      },
    );
  }
  const members = names.map((name) => {
    const own = path === "/" ? `/${name}` : `${path}/${name}`;
    const kind = guarded(file, `the kind of ${own}`, () => module.get_type(id, own));
    return { name, path: own, kind };
  });
  const datasets = members
    .filter(({ kind }) => kind === module.H5G_DATASET)
    .map((member) => ({
      name: member.name,
      path: member.path,
      type: datasetType(file, member.path),
      attributeNames: attributeNames(file, member.path),
    }));
  const groups = members
    .filter(({ kind }) => kind === module.H5G_GROUP)
    .map((member) => readGroup(file, member.path, depth + 1, objects));
  return { path, datasets, groups };
}

/** The group and all groups below it, itself first. */
export function withDescendants(group: Hdf5Group): Hdf5Group[] {
  return [group, ...group.groups.flatMap(withDescendants)];
}
