/** Appends a dataset along one dimension: existing arrays grow, and what is new is written. */
import { mapConcurrent } from "../../base/concurrency.ts";
import type { Extent } from "../../base/extent.ts";
import type { JsonObject, JsonValue } from "../../codec/json.ts";
import { wholeBox } from "../../zarr/box.ts";
import { applyEdits, type NodeAddress } from "../../zarr/zarr-store.ts";
import type { DatasetContent } from "../model/dataset-content.ts";
import { assertStored } from "./assert-stored.ts";
import { childAddress, readGroup, type StoredGroup } from "./group.ts";
import { invalid } from "./invalid.ts";
import { keepSingleBytes } from "./single-bytes.ts";
import { parseStoredArray, type StoredArray } from "./stored-array.ts";
import { planNewArray, planStoredArray, type VariablePlan } from "./variable-plan.ts";
import { recode, type WriteContext, writeVariable } from "./write-chunks.ts";
import {
  groupDocument,
  isSingleChunk,
  isWrittenAtOnce,
  textsOf,
  writeJson,
  writeNewDocuments,
} from "./write-group.ts";

/** Options of appending. */
interface AppendOptions {
  readonly appendDim: string;
  readonly mode?: string | undefined;
  readonly compute?: boolean | undefined;
  readonly encoding?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
  readonly writeInvariant?: boolean | undefined;
}

const UNDER_WAY_MAX = 4;

const COORDINATE = {
  kind: "coordinate",
  why: "it labels what is there already, so an append never changes it",
} as const;
const VARIABLE = {
  kind: "variable",
  why: "an append leaves it alone; writeInvariant: true writes it anew",
} as const;

/**
 * Appends along `appendDim`. Everything is checked, and times are encoded, before an array grows.
 * Existing coordinates without the dimension must be as they are stored, as must variables of one
 * chunk; larger variables are left alone.
 * @throws {invalid-option} the store does not have the dimension; a variable with it that only one
 *   side has; times that the stored units cannot say; a value that differs from what must stay
 */
export async function appendToZarr(
  dataset: DatasetContent,
  address: NodeAddress,
  context: WriteContext,
  options: AppendOptions,
): Promise<void> {
  const { appendDim: dim, mode = "a" } = options;
  const group = await readGroup(address);
  const oldSize = group === undefined ? undefined : storedSize(group, dim);
  if (group === undefined || oldSize === undefined) {
    throw invalid("appendDim", `the store has no dimension ${dim} to append along`);
  }
  if (dataset.sizes[dim] === undefined) {
    throw invalid("appendDim", `the dataset has no dimension ${dim}`);
  }
  checkMembers(dataset, group, options);
  const plans = planAll(dataset, group, options);
  const { grown, written, compared } = divide(dataset, plans, options);
  for (const plan of plans) checkSizes(plan, dim);
  await mapConcurrent(compared, UNDER_WAY_MAX, (plan) =>
    assertStored(context, plan, {
      box: wholeBox(plan.target.shape),
      option: "appendDim",
      ...(isCoordinate(dataset, plan) ? COORDINATE : VARIABLE),
    }),
  );
  await checkTimes(grown, context);
  const document = mode === "r+" ? undefined : groupDocument(dataset, address);
  const resized = grown.map((plan) => resize(plan, dim, oldSize));
  if (document !== undefined) await writeJson(address, document);
  await writeNewDocuments(address, written);
  // In one go: of two appends at once, one must not grow some arrays and the other one the rest.
  await applyEdits(
    address.store,
    resized.map(
      ({ target }) =>
        () =>
          writeJson({ ...address, path: target.path }, target.document),
    ),
  );
  const isWritten = isWrittenAtOnce(dataset, options);
  await mapConcurrent(resized.filter(isWritten), UNDER_WAY_MAX, (plan) =>
    writeVariable(context, plan, appendedBox(plan.target, dim, oldSize)),
  );
  await mapConcurrent(written.filter(isWritten), UNDER_WAY_MAX, (plan) =>
    writeVariable(context, plan, wholeBox(plan.target.shape)),
  );
}

function storedSize(group: StoredGroup, dim: string): number | undefined {
  for (const { dims, shape } of group.arrays.values()) {
    const d = dims.indexOf(dim);
    if (d >= 0) return shape[d];
  }
  return undefined;
}

