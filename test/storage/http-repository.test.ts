/** A repository read over HTTP from servers that stall, or that send a page for whatever they lack. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { memoryStorage, Repository, type Storage } from "../../src/index.ts";
import { httpStorage } from "../../src/storage/http/http-storage.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";
import { arrayDocument } from "../zarr-documents.ts";
import { type StorageServer, serveStorage } from "./serve-storage.ts";

const CHUNK_BYTES = 600; // More than what is kept inline.
const CHUNKS = 300;
const chunkOf = (at: number): Uint8Array => new Uint8Array(CHUNK_BYTES).fill(at);

let server: StorageServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** A repository of one array, `a`, of native chunks. */
async function storedRepository(): Promise<Storage> {
  const storage = memoryStorage();
  const repository = await Repository.create(storage);
  const session = await repository.writableSession("main");
  const document = arrayDocument([CHUNKS * CHUNK_BYTES], [CHUNK_BYTES]);
  await session.store.set("a/zarr.json", new TextEncoder().encode(document));
  for (let at = 0; at < CHUNKS; at++) await session.store.set(`a/c/${at}`, chunkOf(at));
  await session.commit("seed");
  return storage;
}

/** A server that says nothing to requests of which `stalls` is true; they are counted. */
async function stallingServer(): Promise<{
  url: string;
  stalls: (path: string) => boolean;
  readonly open: number;
}> {
  const self = { url: "", stalls: (_path: string) => false, open: 0 };
  server = await serveStorage(await storedRepository(), (request, response) => {
    if (!self.stalls(request.url ?? "")) return false;
    self.open++;
    response.on("close", () => self.open--);
    return true;
  });
  self.url = server.url;
  return self;
}

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise((resolve) => setImmediate(resolve));
}

describe("reads that stall", () => {
  test("leave their slots to others when they are aborted", async () => {
    const site = await stallingServer();
    const repository = await Repository.open(httpStorage(site.url));
    const { store } = await repository.readonlySession("main");
    await store.get("a/c/0"); // The manifest is there.
    site.stalls = (path) => path.includes("/chunks/");
    const aborting = new AbortController();
    const { signal } = aborting;
    const stuck = Array.from({ length: 270 }, (_, at) => store.get(`a/c/${at}`, { signal }));
    const ended = Promise.allSettled(stuck);
    await until(() => site.open >= 256);

    aborting.abort("enough");
    site.stalls = () => false;
    const again = await Promise.all([store.get("a/c/0"), store.get("a/c/299")]);

    expect(again).toEqual([chunkOf(0), chunkOf(299)]);
    for (const end of await ended) expect(end).toMatchObject({ reason: "enough" });
    await until(() => site.open === 0);
  });

  const READS: Record<
    string,
    { stalls: string; read: (repository: Repository, signal: AbortSignal) => Promise<unknown> }
  > = {
    readonlySession: {
      stalls: "/repo",
      read: (repository, signal) => repository.readonlySession("main", { signal }),
    },
    lookupBranch: {
      stalls: "/repo",
      read: (repository, signal) => repository.lookupBranch("main", { signal }),
    },
    ancestry: {
      stalls: "/repo",
      read: (repository, signal) => repository.ancestry("main", { signal }).toArray(),
    },
    "get of metadata": {
      stalls: "/snapshots/",
      read: async (repository, signal) =>
        (await repository.readonlySession("main")).store.get("a/zarr.json", { signal }),
    },
    "get of a chunk, at its manifest": {
      stalls: "/manifests/",
      read: async (repository, signal) =>
        (await repository.readonlySession("main")).store.get("a/c/1", { signal }),
    },
    "getRange of a chunk": {
      stalls: "/chunks/",
      read: async (repository, signal) =>
        (await repository.readonlySession("main")).store.getRange(
          "a/c/1",
          { offset: 1, length: 2 },
          { signal },
        ),
    },
    list: {
      stalls: "/manifests/",
      read: async (repository, signal) =>
        (await repository.readonlySession("main")).store.list({ signal }).toArray(),
    },
    diff: {
      stalls: "/transactions/",
      read: (repository, signal) =>
        repository.diff({ snapshotId: "1CECHNKREP0F1RSTCMT0" }, "main", { signal }),
    },
  };

  test.each(Object.entries(READS))(
    "%s: an abort ends the request on the server",
    async (_, one) => {
      const site = await stallingServer();
      const repository = await Repository.open(httpStorage(site.url));
      site.stalls = (path) => path.startsWith(one.stalls);
      const aborting = new AbortController();
      const stuck = one.read(repository, aborting.signal);
      stuck.catch(() => undefined);
      await until(() => site.open === 1);

      aborting.abort("enough");

      await expect(stuck).rejects.toBe("enough");
      await until(() => site.open === 0);
      site.stalls = () => false;
      expect(await one.read(repository, new AbortController().signal)).toBeDefined();
    },
  );

  test("Repository.open: an abort ends the request on the server", async () => {
    const site = await stallingServer();
    site.stalls = () => true;
    const aborting = new AbortController();
    const opening = Repository.open(httpStorage(site.url), { signal: aborting.signal });
    opening.catch(() => undefined);
    await until(() => site.open === 1);

    aborting.abort("enough");

    await expect(opening).rejects.toBe("enough");
    await until(() => site.open === 0);
  });

  test("of the repository's state do not hold up later ones, while their callers wait", async () => {
    const site = await stallingServer();
    const runtime = simulatedRuntime({ autoAdvance: false });
    const repository = await Repository.open(httpStorage(site.url, { runtime }), { runtime });
    site.stalls = () => true;
    const first = repository.listBranches();
    await until(() => site.open === 1);
    const second = repository.listBranches();
    await until(() => runtime.sleeperCount === 2); // A deadline, and the patience of the second.
    site.stalls = () => false;

    runtime.advance(1_000);

    expect(await second).toEqual(["main"]);
    expect(site.open).toBe(1);
    runtime.advance(29_000);
    await until(() => runtime.sleeperCount === 1 && site.open === 0);
    runtime.advance(100);
    expect(await first).toEqual(["main"]);
  });
});

