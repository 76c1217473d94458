/**
 * Servers that fail, break off, or say nothing at all: real ones, while time is simulated. A read
 * gets its bytes, or ends with an error, in a bounded time and number of attempts.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Runtime } from "../../src/base/runtime.ts";
import { httpStorage } from "../../src/storage/http/http-storage.ts";
import { redirectStorage } from "../../src/storage/redirect.ts";
import { withRetry } from "../../src/storage/with-retry.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const BODY = new TextEncoder().encode("0123456789");
const IDLE_MS = 30_000;
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server whose answers come one after another, the last one again and again. */
async function serve(...answers: readonly Answer[]): Promise<{ url: string; log: string[] }> {
  const log: string[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(log.length, answers.length - 1)];
    log.push(String(request.url));
    answer?.(response, request);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, log };
}

const whole: Answer = (response) => {
  response.writeHead(200, { "content-length": BODY.length }).end(BODY);
};
const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(code, headers).end();
  };
const silent: Answer = () => undefined;
const cut: Answer = (response) => {
  response.writeHead(200, { "content-length": BODY.length });
  response.write(BODY.subarray(0, 4));
  setImmediate(() => response.destroy());
};

/** Pauses between attempts end at once and are noted; the clock moves, but silence never ends. */
function patientRuntime(): Runtime & { pauses: number[] } {
  const clock = simulatedRuntime({ autoAdvance: false });
  const pauses: number[] = [];
  return {
    pauses,
    nowMicros: clock.nowMicros,
    randomBytes: clock.randomBytes,
    async sleep(milliseconds, signal) {
      if (milliseconds === IDLE_MS) return clock.sleep(Number.MAX_SAFE_INTEGER, signal);
      signal?.throwIfAborted();
      pauses.push(milliseconds);
      clock.advance(milliseconds);
    },
  };
}

/** Lets real requests go on until `isDone`. */
async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise((resolve) => setImmediate(resolve));
}