/** A variable that grows on one side only would leave a store that does not open. */
function checkMembers(
  dataset: DatasetContent,
  group: StoredGroup,
  { appendDim: dim, mode }: AppendOptions,
): void {
  for (const { name, dims } of dataset.all()) {
    if (dims.indexOf(dim) !== dims.lastIndexOf(dim)) {
      throw invalid("appendDim", `variable ${name} has dimension ${dim} twice: it cannot grow`);
    }
    if (group.arrays.has(name)) continue;
    if (dims.includes(dim)) throw invalid("appendDim", `the store has no variable ${name}`);
    if (mode === "r+")
      throw invalid("mode", `the store has no variable ${name}; mode "r+" makes none`);
  }
  for (const { name, dims } of group.arrays.values()) {
    if (!dims.includes(dim) || dataset.get(name) !== undefined) continue;
    throw invalid(
      "appendDim",
      `the dataset has no variable ${name}, which the store has along ${dim}`,
    );
  }
}

function planAll(
  dataset: DatasetContent,
  group: StoredGroup,
  { encoding }: AppendOptions,
): VariablePlan[] {
  const texts = textsOf(dataset);
  const plans = dataset.all().map((array) => {
    const stored = group.arrays.get(array.name);
    const asked = encoding?.[array.name];
    if (stored !== undefined) {
      if (asked === undefined) return planStoredArray(array, stored);
      throw invalid("encoding", `variable ${array.name} exists already: its encoding stays`);
    }
    const { path } = childAddress(group.address, array.name);
    return planNewArray(array, { path, asked, coordinates: texts.ofVariable.get(array.name) });
  });
  return keepSingleBytes(plans, encoding);
}

function isCoordinate(dataset: DatasetContent, { array }: VariablePlan): boolean {
  return dataset.coordinates[array.name] !== undefined;
}

/**
 * Which variables grow, and of the others, which are written as a whole and which only compared:
 * coordinates always, variables if they are one chunk, as by region.
 */
function divide(
  dataset: DatasetContent,
  plans: readonly VariablePlan[],
  { appendDim, mode, writeInvariant }: AppendOptions,
): Readonly<Record<"grown" | "written" | "compared", VariablePlan[]>> {
  const grown: VariablePlan[] = [];
  const written: VariablePlan[] = [];
  const compared: VariablePlan[] = [];
  for (const plan of plans) {
    if (plan.target.dims.includes(appendDim)) grown.push(plan);
    else if (plan.isNew) written.push(plan);
    else if (plan.array.isTemplate) continue;
    else if (isCoordinate(dataset, plan)) compared.push(plan);
    else if (mode === "a-") continue;
    else if (writeInvariant === true) written.push(plan);
    else if (isSingleChunk(plan.target)) compared.push(plan);
  }
  return { grown, written, compared };
}

function checkSizes({ array, source, target, isNew }: VariablePlan, dim: string): void {
  if (isNew) return;
  const d = target.dims.findIndex((name, i) => name !== dim && target.shape[i] !== source.shape[i]);
  if (d < 0) return;
  throw invalid(
    "appendDim",
    `variable ${array.name} has size ${source.shape[d]} along ${target.dims[d]}, the store has ${target.shape[d]}`,
  );
}

/** Encodes times for nothing: what the stored units cannot say is refused while nothing has grown. */
async function checkTimes(plans: readonly VariablePlan[], { signal }: WriteContext): Promise<void> {
  const times = plans.filter(({ array, coding }) => coding.time && !array.isTemplate);
  await mapConcurrent(times, UNDER_WAY_MAX, async (plan) => {
    const box = wholeBox(plan.source.shape);
    recode(plan, await plan.source.read(box, signal), box);
  });
}

function resize(plan: VariablePlan, dim: string, oldSize: number): VariablePlan {
  const { target, source } = plan;
  const shape = target.shape.map((size, d) =>
    target.dims[d] === dim ? oldSize + (source.shape[d] as number) : size,
  );
  const document = new Map<string, JsonValue>(target.document).set("shape", shape);
  return { ...plan, target: parseStoredArray(target.name, target.path, document as JsonObject) };
}

function appendedBox({ dims, shape }: StoredArray, dim: string, oldSize: number): Extent[] {
  return shape.map((size, d) => ({ start: dims[d] === dim ? oldSize : 0, end: size }));
}
