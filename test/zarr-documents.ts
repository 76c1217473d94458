/** What tests write to `zarr.json`. */

/** The metadata of a uint8 array without compression: a chunk's bytes are its elements. */
export function arrayDocument(
  shape: readonly number[],
  chunkShape: readonly number[],
  extra: object = {},
): string {
  return JSON.stringify({
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type: "uint8",
    chunk_grid: { name: "regular", configuration: { chunk_shape: chunkShape } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{ name: "bytes" }],
    attributes: {},
    ...extra,
  });
}
