/** Compares values with what an array of the store holds already. */
import { isIcefloeError, makeError } from "../../base/errors.ts";
import { type Box, indexAt } from "../../zarr/box.ts";
import type { Values } from "../array/elements.ts";
import { describeItem, firstDifference } from "../model/compare-values.ts";
import { type BothValues, readBoth } from "./stored-values.ts";
import type { VariablePlan } from "./variable-plan.ts";
import { recode, type WriteContext } from "./write-chunks.ts";

/** What is compared, and how an error tells of it. */
interface Comparison {
  readonly box: Box;
  /** The option that the values belong to. */
  readonly option: "region" | "appendDim";
  readonly kind: "coordinate" | "variable";
  /** Why they must be equal. */
  readonly why: string;
}

/**
 * Resolves if the variable's values are those that its array holds in the box, decoded or stored.
 * @throws {invalid-option} naming the first value that differs, and both values
 */
export async function assertStored(
  { store, signal }: WriteContext,
  plan: VariablePlan,
  { box, option, kind, why }: Comparison,
): Promise<void> {
  const { own, stored, raw } = await readBoth(store, plan, box, signal);
  const index = firstDifference(own, stored);
  if (index < 0 || isStoredAs(plan, raw)) return;
  const { name } = plan.array;
  const at = indexAt(box, index);
  const [mine, theirs] = [describeItem(own, index), describeItem(stored, index)];
  throw makeError(
    "invalid-option",
    `toZarr: ${kind} ${name} differs from the store at [${at}] (${mine}, stored ${theirs}); ${why}`,
    { details: { option, variable: name, element: at } },
  );
}

/** Whether values that packing rounds, or that mean a fill value, are what the store says of them. */
function isStoredAs(plan: VariablePlan, raw: BothValues["raw"]): boolean {
  let values: Values;
  try {
    values = recode(plan, raw.own);
  } catch (error) {
    // What cannot be stored is not stored.
    if (!isIcefloeError(error)) throw error;
    return false;
  }
  const time = undefined;
  return firstDifference({ values, time }, { values: raw.stored, time }) < 0;
}
