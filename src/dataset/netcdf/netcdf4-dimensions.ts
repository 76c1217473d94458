/**
 * Which dimensions the datasets of an HDF5 file have, as the NetCDF library finds them: dimension
 * scales are dimensions, in the groups below too; axes without a scale get a made-up dimension,
 * which axes of the same size in one group share. Spec: NetCDF "NetCDF-4 Format".
 */
import { isJsonArray, JsonNumber, type JsonValue } from "../../codec/json.ts";
import { guarded, HDF5_CLASS, type Hdf5File, type Hdf5Type } from "./hdf5.ts";
import { readHdf5Attribute } from "./hdf5-attributes.ts";
import { referenceTo, scaleReferences } from "./hdf5-scales.ts";
import { type Hdf5Dataset, type Hdf5Group, withDescendants } from "./hdf5-tree.ts";

/** Marks a scale that stands for a dimension only. */
const DIMENSION_ONLY = "This is a netCDF dimension but not a netCDF variable";

/** One dimension of the file. */
export interface Netcdf4Dimension {
  readonly name: string;
  readonly isUnlimited: boolean;
  size: number;
}

interface Scale {
  readonly dimension: Netcdf4Dimension;
  readonly isDimensionOnly: boolean;
}

/** The dimensions of every variable of the file. */
interface Netcdf4Dimensions {
  /** One per axis. */
  of(dataset: Hdf5Dataset): readonly Netcdf4Dimension[];
  /** Whether it is more than a dimension; NetCDF knows no variables of references. */
  isVariable(dataset: Hdf5Dataset): boolean;
  /** Those that begin in this group. */
  inGroup(group: Hdf5Group): readonly Netcdf4Dimension[];
}

/** Finds the dimensions of all datasets. */
export function findDimensions(file: Hdf5File, root: Hdf5Group): Netcdf4Dimensions {
  const finder = new DimensionFinder(file);
  finder.readScales(root);
  finder.assignAxes(root);
  finder.measure(root);
  return finder;
}

class DimensionFinder implements Netcdf4Dimensions {
  readonly #file: Hdf5File;
  readonly #scales = new Map<string, Scale>();
  readonly #byReference = new Map<string, Netcdf4Dimension>();
  readonly #byId = new Map<number, Netcdf4Dimension>();
  readonly #ofGroup = new Map<string, Netcdf4Dimension[]>();
  readonly #ofDataset = new Map<string, Netcdf4Dimension[]>();
  #nextId = 0;

  constructor(file: Hdf5File) {
    this.#file = file;
  }

  of({ path }: Hdf5Dataset): readonly Netcdf4Dimension[] {
    return this.#ofDataset.get(path) ?? [];
  }

  isVariable({ path, type }: Hdf5Dataset): boolean {
    const isReference = type.type === HDF5_CLASS.reference;
    return !isReference && this.#scales.get(path)?.isDimensionOnly !== true;
  }

  inGroup({ path }: Hdf5Group): Netcdf4Dimension[] {
    return this.#ofGroup.get(path) ?? [];
  }

  /** Scales of a group before those of the groups below it. */
  readScales(group: Hdf5Group): void {
    for (const dataset of group.datasets) {
      const { type } = dataset;
      const size = type.shape?.[0];
      if (size === undefined || this.#hidden(dataset, "CLASS") !== "DIMENSION_SCALE") continue;
      const dimension = { name: dataset.name, size, isUnlimited: isUnlimited(type, 0) };
      const name = this.#hidden(dataset, "NAME");
      const isDimensionOnly = typeof name === "string" && name.startsWith(DIMENSION_ONLY);
      this.#scales.set(dataset.path, { dimension, isDimensionOnly });
      this.#byReference.set(referenceTo(this.#file, dataset.path), dimension);
      this.#add(group, dimension, integersOf(this.#hidden(dataset, "_Netcdf4Dimid"))[0]);
    }
    for (const child of group.groups) this.readScales(child);
  }

  /** Variables of a group after those of the groups below it: this numbers the made-up ones. */
  assignAxes(group: Hdf5Group): void {
    for (const child of group.groups) this.assignAxes(child);
    for (const dataset of group.datasets) {
      if (this.isVariable(dataset)) this.#ofDataset.set(dataset.path, this.#axesOf(group, dataset));
    }
  }

  /** A dimension that can grow is as long as the longest variable that has it. */
  measure(root: Hdf5Group): void {
    for (const { datasets } of withDescendants(root)) {
      for (const dataset of datasets) {
        this.of(dataset).forEach((dimension, axis) => {
          const size = dataset.type.shape?.[axis] ?? 0;
          if (dimension.isUnlimited) dimension.size = Math.max(dimension.size, size);
        });
      }
    }
  }

  #add(group: Hdf5Group, dimension: Netcdf4Dimension, assigned?: number): void {
    const id = assigned ?? this.#nextId;
    this.#nextId = Math.max(this.#nextId, id + 1);
    this.#byId.set(id, dimension);
    this.#ofGroup.set(group.path, [...this.inGroup(group), dimension]);
  }

