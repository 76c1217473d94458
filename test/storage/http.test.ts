import type { IncomingMessage, ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { isIcefloeError } from "../../src/base/errors.ts";
import { httpStorage } from "../../src/storage/http/http-storage.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import type { Storage } from "../../src/storage/port.ts";
import { redirectStorage } from "../../src/storage/redirect.ts";
import { type Override, type StorageServer, serveStorage } from "./serve-storage.ts";

let server: StorageServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function serve(override?: Override): Promise<StorageServer> {
  const storage = memoryStorage();
  await storage.put("object", new TextEncoder().encode("0123456789"), { objectKind: "other" });
  server = await serveStorage(storage, override);
  return server;
}

/** A server that answers every request the same way. */
const answering =
  (answer: (response: ServerResponse, request: IncomingMessage) => void): Override =>
  (request, response) => {
    answer(response, request);
    return true;
  };

/** Tries once. */
const hasty = (url: string): Storage => httpStorage(url, { attemptsMax: 1 });

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "resolved",
    (error) =>
      isIcefloeError(error) ? [error.kind, error.details["retryable"] ?? false] : String(error),
  );
const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

describe("httpStorage", () => {
  test.each([
    [404, undefined],
    [410, undefined],
  ])("%i is absent", async (status, expected) => {
    const { url } = await serve(answering((response) => response.writeHead(status).end()));

    expect(await httpStorage(url).get("repo")).toBe(expected);
    expect(await httpStorage(url).head("repo")).toBe(expected);
  });

  test.each([
    [403, false],
    [401, false],
    [429, true],
    [500, true],
    [503, true],
  ])("%i is a failure, not absent", async (status, retryable) => {
    const { url } = await serve(answering((response) => response.writeHead(status).end()));

    expect(await failure(hasty(url).get("repo"))).toEqual(["object-store", retryable]);
  });

  test("a server that cannot be reached is a retryable failure", async () => {
    const { url, close } = await serve();
    await close();
    server = undefined;

    expect(await failure(hasty(url).get("repo"))).toEqual(["object-store", true]);
  });

  test("a whole answer to a range request is cut to the range", async () => {
    const { url } = await serve((request) => {
      delete request.headers.range;
      return false;
    });
    const storage = httpStorage(url);

    const middle = await storage.get("object", { range: { start: 2, end: 5 } });
    const tail = await storage.get("object", { range: { suffix: 3 } });

    expect([textOf(middle?.bytes), textOf(tail?.bytes)]).toEqual(["234", "789"]);
    expect(await failure(storage.get("object", { range: { start: 5, end: 11 } }))).toEqual([
      "invalid-byte-range",
      false,
    ]);
  });

  test("a whole answer of another size than the object's is not cut to the range", async () => {
    const { url } = await serve((request) => {
      delete request.headers.range;
      return false;
    });
    const range = { start: 2, end: 5 };

    const fitting = await httpStorage(url).get("object", { range, objectBytes: 10 });
    const failing = httpStorage(url).get("object", { range, objectBytes: 9 });

    expect(textOf(fitting?.bytes)).toBe("234");
    await expect(failing).rejects.toMatchObject({
      kind: "invalid-object-size",
      message: `${url}object: the server sent all 10 bytes of an object of 9`,
      details: { url: `${url}object`, status: 200, expectedBytes: 9, foundBytes: 10 },
    });
  });

  describe("a web page in place of an object", () => {
    const PAGE = "<!doctype html><title>App</title>";
    const type = "text/html; charset=utf-8";
    const READS: Record<string, (storage: Storage) => Promise<unknown>> = {
      get: (storage) => storage.get("chunks/a"),
      "get of a range": (storage) => storage.get("chunks/a", { range: { start: 0, end: 4 } }),
      "get of a suffix": (storage) => storage.get("chunks/a", { range: { suffix: 4 } }),
      "get of no bytes": (storage) => storage.get("chunks/a", { range: { suffix: 0 } }),
      getIfChanged: (storage) => storage.getIfChanged("chunks/a", { etag: '"another"' }),
      head: (storage) => storage.head("chunks/a"),
    };

    test.each(Object.entries(READS))(
      "is refused by %s, neither absent nor bytes",
      async (_, read) => {
        for (const isRanged of [false, true]) {
          const { url, close } = await serve(
            answering((response, { method, headers }) => {
              const part = isRanged && headers.range !== undefined;
              const range = { "content-range": `bytes 0-3/${PAGE.length}` };
              const body = part ? PAGE.slice(0, 4) : PAGE;
              response.writeHead(part ? 206 : 200, {
                "content-type": type,
                ...(part ? range : {}),
              });
              response.end(method === "HEAD" ? undefined : body);
            }),
          );

          await expect(read(httpStorage(`${url}?token=secret`))).rejects.toMatchObject({
            kind: "unexpected-response",
            message: expect.stringMatching(
              /^http:[^?]*\/chunks\/a: the server answered 20\d with a web page/,
            ),
            details: { url: `${url}chunks/a`, contentType: type },
          });
          await close();
        }
      },
    );

    test("is absence where the server says 404 with it", async () => {
      const { url } = await serve(
        answering((response) => response.writeHead(404, { "content-type": type }).end(PAGE)),
      );

      expect(await httpStorage(url).get("chunks/a")).toBeUndefined();
    });
  });

  test.each([
    ["another range", "bytes 3-5/10", "345"],
    ["fewer bytes than it says", "bytes 2-4/10", "23"],
    ["a longer range", "bytes 2-9/10", "23456789"],
    ["no understandable range", "2 to 4", "234"],
  ])("a server that sends %s is refused", async (_, contentRange, body) => {
    const { url } = await serve(
      answering((response) => response.writeHead(206, { "content-range": contentRange }).end(body)),
    );
    const reading = httpStorage(url).get("object", { range: { start: 2, end: 5 } });

    expect(await failure(reading)).toEqual(["unexpected-response", false]);
  });

  test("a body that ends before its announced length is refused", async () => {
    const { url } = await serve(
      answering((response) => {
        response.writeHead(200, { "content-length": "10" });
        response.write("0123");
        setImmediate(() => response.destroy());
      }),
    );

    expect(await failure(hasty(url).get("object"))).toEqual(["object-store", true]);
  });

  test("an unchanged object costs one request and no body", async () => {
    const { url, log } = await serve();
    const storage = httpStorage(url);
    const found = await storage.get("object");

    const again = await storage.getIfChanged("object", found!.version);

    expect(again).toBe("unchanged");
    expect(log).toHaveLength(2);
  });

  test("weak etags identify a state, also where the server ignores conditions", async () => {
    const { url } = await serve(
      answering((response) => response.writeHead(200, { etag: 'W/"abc"' }).end("body")),
    );
    const storage = httpStorage(url);
    const found = await storage.get("object");

    expect(found?.version).toEqual({ etag: 'W/"abc"' });
    expect(await storage.getIfChanged("object", found!.version)).toBe("unchanged");
    expect(await storage.getIfChanged("object", { etag: 'W/"abd"' })).toMatchObject({
      version: { etag: 'W/"abc"' },
    });
  });

  test("without an etag the modification time identifies a state", async () => {
    const modified = "Wed, 01 Jan 2025 00:00:00 GMT";
    const { url } = await serve(
      answering((response, request) => {
        const status = request.headers["if-modified-since"] === modified ? 304 : 200;
        response.writeHead(status, { "last-modified": modified }).end(status === 200 ? "x" : "");
      }),
    );
    const storage = httpStorage(url);
    const version = (await storage.get("object"))!.version;

    expect(version).toEqual({ generation: modified });
    expect(await storage.getIfChanged("object", version)).toBe("unchanged");
  });

  test("a modification time that another state may share is no version", async () => {
    const now = "Wed, 01 Jan 2025 00:00:00 GMT";
    const bodies = ["first", "second"];
    const { url } = await serve(
      answering((response, request) => {
        const isOld = request.headers["if-modified-since"] === now;
        response.writeHead(isOld ? 304 : 200, { date: now, "last-modified": now });
        response.end(isOld ? undefined : bodies.shift());
      }),
    );
    const storage = httpStorage(url);
    const { version } = (await storage.get("object"))!;

    const changed = await storage.getIfChanged("object", version);

    expect(changed === "unchanged" ? changed : textOf(changed?.bytes)).toBe("second");
  });

  test.each([
    [304, {}, "object-store"],
    [416, {}, "object-store"],
    [304, { range: { start: 0, end: 2 } }, "object-store"],
    [204, {}, "unexpected-response"],
    [204, { range: { suffix: 2 } }, "unexpected-response"],
    [203, { range: { suffix: 2 } }, "unexpected-response"],
  ])("%i to a request of %o, which cannot have it, is refused", async (status, options, kind) => {
    const { url } = await serve(answering((response) => response.writeHead(status).end()));

    expect(await failure(httpStorage(url).get("object", options))).toEqual([kind, false]);
  });

  test("headers are sent, and appear neither in the id nor in the description", async () => {
    let seen: string | undefined;
    const { url } = await serve((request) => {
      seen = request.headers.authorization;
      return false;
    });
    const storage = httpStorage(url, { headers: { authorization: "Bearer secret" } });

    await storage.get("object");

    expect(seen).toBe("Bearer secret");
    expect(JSON.stringify([storage.id, storage.describe()])).not.toContain("secret");
  });

  test("a URL's query is sent with every path and kept out of the description", async () => {
    const { url, log } = await serve();

    const storage = httpStorage(`${url}base?signature=secret`);
    await storage.get("a b/c");

    expect(log).toEqual(["GET /base/a%20b/c?signature=secret"]);
    expect(storage.describe()).toBeUndefined();
  });

  test("what is no http URL, or holds a password, is refused", () => {
    for (const url of ["not a url", "ftp://host/", "http://user:password@host/"])
      expect(() => httpStorage(url)).toThrow(/httpStorage/);
  });

  test("options that are unknown or make no sense are refused by name", () => {
    const wrong = [{ retries: 3 }, { attemptsMax: 0 }, { idleTimeoutMs: 2 ** 31 }, { runtime: {} }];

    for (const options of wrong)
      expect(() => httpStorage("http://host/", options as never)).toThrow(/^httpStorage: /);
  });

  test("an abort during the request rejects with its reason", async () => {
    const controller = new AbortController();
    const { url } = await serve(answering(() => controller.abort("enough")));

    const reading = httpStorage(url).get("object", { signal: controller.signal });

    await expect(reading).rejects.toBe("enough");
  });
});

