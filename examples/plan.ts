/** How the examples cut a dataset into tasks: chunks, and the regions that cover them. */
import type { Dataset } from "icefloe/dataset";
import { chunkRegions, type NamedRegion } from "icefloe/parallel";

const TILE = [24, 30]; // Rows and columns of a chunk where there is nothing else.

/** What is written, and by which tasks. */
export interface Plan {
  /** The largest variable: its chunks are the tasks. */
  readonly name: string;
  readonly chunksPerDimension: readonly number[];
  readonly encoding: Record<string, { chunks: number[] }>;
  readonly regions: readonly NamedRegion[];
}

/** One task per chunk of the largest variable: a step of every dimension but the last two. */
export function planWrites(dataset: Dataset): Plan {
  const [largest] = Object.values(dataset.variables).sort((a, b) => b.size - a.size);
  if (largest === undefined) throw new Error("the dataset has no variable to write");
  const chunkOf = (dims: readonly string[], shape: readonly number[]): number[] =>
    shape.map((length, d) => {
      const at = largest.dims.indexOf(dims[d] as string);
      if (largest.dims.length < 3) return Math.min(TILE[at] ?? length, length);
      return at < largest.dims.length - 2 ? 1 : length;
    });
  const encoding: Plan["encoding"] = {};
  for (const [name, { dims, shape }] of Object.entries(dataset.variables)) {
    encoding[name] = { chunks: chunkOf(dims, shape) };
  }
  const chunkShape = chunkOf(largest.dims, largest.shape);
  const chunksPerDimension = largest.shape.map((length, d) =>
    Math.ceil(length / (chunkShape[d] as number)),
  );
  const { dims, shape } = largest;
  const regions = chunkRegions({ dims, shape, encoding: { chunks: chunkShape } });
  return { name: largest.name, chunksPerDimension, encoding, regions };
}
