/**
 * Variables that share dimensions, their coordinates, and attributes: a file, or a group of a
 * store, in the manner of xarray.
 */
import { mapConcurrent } from "../../base/concurrency.ts";
import { makeError } from "../../base/errors.ts";
import {
  abortSignal,
  anything,
  checkOptions,
  describe,
  isPlainObject,
  SIGNAL,
} from "../../base/options.ts";
import { showAsText } from "../../base/show-as-text.ts";
import type { JsonValue } from "../../codec/json.ts";
import type { ZarrStore } from "../../zarr/zarr-store.ts";
import { toZarr } from "../store/to-zarr.ts";
import type { ToZarrOptions } from "../store/to-zarr-options.ts";
import type { Attributes, VariableInput } from "./array-input.ts";
import type { DataArray, LoadOptions } from "./data-array.ts";
import { makeVariables } from "./dataset-input.ts";
import type { Indexers } from "./indexers.ts";
import { type Labels, labelsToIndexers, type SelectOptions } from "./labels.ts";
import { summaryOfDataset } from "./summary.ts";
import type { DatasetWarning } from "./warning.ts";

/** What makes a dataset. */
export interface DatasetInput {
  /** Data variables by name. One named like a dimension is a coordinate. */
  readonly variables?: Readonly<Record<string, VariableInput | DataArray>> | undefined;
  /** Coordinates by name: an index if one-dimensional and named like its dimension. */
  readonly coordinates?: Readonly<Record<string, VariableInput | DataArray>> | undefined;
  readonly attributes?: Readonly<Attributes> | undefined;
}

/** What a reader adds. */
interface DatasetSource {
  /** Group attributes as they were spelled. */
  readonly spelling: ReadonlyMap<string, JsonValue>;
  /** Facts that are not attributes. */
  readonly encoding: Record<string, unknown>;
  /** Paths of the groups right below it. */
  readonly groups: readonly string[];
  /** What could not be read. */
  readonly warnings: readonly DatasetWarning[];
  close(): Promise<void>;
}

/** Variables loaded at once. */
const LOADS_MAX = 4;

const NO_SOURCE: DatasetSource = {
  spelling: new Map(),
  encoding: {},
  groups: [],
  warnings: [],
  close: async () => undefined,
};

/** `await using` closes, where the runtime has that symbol. */
function defineAsyncClose(dataset: Dataset): void {
  const symbol: symbol | undefined = Symbol.asyncDispose;
  if (symbol === undefined) return;
  Object.defineProperty(dataset, symbol, { value: () => dataset.close() });
}

/** Variables, coordinates and attributes. */
export class Dataset {
  /** Data variables by name, in order. */
  readonly variables: Readonly<Record<string, DataArray>>;
  /** Coordinates by name, in order. */
  readonly coordinates: Readonly<Record<string, DataArray>>;
  /** May be changed. */
  attributes: Attributes;
  /** Facts about the file it came from: unlimited dimensions. */
  readonly encoding: Record<string, unknown>;
  /** Size of every dimension. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly #source: DatasetSource;

  /**
   * A dataset of variables in memory, or of other datasets' variables.
   * @throws {invalid-option} sizes that contradict each other, a name twice, values that do not fit
   */
  constructor(input?: DatasetInput);
  /** @internal With what a reader knows beside. */
  constructor(input: DatasetInput, source: DatasetSource);
  constructor(input: DatasetInput = {}, source: DatasetSource = NO_SOURCE) {
    checkOptions("Dataset", input, {
      variables: anything,
      coordinates: anything,
      attributes: anything,
    });
    const made = makeVariables(input.variables ?? {}, input.coordinates ?? {});
    this.variables = made.variables;
    this.coordinates = made.coordinates;
    this.sizes = made.sizes;
    this.attributes = { ...input.attributes };
    this.encoding = { ...source.encoding };
    this.#source = source;
    defineAsyncClose(this);
  }

  /** The variable or coordinate of that name, or `undefined`. */
  get(name: string): DataArray | undefined {
    return this.variables[name] ?? this.coordinates[name];
  }

  /** Paths of the groups right below the one it was opened from, each to be opened as `group`. */
  get groups(): readonly string[] {
    return this.#source.groups;
  }

  /** What could not be read where it came from, and was left out or left as it is stored. */
  get warnings(): readonly DatasetWarning[] {
    return this.#source.warnings;
  }

