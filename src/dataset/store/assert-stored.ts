/** Compares values with what an array of the store holds already. */
import { isIcefloeError, makeError } from "../../base/errors.ts";
import { type Box, indexAt, wholeBox } from "../../zarr/box.ts";
import type { Values } from "../array/elements.ts";
import { describeItem, firstDifference } from "../model/compare-values.ts";
import { type BothValues, readBoth } from "./stored-values.ts";
import type { VariablePlan } from "./variable-plan.ts";
import { recode, type WriteContext } from "./write-chunks.ts";

/** How an error tells of a difference. */
export interface Refusal {
  /** The option that the values belong to. */
  readonly option: "region" | "appendDim";
  readonly kind: "coordinate" | "variable";
  /** Why they must be equal. */
  readonly why: string;
}

/** The first value of a variable that is not what its array holds, as messages show both. */
interface Difference {
  readonly at: readonly number[];
  readonly own: string;
  readonly stored: string;
}

/** Where the variable's values are not those that its array holds in the box, decoded or stored. */
export async function findDifference(
  { store, signal }: WriteContext,
  plan: VariablePlan,
  box: Box,
): Promise<Difference | undefined> {
  const { own, stored, raw } = await readBoth(store, plan, box, signal);
  const index = firstDifference(own, stored);
  if (index < 0 || isStoredAs(plan, raw)) return undefined;
  return {
    at: indexAt(box, index),
    own: describeItem(own, index),
    stored: describeItem(stored, index),
  };
}

/** The error of a difference that must not be. */
export function differs(
  { array: { name } }: VariablePlan,
  { at, own, stored }: Difference,
  { option, kind, why }: Refusal,
): Error {
  return makeError(
    "invalid-option",
    `toZarr: ${kind} ${name} differs from the store at [${at}] (${own}, stored ${stored}); ${why}`,
    { details: { option, variable: name, element: at } },
  );
}

/**
 * Resolves if the variable's values are those that its array holds in the box, decoded or stored.
 * @throws {invalid-option} naming the first value that differs, and both values
 */
export async function assertStored(
  context: WriteContext,
  plan: VariablePlan,
  { box, ...refusal }: Refusal & { readonly box: Box },
): Promise<void> {
  const difference = await findDifference(context, plan, box);
  if (difference !== undefined) throw differs(plan, difference, refusal);
}

/** Whether values that packing rounds, or that mean a fill value, are what the store says of them. */
function isStoredAs(plan: VariablePlan, raw: BothValues["raw"]): boolean {
  let values: Values;
  try {
    values = recode(plan, raw.own, wholeBox(plan.source.shape));
  } catch (error) {
    // What cannot be stored is not stored.
    if (!isIcefloeError(error)) throw error;
    return false;
  }
  const time = undefined;
  return firstDifference({ values, time }, { values: raw.stored, time }) < 0;
}
