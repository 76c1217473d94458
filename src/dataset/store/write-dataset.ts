/**
 * Writes a dataset into a group of a Zarr store, in the manner of xarray's `to_zarr`. Everything
 * that can be checked is checked before anything is written.
 */
import { createLimiter, mapConcurrent } from "../../base/concurrency.ts";
import { makeError } from "../../base/errors.ts";
import { wholeBox } from "../../zarr/box.ts";
import { CHUNKS_UNDER_WAY_MAX } from "../../zarr/write-box.ts";
import { missingGroups, type NodeAddress, readDocument } from "../../zarr/zarr-store.ts";
import type { DatasetContent } from "../model/dataset-content.ts";
import { appendToZarr } from "./append.ts";
import { childAddress, readGroup, type StoredGroup } from "./group.ts";
import { invalid } from "./invalid.ts";
import { deleteTree } from "./listing.ts";
import { writeRegionToZarr } from "./region.ts";
import { keepSingleBytes } from "./single-bytes.ts";
import type { ToZarrOptions } from "./to-zarr-options.ts";
import { planNewArray, planStoredArray, type VariablePlan } from "./variable-plan.ts";
import { type WriteContext, writeVariable } from "./write-chunks.ts";
import {
  groupDocument,
  isWrittenAtOnce,
  textsOf,
  writeEmptyGroups,
  writeJson,
  writeNewDocuments,
} from "./write-group.ts";

/** Variables of one call under way at once. */
const VARIABLES_UNDER_WAY_MAX = 4;

/** Writes `dataset` as the checked options say. Fails as `Dataset.toZarr` says. */
export async function writeTo(
  dataset: DatasetContent,
  address: NodeAddress,
  options: ToZarrOptions,
): Promise<void> {
  const { store, signal } = address;
  const context: WriteContext = { store, limiter: createLimiter(CHUNKS_UNDER_WAY_MAX), signal };
  if (options.appendDim !== undefined) {
    return appendToZarr(dataset, address, context, { ...options, appendDim: options.appendDim });
  }
  if (options.region !== undefined) {
    return writeRegionToZarr(dataset, address, context, { ...options, region: options.region });
  }
  await writeAll(dataset, address, context, options);
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
