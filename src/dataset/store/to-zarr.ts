/**
 * `toZarr` as users call it: its options, and what can be refused before a store is looked at. What
 * writes is loaded then.
 */

import { isWellFormed } from "../../base/bytes.ts";
import { lazyPart } from "../../base/lazy-part.ts";
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
import { addressOf, runAt, type ZarrStore } from "../../zarr/zarr-store.ts";
import type { DatasetContent } from "../model/dataset-content.ts";
import { invalid } from "./invalid.ts";
import type { ToZarrOptions } from "./to-zarr-options.ts";

const loadWriter = /* @__PURE__ */ lazyPart(() => import("./write-dataset.ts"));

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

/** Writes `dataset`, in part if it breaks off midway. Fails as `Dataset.toZarr` says. */
export async function toZarr(
  dataset: DatasetContent,
  store: ZarrStore,
  options: ToZarrOptions,
): Promise<void> {
  checkOptions("toZarr", options, KNOWN);
  const given = addressOf("toZarr", store, options.group ?? "/", options.signal);
  checkCombination(options);
  checkNames(dataset, options);
  checkTemplates(dataset, options);
  // The session knows of it before anything is loaded: a commit called now waits.
  await runAt("toZarr", given, async (address) => {
    const { writeTo } = await loadWriter(); // Readers never need it.
    await writeTo(dataset, address, options);
  });
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
