/** Values of a variable and of the array it belongs to, in a form in which both can be compared. */

import { type Box, wholeBox } from "../../zarr/box.ts";
import type { ZarrStore } from "../../zarr/zarr-store.ts";
import type { Values } from "../array/elements.ts";
import { isSameCoding } from "../cf/coding.ts";
import { decodeValues } from "../cf/decode-values.ts";
import type { Comparable } from "../model/compare-values.ts";
import type { VariablePlan } from "./variable-plan.ts";
import { zarrSource } from "./zarr-source.ts";

/** A variable's own values, and those of `region` of its array. */
export interface BothValues {
  readonly own: Comparable;
  readonly stored: Comparable;
  /** As they are encoded: ours as the variable is, the array's as it is. */
  readonly raw: { readonly own: Values; readonly stored: Values };
}

/**
 * Reads both. Where both are stored alike, stored values are compared, decoded ones elsewhere: two
 * precisions of decoding must not make equal numbers differ.
 */
export async function readBoth(
  store: ZarrStore,
  plan: VariablePlan,
  region: Box,
  signal: AbortSignal | undefined,
): Promise<BothValues> {
  const { source, target, coding, array } = plan;
  const ownCoding = array.content.coding;
  const [own, stored] = await Promise.all([
    source.read(wholeBox(source.shape), signal),
    zarrSource(store, target).read(region, signal),
  ]);
  const raw = { own, stored };
  if (isSameCoding(ownCoding, coding)) {
    const { time } = coding;
    return { own: { values: own, time }, stored: { values: stored, time }, raw };
  }
  const owner = `variable ${array.name}`;
  return {
    own: { values: decodeValues(own, ownCoding, owner), time: ownCoding.time },
    stored: { values: decodeValues(stored, coding, owner), time: coding.time },
    raw,
  };
}
