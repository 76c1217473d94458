/** The chunk shape that `createArray` chooses. Users align their writers to it, so it is a promise. */

/** Arrays up to this size are one chunk. */
const WHOLE_BYTES_MAX = 2 ** 20;
/** Larger ones get chunks of about this size. */
const CHUNK_BYTES_TARGET = 2 * 2 ** 20;
/** Slices of the leading dimensions up to this size are not cut further. */
const SLICE_BYTES_MAX = 4 * 2 ** 20;

/**
 * The whole array if it has at most 1 MiB. Else the leading dimensions are cut: one index per
 * chunk as long as the slice below it has more than 4 MiB, then as many indices as make at most
 * 2 MiB (at least one), evenly spread over the dimension. Dimensions of length 0 get 1.
 */
export function defaultChunkShape(shape: readonly number[], bytesPerElement: number): number[] {
  const chunkShape = shape.map((length) => Math.max(length, 1));
  const bytesFrom = (dimension: number): number =>
    chunkShape.slice(dimension).reduce((bytes, length) => bytes * length, bytesPerElement);
  if (bytesFrom(0) <= WHOLE_BYTES_MAX) return chunkShape;
  for (let d = 0; d < chunkShape.length; d++) {
    const sliceBytes = bytesFrom(d + 1);
    if (sliceBytes > SLICE_BYTES_MAX) {
      chunkShape[d] = 1;
      continue;
    }
    const length = chunkShape[d] as number;
    const perChunk = Math.max(1, Math.floor(CHUNK_BYTES_TARGET / sliceBytes));
    chunkShape[d] = Math.ceil(length / Math.ceil(length / perChunk));
    break;
  }
  return chunkShape;
}
