/**
 * Writes a dataset into a group of a Zarr store, in the manner of xarray's `to_zarr`. Everything
 * that can be checked is checked before anything is written.
 */
import { isWellFormed } from "../../base/bytes.ts";
import { createLimiter, mapConcurrent } from "../../base/concurrency.ts";
import { makeError } from "../../base/errors.ts";
import {
  abortSignal,
  anything,
  checkOptions,
  describe,
  isPlainObject,
  mustBe,
  type OptionKinds,
  trueOrFalse,
} from "../../base/options.ts";
import { wholeBox } from "../../zarr/box.ts";
import { CHUNKS_UNDER_WAY_MAX } from "../../zarr/write-box.ts";
import {
  addressOf,
  missingGroups,
  type NodeAddress,
  readDocument,
  type ZarrStore,
} from "../../zarr/zarr-store.ts";
import type { DatasetContent } from "../model/dataset-content.ts";
import type { Encoding } from "../model/encoding.ts";
import { appendToZarr } from "./append.ts";
import { childAddress, readGroup, type StoredGroup } from "./group.ts";
import { deleteTree } from "./listing.ts";
import { type RegionOption, writeRegionToZarr } from "./region.ts";
import { keepSingleBytes } from "./single-bytes.ts";
import { planNewArray, planStoredArray, type VariablePlan } from "./variable-plan.ts";
import { type WriteContext, writeVariable } from "./write-chunks.ts";
import {
  groupDocument,
  invalid,
  isWrittenAtOnce,
  textsOf,
  writeEmptyGroups,
  writeJson,
  writeNewDocuments,
} from "./write-group.ts";

/**
 * What happens to an existing store: `w-` refuses an existing group, `w` replaces it with all below it,
 * `a` keeps it and overwrites variables of the same name, `r+` only writes into existing ones.
 * `a-`, only with `appendDim`, is `a` but does not even compare data variables without that dimension.
 */
export type WriteMode = "w" | "w-" | "a" | "a-" | "r+";

