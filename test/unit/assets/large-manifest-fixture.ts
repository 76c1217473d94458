/** A repository whose only manifest is large: 150,000 inline chunks, of 9 MB when stored in frames. */
import { memoryStorage, Repository, type Storage } from "../../../src/index.ts";
import { array } from "../session/fixture.ts";

export const CHUNKS = 150_000;
const CHUNK_BYTES = 400;
const RANDOM_WORDS = 12;

/** An eighth of each chunk does not repeat, so that frames hold 1 MiB. */
export function largeChunk(at: number): Uint8Array {
  const bytes = new Uint8Array(CHUNK_BYTES).fill(at);
  const words = new DataView(bytes.buffer);
  for (let word = 0; word < RANDOM_WORDS; word++)
    words.setInt32(4 * word, Math.imul(at * RANDOM_WORDS + word + 1, 0x9e3779b1), true);
  return bytes;
}

/** Chunk `at` of array `/a` is `largeChunk(at)`. */
export async function withLargeManifest(): Promise<{
  readonly storage: Storage;
  readonly path: string;
  readonly sizeBytes: number;
}> {
  const storage = memoryStorage();
  const repository = await Repository.create(storage);
  const session = await repository.writableSession("main");
  await session.store.set("a/zarr.json", array([CHUNKS], [1]));
  for (let at = 0; at < CHUNKS; at++) await session.store.set(`a/c/${at}`, largeChunk(at));
  const [file] = await repository.listManifestFiles(await session.commit("many chunks"));
  if (file === undefined) throw new Error("there is no manifest");
  return { storage, path: `manifests/${file.id}`, sizeBytes: file.sizeBytes };
}
