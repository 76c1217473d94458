/**
 * Runs under any supported runtime: writes a repository, or reads one that another runtime wrote.
 * Arguments: `write` or `read`, the repository's folder.
 */
import assert from "node:assert";
import { inspect } from "node:util";
import { ForkSession, IcefloeError, Repository } from "icefloe";
import { localFilesystemStorage } from "icefloe/storage/local";

const CHUNKS = 64;
const { deno, bun, node } = process.versions;
const RUNTIME = deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${node}`;
const [mode, folder] = process.argv.slice(2);
const storage = localFilesystemStorage(folder);
const text = new TextEncoder();
const bytesOf = (chunk) =>
  Uint8Array.from({ length: chunk % 2 ? 8 : 800 }, (_, i) => (chunk + i) % 256);

async function write() {
  const repository = await Repository.create(storage);
  const session = await repository.writableSession("main");
  const array = {
    zarr_format: 3,
    node_type: "array",
    shape: [CHUNKS],
    data_type: "uint8",
    chunk_grid: { name: "regular", configuration: { chunk_shape: [1] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{ name: "bytes" }],
    attributes: { runtime: RUNTIME },
  };
  await session.store.set("a/zarr.json", text.encode(JSON.stringify(array)));
  const forks = await Promise.all(
    [0, 1].map(async (part) => {
      const fork = await ForkSession.fromBytes(session.fork().toBytes(), { storage });
      for (let chunk = part; chunk < CHUNKS; chunk += 2)
        await fork.store.set(`a/c/${chunk}`, bytesOf(chunk));
      return fork.toBytes();
    }),
  );
  await session.merge(forks);
  await session.commit(`written by ${RUNTIME}`);
}

async function read() {
  const repository = await Repository.open(storage);
  const session = await repository.readonlySession("main");
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    const bytes = await session.store.get(`a/c/${chunk}`);
    if (bytes?.join() !== bytesOf(chunk).join()) throw new Error(`chunk ${chunk} differs`);
  }
  checkPrintedError();
  const [newest] = await repository.ancestry("main").toArray();
  process.stdout.write(`${newest.message}, read by ${RUNTIME}\n`);
}

/** Every runtime prints what an error says to do. */
function checkPrintedError() {
  const error = new IcefloeError("region-not-aligned", "the region covers a chunk in part");
  const printed =
    globalThis.Deno?.inspect(error) ?? globalThis.Bun?.inspect(error) ?? inspect(error);
  assert.match(printed, /align the region with the chunks/);
}

await (mode === "write" ? write() : read());
