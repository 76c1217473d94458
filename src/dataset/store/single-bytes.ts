/**
 * Byte strings of one byte are characters to every reader, which put rows of them together. Those
 * that are strings of their own are stored with a second byte, which is never used.
 */
import { stringLengths } from "../model/char-arrays.ts";
import { planNewArray, type VariablePlan } from "./variable-plan.ts";

/** The plans, with a wider type where a reader would take a dimension for the length of strings. */
export function keepSingleBytes(
  plans: readonly VariablePlan[],
  encoding: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined,
): VariablePlan[] {
  const isLength = stringLengths(
    plans.map(({ target: { name, dims, type } }) => ({
      name,
      dims,
      isBytes: type.name === "bytes",
    })),
  );
  return plans.map((plan) => {
    const { array, target, isNew } = plan;
    const asked = encoding?.[array.name];
    const isSingle = target.type.name === "bytes" && target.type.width === 1;
    if (!isNew || !isSingle || asked?.["dtype"] !== undefined || !isLength(target.dims))
      return plan;
    const { path, attributes } = target;
    const coordinates = attributes.values.get("coordinates");
    return planNewArray(array, {
      path,
      asked: { ...asked, dtype: "S2" },
      coordinates: typeof coordinates === "string" ? coordinates : undefined,
    });
  });
}