describe("a request that fails for a passing reason", () => {
  test.each<[string, Answer]>([
    ["408", status(408)],
    ["429", status(429)],
    ["500", status(500)],
    ["502", status(502)],
    ["503", status(503)],
    ["504", status(504)],
    ["a connection that is closed", (response) => response.destroy()],
    ["a body that is cut", cut],
    [
      "a body shorter than announced",
      (response) =>
        response.writeHead(200, { "content-length": 9, connection: "close" }).end("0123"),
    ],
  ])("is repeated after %s", async (_, failing) => {
    const { url, log } = await serve(failing, failing, whole);
    const runtime = patientRuntime();

    const found = await httpStorage(url, { runtime }).get("object");

    expect(found?.bytes).toEqual(BODY);
    expect(log).toHaveLength(3);
    expect(runtime.pauses).toHaveLength(2);
    expect(runtime.pauses[0]).toBeLessThanOrEqual(100);
    expect(runtime.pauses[1]).toBeLessThanOrEqual(200);
  });

  test("is repeated by every read", async () => {
    const { url, log } = await serve(status(503), whole, status(503), whole, status(503), whole);
    const storage = httpStorage(url, { runtime: patientRuntime() });

    expect(await storage.get("object", { range: { start: 0, end: 10 } })).toBeDefined();
    expect(await storage.head("object")).toMatchObject({ sizeBytes: 10 });
    expect(await storage.getIfChanged("object", { etag: "old" })).toMatchObject({ bytes: BODY });
    expect(log).toHaveLength(6);
  });

  test("fails in the end, and says how often it was made and of what", async () => {
    const { url, log } = await serve(status(503));
    const storage = httpStorage(`${url}data?signature=secret`, { runtime: patientRuntime() });

    const failing = storage.get("chunks/a");

    await expect(failing).rejects.toMatchObject({
      kind: "object-store",
      message: `${url}data/chunks/a: the server answered 503 (attempt 5)`,
      details: { url: `${url}data/chunks/a`, status: 503, retryable: true, attempts: 5 },
    });
    expect(log).toHaveLength(5);
  });

  test.each([400, 401, 403, 405, 501])("is not repeated after %i", async (code) => {
    const { url, log } = await serve(status(code));

    const failing = httpStorage(url, { runtime: patientRuntime() }).get("object");

    await expect(failing).rejects.toMatchObject({
      kind: "object-store",
      details: { status: code },
    });
    expect(log).toHaveLength(1);
  });

  test("waits as long as the server asks, and a little more", async () => {
    const runtime = patientRuntime();
    const date = new Date(runtime.nowMicros() / 1000 + 20_000).toUTCString();
    const { url } = await serve(
      status(503, { "retry-after": "7" }),
      status(429, { "retry-after": date }),
      status(503, { "retry-after": "soon" }),
      whole,
    );

    await httpStorage(url, { runtime }).get("object");

    const [seconds, toDate, unclear] = runtime.pauses as [number, number, number];
    expect(seconds).toBeGreaterThan(7000);
    expect(seconds).toBeLessThan(7100);
    expect(seconds + toDate).toBeGreaterThanOrEqual(19_000); // Dates have whole seconds.
    expect(seconds + toDate).toBeLessThan(20_400);
    expect(unclear).toBeLessThan(400);
  });

  test("fails at once where the server asks for more than half a minute", async () => {
    const { url, log } = await serve(status(503, { "retry-after": "31" }));

    const failing = httpStorage(url, { runtime: patientRuntime() }).get("object");

    await expect(failing).rejects.toMatchObject({ details: { retryAfterMs: 31_000 } });
    expect(log).toHaveLength(1);
  });

  test("is not repeated once its time is over", async () => {
    const { url, log } = await serve(status(503, { "retry-after": "9" }));
    const runtime = patientRuntime();

    const failing = httpStorage(url, { runtime, totalTimeoutMs: 20_000 }).get("object");

    await expect(failing).rejects.toMatchObject({ details: { attempts: 3 } });
    expect(log).toHaveLength(3);
  });

  test("is not repeated again by withRetry", async () => {
    const { url, log } = await serve(status(503));
    const runtime = patientRuntime();
    const storage = withRetry(httpStorage(url, { runtime }), { runtime });

    await expect(storage.get("object")).rejects.toMatchObject({ details: { attempts: 5 } });
    expect(log).toHaveLength(5);
  });

  test("is left to withRetry by a storage that tries once", async () => {
    const { url, log } = await serve(status(503));
    const runtime = patientRuntime();
    const storage = withRetry(httpStorage(url, { runtime, attemptsMax: 1 }), {
      runtime,
      attemptsMax: 3,
    });

    await expect(storage.get("object")).rejects.toMatchObject({ details: { status: 503 } });
    expect(log).toHaveLength(3);
  });

  test("is not repeated after an abort, which ends its pause", async () => {
    const { url, log } = await serve(status(503));
    const runtime = simulatedRuntime({ autoAdvance: false });
    const aborting = new AbortController();
    const reading = httpStorage(url, { runtime }).get("object", { signal: aborting.signal });
    reading.catch(() => undefined);
    await until(() => log.length === 1 && runtime.sleeperCount === 1);

    aborting.abort("enough");

    await expect(reading).rejects.toBe("enough");
    expect(log).toHaveLength(1);
  });
});

describe("a request without an answer", () => {
  test("is given up after a while, and made again", async () => {
    let isClosed = false;
    const { url, log } = await serve((response) => {
      response.on("close", () => {
        isClosed = true;
      });
    }, whole);
    const runtime = simulatedRuntime({ autoAdvance: false });
    const reading = httpStorage(url, { runtime }).get("object");
    await until(() => log.length === 1);

    runtime.advance(IDLE_MS - 1);
    expect(runtime.sleeperCount).toBe(1);
    runtime.advance(1);
    await until(() => runtime.sleeperCount === 1); // The pause.
    runtime.advance(100);

    expect((await reading)?.bytes).toEqual(BODY);
    await until(() => isClosed);
    expect(log).toHaveLength(2);
  });

  test("ends also where the function that fetches ignores signals", async () => {
    const runtime = simulatedRuntime();
    const fetch = (): Promise<Response> => new Promise(() => undefined);
    const storage = httpStorage("http://host/data/", { runtime, fetch });

    await expect(storage.get("repo")).rejects.toMatchObject({
      kind: "object-store",
      message: "http://host/data/repo: no byte came for 30000 ms (attempt 2)",
    });
  });

  test("is given up where the body stops, not where it comes slowly", async () => {
    let response: ServerResponse | undefined;
    const { url, log } = await serve((first) => {
      response = first.writeHead(200, { "content-length": BODY.length });
      response.flushHeaders();
    }, whole);
    const runtime = simulatedRuntime({ autoAdvance: false });
    let received = 0;
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const { body, headers } = await globalThis.fetch(input, init);
      const counting = new TransformStream<Uint8Array, Uint8Array>({
        transform(part, controller) {
          controller.enqueue(part);
          received += part.length;
        },
      });
      return new Response(body?.pipeThrough(counting), { headers });
    };
    const reading = httpStorage(url, { runtime, fetch, idleTimeoutMs: 1000 }).get("object");
    for (let at = 0; at < 4; at++) {
      await until(() => response !== undefined && received === at);
      await new Promise((resolve) => setImmediate(resolve));
      runtime.advance(900);
      response?.write(BODY.subarray(at, at + 1));
    }
    await until(() => received === 4);
    await new Promise((resolve) => setImmediate(resolve));
    expect(log).toHaveLength(1);

    runtime.advance(1000);
    await until(() => runtime.sleeperCount === 1);
    runtime.advance(100);

    expect((await reading)?.bytes).toEqual(BODY);
    expect(log).toHaveLength(2);
  });

  test("is given up by an abort, which reaches the server", async () => {
    let isClosed = false;
    const { url, log } = await serve((response) => {
      response.on("close", () => {
        isClosed = true;
      });
    });
    const aborting = new AbortController();
    const reading = httpStorage(url).get("object", { signal: aborting.signal });
    reading.catch(() => undefined);
    await until(() => log.length === 1);

    aborting.abort("enough");

    await expect(reading).rejects.toBe("enough");
    await until(() => isClosed);
    expect(log).toHaveLength(1);
  });
});

