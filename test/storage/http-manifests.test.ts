/** Large manifests over HTTP, from servers with and without ranges. */
import { afterEach, expect, test } from "vitest";
import { Repository } from "../../src/index.ts";
import { httpStorage } from "../../src/storage/http/http-storage.ts";
import { CHUNKS, largeChunk, withLargeManifest } from "../unit/assets/large-manifest-fixture.ts";
import { type Override, type StorageServer, serveStorage } from "./serve-storage.ts";

const shared = await withLargeManifest();

let server: StorageServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** A store over a server, and the requests for the manifest that it has got. */
async function served(override?: Override) {
  const started = await serveStorage(shared.storage, override);
  server = started;
  const repository = await Repository.open(httpStorage(started.url));
  const { store } = await repository.readonlySession("main");
  return { store, requests: () => started.log.filter((line) => line.includes(shared.path)) };
}

/** Bytes that a logged request has asked for. */
function bytesOf(request: string): number {
  const [, start, end] = /bytes=(\d+)-(\d+)$/.exec(request) ?? [];
  return start === undefined ? shared.sizeBytes : Number(end) - Number(start) + 1;
}

const WANTED = [5, 6, 75_000, 75_001, CHUNKS - 1];

test("a server with ranges is asked for parts", async () => {
  const { store, requests } = await served();
  for (const at of WANTED) expect(await store.get(`a/c/${at}`)).toEqual(largeChunk(at));

  expect(requests().length).toBeLessThan(8);
  const sum = requests().reduce((bytes, request) => bytes + bytesOf(request), 0);
  expect(sum).toBeLessThan(0.2 * shared.sizeBytes);
});

test("a server that ignores ranges is asked once, for all", async () => {
  const { store, requests } = await served((request) => {
    delete request.headers.range;
    return false;
  });
  for (const at of WANTED) expect(await store.get(`a/c/${at}`)).toEqual(largeChunk(at));

  expect(requests()).toHaveLength(1);
});

test("a server that loses its ranges meanwhile is asked for all once more", async () => {
  let hasRanges = true;
  const { store, requests } = await served((request) => {
    if (!hasRanges) delete request.headers.range;
    return false;
  });
  await store.get("a/c/5");
  const before = requests().length;
  hasRanges = false;
  for (const at of WANTED) expect(await store.get(`a/c/${at}`)).toEqual(largeChunk(at));

  expect(requests()).toHaveLength(before + 1);
});