  /** Names of the dimensions. */
  get dims(): readonly string[] {
    return Object.keys(this.sizes);
  }

  /**
   * A part by position, of every variable that has the dimension: a number drops the dimension,
   * `[i]` keeps it, `{ start, end }` and zarrita's `slice()` are ranges. Nothing is read.
   * @throws {invalid-option} an unknown dimension, or a position outside
   */
  isel(indexers: Indexers): Dataset {
    if (!isPlainObject(indexers)) {
      throw makeError("invalid-option", `isel: expected an object, got ${describe(indexers)}`);
    }
    for (const dim of Object.keys(indexers)) this.#mustHaveDimension("isel", dim);
    return this.#map((array) => {
      const own = Object.entries(indexers).filter(([dim]) => array.dims.includes(dim));
      return own.length === 0 ? array.with({}) : array.isel(Object.fromEntries(own));
    });
  }

  /**
   * A part by coordinate values: a value (drops the dimension), a list, or `{ start, end }` with
   * both ends included, as in xarray. Times are `Date`s or texts such as `2013-01`.
   * Loads the index coordinates that are named.
   * @throws {invalid-option} no such label, or a dimension without a coordinate
   */
  async sel(labels: Labels, options?: SelectOptions & LoadOptions): Promise<Dataset> {
    checkOptions("sel", options, { method: anything, signal: abortSignal });
    const indexers: Record<string, Indexers[string]> = {};
    for (const [dim, label] of Object.entries(labels)) {
      this.#mustHaveDimension("sel", dim);
      const index = this.coordinates[dim];
      if (index === undefined || index.dims.length !== 1) {
        throw makeError("invalid-option", `sel: dimension ${dim} has no coordinate`, {
          details: { dimension: dim },
        });
      }
      await index.load({ signal: options?.signal });
      indexers[dim] = labelsToIndexers(index, label, options ?? {});
    }
    return this.isel(indexers);
  }

  /** Reads every variable into memory; resolves to this dataset. */
  async load(options?: LoadOptions): Promise<this> {
    checkOptions("load", options, SIGNAL);
    await mapConcurrent(this.all(), LOADS_MAX, (array) => array.load(options));
    return this;
  }

  /**
   * Writes the dataset into a group of a Zarr store, as xarray would; see `ToZarrOptions`.
   * @throws {node-already-exists} mode `w-` and a group is there
   * @throws {node-not-found} mode `r+`, or a region, and no group is there
   * @throws {not-a-group} an array is there, or above it
   * @throws {invalid-option} what contradicts itself or the store, or cannot be stored losslessly
   * @throws {bad-metadata} attributes that JSON cannot say, by name
   * @throws {region-not-aligned} a region that covers a chunk in part, naming it
   * @throws {unimplemented} an encoding or a stored array that is not supported, by name
   * @throws {invalid-array-metadata} a stored array without dimension names; damage
   * @throws {invalid-path} `group`
   */
  toZarr(store: ZarrStore, options: ToZarrOptions = {}): Promise<void> {
    return toZarr(this, store, options);
  }

  /**
   * Dimensions, coordinates, variables, attributes and groups below, a line each; what consoles
   * print. Of what is in memory the first and last values are shown; nothing is read.
   */
  toString(): string {
    return summaryOfDataset(this);
  }

  /** Releases the file or handle behind lazy variables, which cannot be read afterwards. */
  close(): Promise<void> {
    return this.#source.close();
  }

  /** @internal Coordinates first, then data variables. */
  all(): DataArray[] {
    return [...Object.values(this.coordinates), ...Object.values(this.variables)];
  }

  /** @internal Group attributes as they were spelled where they were read. */
  get spelling(): ReadonlyMap<string, JsonValue> {
    return this.#source.spelling;
  }

  #mustHaveDimension(operation: string, dim: string): void {
    if (Object.hasOwn(this.sizes, dim)) return;
    throw makeError(
      "invalid-option",
      `${operation}: there is no dimension ${dim}; there are ${this.dims.join(", ")}`,
      { details: { dimension: dim, dimensions: this.dims } },
    );
  }

  #map(change: (array: DataArray) => DataArray): Dataset {
    const each = (arrays: Readonly<Record<string, DataArray>>): Record<string, DataArray> =>
      Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, change(array)]));
    return new Dataset(
      {
        variables: each(this.variables),
        coordinates: each(this.coordinates),
        attributes: this.attributes,
      },
      this.#source,
    );
  }
}

showAsText(Dataset.prototype);