describe("requests that succeed", () => {
  test("leave no timer, and share connections", async () => {
    const ports = new Set<number | undefined>();
    const { url } = await serve((response, request) => {
      ports.add(request.socket.remotePort);
      whole(response, request);
    });
    const runtime = simulatedRuntime({ autoAdvance: false });
    const storage = httpStorage(url, { runtime });

    for (let read = 0; read < 20; read++) await storage.get("object");

    expect(runtime.sleeperCount).toBe(0);
    expect(ports.size).toBeLessThan(5); // Plain fetch takes two.
  });

  test("give their bytes on platforms that do not stream", async () => {
    const { url } = await serve(whole);
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const response = await globalThis.fetch(input, init);
      return Object.defineProperty(response, "body", { value: undefined });
    };

    expect((await httpStorage(url, { fetch }).get("object"))?.bytes).toEqual(BODY);
  });
});

describe("an answer of another origin in a browser", () => {
  test("may be longer than announced: its encoding is hidden, the browser has decoded it", async () => {
    const fetch: typeof globalThis.fetch = async () => {
      const response = new Response(BODY, { headers: { "content-length": "4" } });
      return Object.defineProperty(response, "type", { value: "cors" });
    };

    const found = await httpStorage("https://other.example/", { fetch }).get("object");

    expect(found?.bytes).toEqual(BODY);
  });
});

describe("a redirect", () => {
  const redirecting: Answer = (response, { headers }) => {
    response.writeHead(302, { location: `http+icechunk://${headers.host}/` }).end();
  };

  test("is asked for again after a passing failure, and so is what it leads to", async () => {
    const { url, log } = await serve(status(503), redirecting, status(503), whole);

    const storage = redirectStorage(`${url}start`, { runtime: patientRuntime() });

    expect((await storage.get("object"))?.bytes).toEqual(BODY);
    expect(log).toEqual(["/start", "/start", "/object", "/object"]);
  });

  test("that never comes is given up, and a signal reaches its request", async () => {
    let closed = 0;
    const { url, log } = await serve((response) => {
      response.on("close", () => closed++);
    });
    const runtime = simulatedRuntime({ autoAdvance: false });
    const storage = redirectStorage(`${url}start`, { runtime, attemptsMax: 1 });
    const aborting = new AbortController();
    const aborted = storage.get("object", { signal: aborting.signal });
    aborted.catch(() => undefined);
    await until(() => log.length === 1);
    aborting.abort("enough");
    await expect(aborted).rejects.toBe("enough");
    const reading = storage.get("object");
    reading.catch(() => undefined);
    await until(() => log.length === 2);

    runtime.advance(IDLE_MS);

    await expect(reading).rejects.toMatchObject({ kind: "bad-redirect" });
    await until(() => closed === 2);
  });

  test("whose target says nothing is found silent", async () => {
    const { url, log } = await serve(redirecting, silent);
    const runtime = simulatedRuntime({ autoAdvance: false });
    const reading = redirectStorage(url, { runtime, attemptsMax: 1 }).get("object");
    reading.catch(() => undefined);
    await until(() => log.length === 2);

    runtime.advance(IDLE_MS);

    await expect(reading).rejects.toMatchObject({ kind: "object-store" });
  });
});
