/** What may be secret in a URL shows in no error, id or description, its causes included. */
import { inspect } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { httpStorage } from "../../src/storage/http/http-storage.ts";
import { redirectStorage, storageFromUrl } from "../../src/storage/index.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import { type StorageServer, serveStorage } from "./serve-storage.ts";

let server: StorageServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** What printing shows of what `work` throws. */
async function shown(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    return inspect(error, { depth: 10 });
  }
  throw new Error("it did not fail");
}

/** A server that answers everything with `status`, and `location`. */
async function serve(status: number, location?: string): Promise<string> {
  server = await serveStorage(memoryStorage(), (_, response) => {
    response.writeHead(status, location === undefined ? {} : { location }).end();
    return true;
  });
  return server.url;
}

describe("a secret", () => {
  test.each([
    "host/repo?signature=hunter2",
    "user:hunter2@host/repo",
    "ftp://user:hunter2@host/repo?signature=hunter2",
    "http://[host/?signature=hunter2",
    "http://user:hunter2@host/",
    "s3://key:hunter2@bucket/prefix?token=hunter2",
  ])("in %s is not repeated where that is refused", async (url) => {
    for (const work of [httpStorage, redirectStorage, storageFromUrl])
      expect(await shown(() => work(url))).not.toContain("hunter2");
  });

  test.each([200, 403, 500, 301])("is not told when the server answers %i", async (status) => {
    const url = `${await serve(status)}start?signature=hunter2`;

    const failing = redirectStorage(url, { attemptsMax: 1 });
    expect(await shown(() => failing.get("repo"))).not.toContain("hunter2");
    expect(JSON.stringify([failing.id, failing.describe()])).not.toContain("hunter2");
  });

  test.each([
    ["a password", "http://user:hunter2@localhost/", "bad-redirect"],
    ["no URL", "http://[?signature=hunter2", "bad-redirect"],
    ["an unreachable place", "http://127.0.0.1:1/?signature=hunter2", "bad-redirect"],
    ["a later scheme", "s3://bucket/?signature=hunter2", "unimplemented"],
    ["a storage with a password", "http+icechunk://user:hunter2@localhost/", "storage-config"],
  ])("is not told where a redirect leads to %s", async (_, location, kind) => {
    const url = `${await serve(302, location)}start?key=hunter2`;

    const text = await shown(() => redirectStorage(url, { attemptsMax: 1 }).get("repo"));

    expect(text).not.toContain("hunter2");
    expect(text).toContain(kind);
  });
});

test("a redirect with a query cannot be described, as its rest would not work", () => {
  expect(redirectStorage("http://host/a?b").describe()).toBeUndefined();
  expect(redirectStorage("http://host/a").describe()).toEqual({
    type: "redirect",
    url: "http://host/a",
  });
});
