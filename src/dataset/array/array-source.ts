/** Where an array's values come from: memory, a file, a store, or a part of another source. */
import type { Box } from "../../zarr/box.ts";
import { copyBox, type ElementType, type Values } from "./elements.ts";

/** An array of which any box can be read. */
export interface ArraySource {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** The values of a box inside the array, row-major; owned by the caller. */
  read(box: Box, signal?: AbortSignal): Promise<Values>;
  /** The same at once, where the values lie in memory; lazy sources have none. */
  readonly readNow?: ((box: Box) => Values) | undefined;
  /** All values, where they lie in memory just so; not to be handed out as a copy. */
  readonly memory?: Values | undefined;
  /** Whether there is nothing to read: a template, whose values come later and from elsewhere. */
  readonly isTemplate?: boolean | undefined;
  /** Whether a box costs nothing but itself, so that reading more at once gains nothing. */
  readonly isExact?: boolean | undefined;
}

/** A source over values in memory, which are not copied: later changes show. */
export function memorySource(
  type: ElementType,
  shape: readonly number[],
  values: Values,
): ArraySource {
  const readNow = (box: Box): Values => copyBox(type, values, shape, box);
  return { type, shape, memory: values, readNow, read: async (box) => readNow(box) };
}
