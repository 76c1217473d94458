/** Where an array's values come from: memory, a file, a store, or a part of another source. */
import type { Box } from "./box.ts";
import { copyBox, type ElementType, type Values } from "./elements.ts";

/** An array of which any box can be read. */
export interface ArraySource {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Whether the values lie in memory, so that reading costs nothing. */
  readonly isInMemory: boolean;
  /** The values of a box inside the array, row-major; owned by the caller. */
  read(box: Box, signal?: AbortSignal): Promise<Values>;
}

/** A source over values in memory, which are not copied: later changes show. */
export function memorySource(
  type: ElementType,
  shape: readonly number[],
  values: Values,
): ArraySource {
  return {
    type,
    shape,
    isInMemory: true,
    read: async (box) => copyBox(type, values, shape, box),
  };
}
