/** What the cases write, and how they check what they read. */

/** zarr.json of a group, and of an array of single-byte elements with one chunk per `chunk` elements. */
export const GROUP = Buffer.from(JSON.stringify({ zarr_format: 3, node_type: "group" }));

export function arrayDocument(shape, chunkShape = shape.map(() => 1)) {
  return Buffer.from(
    JSON.stringify({
      zarr_format: 3,
      node_type: "array",
      shape,
      data_type: "uint8",
      chunk_grid: { name: "regular", configuration: { chunk_shape: chunkShape } },
      chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
      fill_value: 0,
      codecs: [{ name: "bytes" }],
      attributes: {},
    }),
  );
}

/** A new repository with one committed array `a` of that shape. */
export async function createWithArray(engine, shape, chunkShape) {
  const repository = await engine.create();
  const session = await engine.writable(repository);
  await session.store.set("zarr.json", GROUP);
  await session.store.set("a/zarr.json", arrayDocument(shape, chunkShape));
  await session.commit("an empty array");
  return repository;
}

/** Calls `work` for 0 to `count - 1`, `width` calls under way at a time. */
export async function concurrently(count, width, work) {
  let next = 0;
  const lane = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane));
}

/** `count` whole numbers below `end`, spread evenly, the first and the last among them. */
export function sample(end, count) {
  if (end <= count) return Array.from({ length: end }, (_, at) => at);
  return Array.from({ length: count }, (_, at) => Math.floor((at * (end - 1)) / (count - 1)));
}

/** Throws unless both are the same. */
export function check(found, expected, what) {
  if (found !== expected) throw new Error(`${what}: found ${found}, expected ${expected}`);
}

/** Throws unless both hold the same bytes. */
export function checkBytes(found, expected, what) {
  if (found === null || found === undefined || Buffer.compare(found, expected) !== 0)
    throw new Error(`${what}: other bytes than were written`);
}