  #axesOf(group: Hdf5Group, dataset: Hdf5Dataset): Netcdf4Dimension[] {
    const { shape } = dataset.type;
    const rank = shape?.length ?? 0;
    const scale = this.#scales.get(dataset.path);
    if (scale !== undefined && rank === 1) return [scale.dimension];
    const ids = integersOf(this.#hidden(dataset, "_Netcdf4Coordinates"));
    const attached = scale === undefined ? this.#attached(dataset, rank) : [];
    const axes: Netcdf4Dimension[] = [];
    for (let axis = 0; axis < rank; axis++) {
      const known = ids.length === rank ? this.#byId.get(ids[axis] as number) : undefined;
      axes.push(known ?? attached[axis] ?? this.#madeUp(group, dataset.type, axis, axes));
    }
    return axes;
  }

  /** The scales of all axes; none at all if the first has none, as the library sees it. */
  #attached(dataset: Hdf5Dataset, rank: number): (Netcdf4Dimension | undefined)[] {
    const { path, attributeNames } = dataset;
    const references = scaleReferences(this.#file, path, attributeNames);
    const axes =
      references?.map((reference) => this.#byReference.get(reference ?? "")) ??
      Array.from({ length: rank }, (_, axis) => this.#attachedByName(path, axis));
    return axes[0] === undefined ? [] : axes;
  }

  #attachedByName(path: string, axis: number): Netcdf4Dimension | undefined {
    const { module, id } = this.#file;
    const paths = guarded(this.#file, `the dimensions of ${path}`, () =>
      Array.from(module.get_attached_scales(id, path, axis)),
    );
    return this.#scales.get(paths.at(-1) ?? "")?.dimension;
  }

  #madeUp(
    group: Hdf5Group,
    type: Hdf5Type,
    axis: number,
    taken: readonly Netcdf4Dimension[],
  ): Netcdf4Dimension {
    const size = type.shape?.[axis] ?? 0;
    const canGrow = isUnlimited(type, axis);
    const fitting = this.inGroup(group).find(
      (dimension) =>
        dimension.size === size && dimension.isUnlimited === canGrow && !taken.includes(dimension),
    );
    if (fitting !== undefined) return fitting;
    const dimension = { name: `phony_dim_${this.#nextId}`, size, isUnlimited: canGrow };
    this.#add(group, dimension);
    return dimension;
  }

  #hidden(dataset: Hdf5Dataset, name: string): JsonValue | undefined {
    if (!dataset.attributeNames.includes(name)) return undefined;
    return readHdf5Attribute(this.#file, dataset.path, name);
  }
}

function isUnlimited({ maxshape }: Hdf5Type, axis: number): boolean {
  return (maxshape?.[axis] ?? 0) > Number.MAX_SAFE_INTEGER;
}

function integersOf(value: JsonValue | undefined): number[] {
  const items = isJsonArray(value) ? value : [value];
  return items.flatMap((item) => {
    const number = item instanceof JsonNumber ? item.value : item;
    return Number.isSafeInteger(number) ? [number as number] : [];
  });
}
