/** Sets of chunk coordinates of one array, as transaction logs keep them: flat, sorted, unique. */
import type { UpdatedChunks } from "./read.ts";

/** Negative, zero or positive: row `a` of `x` against row `b` of `y`, lexicographically. */
function compareRows(x: Uint32Array, a: number, y: Uint32Array, b: number, rank: number): number {
  for (let d = 0; d < rank; d++) {
    const difference = (x[a * rank + d] as number) - (y[b * rank + d] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `chunks` itself if its rows rise strictly; else its rows sorted, each once. */
export function sortUpdatedChunks(chunks: UpdatedChunks): UpdatedChunks {
  const { rank, count, data } = chunks;
  let isSorted = true;
  for (let row = 1; row < count && isSorted; row++) {
    isSorted = compareRows(data, row - 1, data, row, rank) < 0;
  }
  if (isSorted) return chunks;
  const order = Uint32Array.from({ length: count }, (_, row) => row);
  order.sort((a, b) => compareRows(data, a, data, b, rank));
  const sorted = new Uint32Array(data.length);
  let kept = 0;
  for (const row of order) {
    if (kept > 0 && compareRows(sorted, kept - 1, data, row, rank) === 0) continue;
    sorted.set(data.subarray(row * rank, (row + 1) * rank), kept * rank);
    kept++;
  }
  return { ...chunks, count: kept, data: sorted.slice(0, kept * rank) };
}

/** The union of two sets of the same array and rank: sorted, each row once. */
export function uniteUpdatedChunks(a: UpdatedChunks, b: UpdatedChunks): UpdatedChunks {
  const { rank } = a;
  const x = sortUpdatedChunks(a);
  const y = sortUpdatedChunks(b);
  const data = new Uint32Array((x.count + y.count) * rank);
  let count = 0;
  let i = 0;
  let j = 0;
  while (i < x.count || j < y.count) {
    const order = i === x.count ? 1 : j === y.count ? -1 : compareRows(x.data, i, y.data, j, rank);
    const from =
      order <= 0
        ? x.data.subarray(i * rank, (i + 1) * rank)
        : y.data.subarray(j * rank, (j + 1) * rank);
    data.set(from, count * rank);
    count++;
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  return { nodeId: a.nodeId, rank, count, data: data.slice(0, count * rank) };
}