describe("a server that sends a page for whatever it lacks", () => {
  const PAGE = "<!doctype html><title>App</title>".padEnd(2 * CHUNK_BYTES);

  /** Serves the repository without the objects below `missing`. */
  async function siteLacking(missing: string, contentType: string, body = PAGE): Promise<string> {
    const answer = (request: IncomingMessage, response: ServerResponse): boolean => {
      if (!request.url?.startsWith(missing)) return false;
      response.writeHead(200, { "content-type": contentType });
      response.end(request.method === "HEAD" ? undefined : body);
      return true;
    };
    server = await serveStorage(await storedRepository(), answer);
    return server.url;
  }

  test("is named when a repository is opened there", async () => {
    const url = await siteLacking("/", "text/html");

    await expect(Repository.open(httpStorage(url))).rejects.toMatchObject({
      kind: "unexpected-response",
      message: `${url}repo: the server answered 200 with a web page ("text/html")`,
      advice: expect.stringContaining("check the URL"),
    });
  });

  test.each(["/snapshots/", "/manifests/", "/chunks/"])(
    "is named when an object of %s is read",
    async (folder) => {
      const url = await siteLacking(folder, "text/html; charset=utf-8");
      const reading = async (): Promise<unknown> => {
        const repository = await Repository.open(httpStorage(url));
        return (await repository.readonlySession("main")).store.get("a/c/1");
      };

      await expect(reading()).rejects.toMatchObject({
        kind: "unexpected-response",
        details: { url: expect.stringContaining(`${url.slice(0, -1)}${folder}`), status: 200 },
      });
    },
  );

  test.each([
    ["longer", PAGE],
    ["shorter", "{}"],
  ])("does not pass for a chunk, of whatever type it is, if it is %s", async (_, body) => {
    const url = await siteLacking("/chunks/", "application/json", body);
    const repository = await Repository.open(httpStorage(url));
    const { store } = await repository.readonlySession("main");

    for (const reading of [store.get("a/c/1"), store.getRange("a/c/1", { offset: 0, length: 2 })])
      await expect(reading).rejects.toMatchObject({ kind: "invalid-object-size" });
  });
});

test("a server that knows no ranges serves chunks and their parts", async () => {
  server = await serveStorage(await storedRepository(), (request) => {
    delete request.headers.range;
    return false;
  });
  const repository = await Repository.open(httpStorage(server.url));
  const { store } = await repository.readonlySession("main");

  expect(await store.get("a/c/7")).toEqual(chunkOf(7));
  expect(await store.getRange("a/c/7", { offset: 590, length: 10 })).toEqual(
    chunkOf(7).slice(0, 10),
  );
});