/** Options of `toZarr`. */
export interface ToZarrOptions {
  /** Default: `w-`; with `region` `r+`; with `appendDim` `a`. */
  readonly mode?: WriteMode | undefined;
  /**
   * False writes metadata, coordinates, and variables of a single chunk that have data; the rest
   * comes by region. With `appendDim` the arrays grow, and nothing but that is appended.
   */
  readonly compute?: boolean | undefined;
  /** Per variable; keys as xarray names them. */
  readonly encoding?: Readonly<Record<string, Readonly<Encoding>>> | undefined;
  /**
   * The part of existing arrays that is written: `'auto'` finds it by the index coordinates, or per
   * dimension `{ start, end }` or `'auto'`. Coordinates are never written, but compared; so are
   * variables of one chunk. Larger variables that have no part of the region to themselves are left
   * alone: write them once, in a dataset of their own with the region `{}`.
   */
  readonly region?: RegionOption | undefined;
  /** False lets a region share chunks with other writers. Default: true. */
  readonly safeChunks?: boolean | undefined;
  /**
   * True also writes data variables that have no part of the region to themselves, or that do not
   * have the `appendDim`. Default: false.
   */
  readonly writeInvariant?: boolean | undefined;
  /**
   * Appends along this dimension. Existing coordinates without it must have the values that are
   * stored, and are never written; so must data variables of one chunk. Larger ones are left alone.
   * Costs the chunks that are compared.
   */
  readonly appendDim?: string | undefined;
  /** Path of the group. Default: the root. Groups above it are made. */
  readonly group?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const KNOWN: OptionKinds = {
  mode: anything,
  compute: trueOrFalse,
  encoding: anything,
  region: anything,
  safeChunks: trueOrFalse,
  writeInvariant: trueOrFalse,
  appendDim: anything,
  group: anything,
  signal: abortSignal,
};
/** Names of documents, which lie where a variable of the name would. */
const RESERVED_NAMES: readonly string[] = [
  "zarr.json",
  ".zarray",
  ".zattrs",
  ".zgroup",
  ".zmetadata",
];
const MODES: readonly unknown[] = ["w", "w-", "a", "a-", "r+"];
/** Variables of one call under way at once. */
const VARIABLES_UNDER_WAY_MAX = 4;

/** Writes `dataset`, in part if it breaks off midway. Fails as `Dataset.toZarr` says. */
export async function toZarr(
  dataset: DatasetContent,
  store: ZarrStore,
  options: ToZarrOptions,
): Promise<void> {
  checkOptions("toZarr", options, KNOWN);
  const { signal } = options;
  const address = addressOf("toZarr", store, options.group ?? "/", signal);
  checkCombination(options);
  checkNames(dataset, options);
  checkTemplates(dataset, options);
  const context: WriteContext = { store, limiter: createLimiter(CHUNKS_UNDER_WAY_MAX), signal };
  if (options.appendDim !== undefined) {
    return appendToZarr(dataset, address, context, { ...options, appendDim: options.appendDim });
  }
  if (options.region !== undefined) {
    return writeRegionToZarr(dataset, address, context, { ...options, region: options.region });
  }
  await writeAll(dataset, address, context, options);
}

function checkCombination(options: ToZarrOptions): void {
  const { mode, region, appendDim, compute } = options;
  if (mode !== undefined && !MODES.includes(mode)) {
    throw invalid("mode", `unknown mode ${describe(mode)}; known: ${MODES.join(", ")}`);
  }
  if (mode === "a-" && appendDim === undefined)
    throw invalid("mode", "a- goes with appendDim only");
  if (region !== undefined && mode !== undefined && mode !== "a" && mode !== "r+") {
    throw invalid("region", `a region cannot be written with mode ${mode}`);
  }
  if (appendDim !== undefined) {
    if (mode === "w" || mode === "w-") {
      throw invalid("appendDim", `appending is not possible with mode ${mode}`);
    }
    if (region !== undefined) throw invalid("region", "a region and appendDim exclude each other");
  }
  if (region === undefined && options.safeChunks !== undefined) {
    throw invalid("safeChunks", "safeChunks goes with region only");
  }
  if (region === undefined && appendDim === undefined && options.writeInvariant !== undefined) {
    throw invalid("writeInvariant", "writeInvariant goes with region or appendDim");
  }
  if (compute === false && region !== undefined) {
    throw invalid("compute", "compute: false makes arrays, a region fills them: not both at once");
  }
}

function checkNames(dataset: DatasetContent, { encoding }: ToZarrOptions): void {
  for (const { name } of dataset.all()) {
    if (name.includes("/")) {
      throw invalid("variables", `${describe(name)} is no name of a variable: it would be a group`);
    }
    if (name === "" || /^\.+$/.test(name) || RESERVED_NAMES.includes(name) || !isWellFormed(name)) {
      throw invalid("variables", `a store cannot hold a variable of the name ${describe(name)}`);
    }
  }
  if (encoding === undefined) return;
  for (const [name, own] of Object.entries(encoding)) {
    if (dataset.get(name) === undefined) {
      throw invalid("encoding", `there is no variable ${name} to encode`);
    }
    if (!isPlainObject(own)) {
      throw invalid("encoding", `the encoding of ${name} ${mustBe("an object", own)}`);
    }
  }
}

/** A template has nothing to write; coordinates are written at once, so they cannot be templates. */
function checkTemplates(dataset: DatasetContent, { compute }: ToZarrOptions): void {
  for (const { name, isTemplate } of dataset.all()) {
    if (!isTemplate) continue;
    if (dataset.coordinates[name] !== undefined) {
      throw invalid(
        "compute",
        `coordinate ${name} has no data: coordinates need theirs from the start`,
      );
    }
    if (compute !== false) {
      throw invalid(
        "compute",
        `variable ${name} is a template without data: pass compute: false, and write its values by region, from a dataset that has them`,
      );
    }
  }
}

async function writeAll(
  dataset: DatasetContent,
  address: NodeAddress,
  context: WriteContext,
  options: ToZarrOptions,
): Promise<void> {
  const mode = options.mode ?? "w-";
  const present = await readDocument(address);
  if (mode === "w-" && present !== undefined) {
    throw makeError(
      "node-already-exists",
      `there is already a ${String(present.get("node_type"))} at ${address.path}; mode "w" replaces it`,
      { details: { path: address.path, mode } },
    );
  }
  if (mode === "r+" && present === undefined) {
    throw makeError("node-not-found", `there is no group at ${address.path}`, {
      details: { path: address.path },
    });
  }
  const group = mode === "w" || mode === "w-" ? undefined : await readGroup(address);
  if (group !== undefined && mode === "r+") checkAllExist(dataset, group);
  const plans = planVariables(dataset, address, group, options.encoding);
  const document = groupDocument(dataset, address);
  const ancestors = await missingGroups(address);
  if (mode === "w" && present !== undefined) await deleteTree(address);
  await writeEmptyGroups(address, ancestors);
  if (mode !== "r+") await writeJson(address, document);
  await writeNewDocuments(address, plans);
  await writeValues(context, plans.filter(isWrittenAtOnce(dataset, options)));
}

function checkAllExist(dataset: DatasetContent, group: StoredGroup): void {
  const missing = dataset.all().filter(({ name }) => !group.arrays.has(name));
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(", ");
  throw invalid("mode", `the store has no variable ${names}; mode "r+" makes none`);
}

function planVariables(
  dataset: DatasetContent,
  address: NodeAddress,
  group: StoredGroup | undefined,
  encoding: ToZarrOptions["encoding"],
): VariablePlan[] {
  const texts = textsOf(dataset);
  const plans = dataset.all().map((array) => {
    const stored = group?.arrays.get(array.name);
    const asked = encoding?.[array.name];
    if (stored === undefined) {
      const { path } = childAddress(address, array.name);
      return planNewArray(array, { path, asked, coordinates: texts.ofVariable.get(array.name) });
    }
    if (asked !== undefined) {
      throw invalid("encoding", `variable ${array.name} exists already: its encoding stays`);
    }
    const plan = planStoredArray(array, stored);
    checkSizes(plan);
    return plan;
  });
  return keepSingleBytes(plans, encoding);
}

function checkSizes({ array, source, target }: VariablePlan): void {
  const d = target.shape.findIndex((size, i) => size !== source.shape[i]);
  if (d < 0) return;
  throw invalid(
    "mode",
    `variable ${array.name} has size ${source.shape[d]} along ${target.dims[d]}, the store has ${target.shape[d]}`,
  );
}

/** Writes all values of the plans into their whole arrays. */
async function writeValues(context: WriteContext, plans: readonly VariablePlan[]): Promise<void> {
  await mapConcurrent(plans, VARIABLES_UNDER_WAY_MAX, (plan) =>
    writeVariable(context, plan, wholeBox(plan.target.shape)),
  );
}