describe("redirectStorage", () => {
  const redirecting =
    (locations: Record<string, (host: string) => string>): Override =>
    (request, response) => {
      const location = locations[request.url ?? ""];
      if (location === undefined) return false;
      response.writeHead(307, { location: location(String(request.headers.host)) }).end();
      return true;
    };

  test("redirects are followed to the storage they name, once", async () => {
    const { url, log } = await serve(
      redirecting({
        "/start": () => "/next",
        "/next": (host) => `http+ic://${host}/`,
      }),
    );
    const storage = redirectStorage(`${url}start`);

    await Promise.all([storage.get("object"), storage.get("object")]);

    expect(log).toEqual(["GET /start", "GET /next", "GET /object", "GET /object"]);
  });

  test.each([
    ["an endless chain", () => "/start", "bad-redirect"],
    ["an unknown scheme", () => "gopher://host/", "bad-redirect"],
    ["a scheme that comes later", () => "s3://bucket/prefix?region=us-east-1", "unimplemented"],
    ["an answer without redirect", () => "/object", "bad-redirect"],
  ])("%s is refused", async (_, location, kind) => {
    const { url } = await serve(redirecting({ "/start": location }));

    expect(await failure(redirectStorage(`${url}start`).get("repo"))).toEqual([kind, false]);
  });

  test("after a failure the next request asks again", async () => {
    let isUp = false;
    const { url } = await serve((request, response) => {
      if (request.url !== "/start") return false;
      const location = `http+icechunk://${request.headers.host}/`;
      response.writeHead(isUp ? 302 : 500, isUp ? { location } : {}).end();
      return true;
    });
    const storage = redirectStorage(`${url}start`, { attemptsMax: 1 });

    expect(await failure(storage.get("object"))).toEqual(["bad-redirect", false]);
    isUp = true;

    expect(textOf((await storage.get("object"))?.bytes)).toBe("0123456789");
  });
});
