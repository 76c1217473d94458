/** Objects of Google Cloud Storage, on a server in memory: what is asked, and what is made of answers. */
import { describe, expect, test } from "vitest";
import { equalBytes } from "../../src/base/bytes.ts";
import { IcefloeError } from "../../src/base/errors.ts";
import { openGcs } from "../../src/storage/gcs/open.ts";
import type { Storage } from "../../src/storage/port.ts";
import { withSettings } from "../../src/storage/with-settings.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";
import { storageConformance } from "../../src/testing/storage-conformance.ts";
import { failure, type Reply, SimulatedGcs } from "./simulated-gcs.ts";

const KIB = 1024;

interface Subject {
  readonly server: SimulatedGcs;
  readonly storage: Storage;
}

function open(options: object = {}): Subject {
  const server = new SimulatedGcs();
  const runtime = simulatedRuntime({ seed: 1 });
  const all = { bucket: "bucket", prefix: "folder", anonymous: true, runtime, ...options };
  return { server, storage: openGcs(all, server.transport) };
}

/** In pieces from 512 KiB, of 256 KiB each. */
function inPieces({ storage }: Subject): Storage {
  return withSettings(storage, {
    minimumSizeForMultipartUpload: 512 * KIB,
    concurrency: { idealConcurrentRequestSize: 256 * KIB },
  });
}

const bytes = (length: number): Uint8Array => new Uint8Array(length).map((_, index) => index * 7);

/** Whether the large object is on the server as it was put. */
function isWhole({ server }: Subject): boolean {
  const stored = server.objects.get("folder/large")?.bytes;
  return stored !== undefined && equalBytes(stored, bytes(700 * KIB));
}

async function errorOf(promise: Promise<unknown>): Promise<IcefloeError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof IcefloeError) return error;
  throw new Error(`no error of ours: ${String(error)}`);
}

/** Breaks the connection after the server has done what the `nth` request asks. */
function loseReply(server: SimulatedGcs, nth: number): void {
  server.before = (_, serve) => {
    const reply = serve();
    if (server.asked.length === nth) throw new TypeError("socket hang up");
    return reply;
  };
}

describe("a bucket of Google Cloud Storage", () => {
  const subject = async () => {
    const { storage } = open({ runtime: undefined });
    return { storage, dispose: () => storage.close() };
  };
  for (const { name, run } of storageConformance(subject))
    test(name, async () => {
      expect(["passed", "skipped"]).toContain((await run()).outcome);
    });
});

describe("a put", () => {
  test("carries bytes, type, metadata and a checksum in one request", async () => {
    const { server, storage } = open();

    const done = await storage.put("repo", bytes(300), {
      objectKind: "repo",
      contentType: "text/plain",
      metadata: { icspecver: "2" },
    });

    const { resource, bytes: stored } = server.objects.get("folder/repo") ?? {};
    expect(stored).toEqual(bytes(300));
    expect(resource).toMatchObject({ contentType: "text/plain", metadata: { icspecver: "2" } });
    expect(done).toEqual({ outcome: "written", version: { generation: resource?.generation } });
    expect(server.asked).toHaveLength(1);
  });

  test("is repeated after a lost reply if it has no condition", async () => {
    const { server, storage } = open();
    loseReply(server, 1);

    const done = await storage.put("object", bytes(3), { objectKind: "other" });

    expect(done.outcome).toBe("written");
    expect(server.asked).toHaveLength(2);
  });

  test.each([{ ifAbsent: true }, { ifMatch: { generation: "7" } }] as const)(
    "on the condition %o whose reply is lost is not repeated: its fate is unknown",
    async (condition) => {
      const { server, storage } = open();
      loseReply(server, 1);

      const error = await errorOf(
        storage.put("object", bytes(3), { objectKind: "other", condition }),
      );

      expect(error.kind).toBe("unknown-outcome");
      expect(server.asked).toHaveLength(1);
    },
  );

  test("on a condition that is throttled is repeated, for nothing was done", async () => {
    const { server, storage } = open();
    server.before = (_, serve) =>
      server.asked.length === 1 ? { status: 429, body: failure("rateLimitExceeded") } : serve();

    const done = await storage.put("object", bytes(3), {
      objectKind: "other",
      condition: { ifAbsent: true },
    });

    expect(done.outcome).toBe("written");
  });

  test("that the server calls stored without saying as what has an unknown fate", async () => {
    const { server, storage } = open();
    for (const body of ["", "[]", {}, { generation: "0" }, { generation: "5", size: "4" }]) {
      server.before = () => ({ status: 200, body });

      const put = storage.put("object", bytes(3), {
        objectKind: "other",
        condition: { ifAbsent: true },
      });

      expect((await errorOf(put)).kind).toBe("unknown-outcome");
    }
  });

  test("on a version of another store is refused before it is sent", async () => {
    const { server, storage } = open();
    for (const ifMatch of [{ etag: '"md5"' }, { generation: "0" }, { generation: "1&x=2" }]) {
      const put = storage.put("object", bytes(3), { objectKind: "other", condition: { ifMatch } });

      expect((await errorOf(put)).kind).toBe("condition-not-supported");
    }
    expect(server.asked).toEqual([]);
  });

  test("does not let its type end the head of its part", async () => {
    const { server, storage } = open();
    const contentType = "text/plain\r\n\r\ninjected";

    const put = storage.put("object", bytes(3), { objectKind: "other", contentType });

    expect((await errorOf(put)).kind).toBe("invalid-option");
    expect(server.asked).toEqual([]);
  });

  test("into a bucket that is gone is an error, not a lost race", async () => {
    const { server, storage } = open();
    const body = { error: { message: "The specified bucket does not exist.", errors: [] } };
    server.before = () => ({ status: 404, body });
    const condition = { ifMatch: { generation: "7" } };

    const put = storage.put("object", bytes(3), { objectKind: "other", condition });

    expect((await errorOf(put)).message).toContain("there is no such bucket");
    expect((await errorOf(storage.get("object"))).message).toContain("there is no such bucket");
  });

  test("has the storage class that the settings give its kind", async () => {
    const at = open();
    const settings = { storageClass: "STANDARD", chunksStorageClass: "NEARLINE" };
    const storage = withSettings(at.storage, settings);

    await storage.put("chunks/a", bytes(3), { objectKind: "chunk" });
    await storage.put("repo", bytes(3), { objectKind: "repo", metadata: { a: "b" } });
    await storage.copy("repo", "backup", { objectKind: "backup" });

    const classOf = (name: string) => at.server.objects.get(`folder/${name}`)?.resource;
    expect(classOf("chunks/a")?.storageClass).toBe("NEARLINE");
    expect(classOf("backup")).toMatchObject({ storageClass: "STANDARD", metadata: { a: "b" } });
  });
});

describe("a large put", () => {
  test("moves piece by piece, on the same terms", async () => {
    const at = open();
    const storage = inPieces(at);

    const done = await storage.put("large", bytes(700 * KIB), {
      objectKind: "chunk",
      metadata: { a: "b" },
      condition: { ifAbsent: true },
    });
    const again = await storage.put("large", bytes(700 * KIB), {
      objectKind: "chunk",
      condition: { ifAbsent: true },
    });

    const { resource, bytes: stored } = at.server.objects.get("folder/large") ?? {};
    expect(equalBytes(stored as Uint8Array, bytes(700 * KIB))).toBe(true);
    expect(resource).toMatchObject({ metadata: { a: "b" } });
    expect(done).toEqual({ outcome: "written", version: { generation: resource?.generation } });
    expect(again.outcome).toBe("condition-failed");
    expect(at.server.asked).toHaveLength(2 * 4);
  });

  test.each([2, 3, 4])("loses nothing when the reply to request %i is lost", async (nth) => {
    const at = open();
    loseReply(at.server, nth);

    const done = await inPieces(at).put("large", bytes(700 * KIB), {
      objectKind: "chunk",
      condition: { ifAbsent: true },
    });

    expect(done.outcome).toBe("written");
    expect(isWhole(at)).toBe(true);
    expect(at.server.asked).toHaveLength(5);
  });

  test("goes on from where the server is, which may keep a part of a piece", async () => {
    const at = open();
    at.server.pieceBytesMax = 100_000;

    const done = await inPieces(at).put("large", bytes(700 * KIB), { objectKind: "chunk" });

    expect(done.outcome).toBe("written");
    expect(isWhole(at)).toBe(true);
  });

  test("ends when the server takes no more", async () => {
    const at = open();
    at.server.pieceBytesMax = 0;

    const put = inPieces(at).put("large", bytes(700 * KIB), { objectKind: "chunk" });

    expect((await errorOf(put)).message).toContain("takes no more");
    expect(at.server.asked.length).toBeLessThan(20);
  });

  test("has an unknown fate where the last reply is lost, and then the upload", async () => {
    const at = open();
    at.server.before = (_, serve) => {
      if (at.server.asked.length > 4) return { status: 410 };
      const reply = serve();
      if (at.server.asked.length === 4) throw new TypeError("socket hang up");
      return reply;
    };

    const put = inPieces(at).put("large", bytes(700 * KIB), { objectKind: "chunk" });

    expect((await errorOf(put)).kind).toBe("unknown-outcome");
  });

  test("has not happened where a reply before the last is lost, and then the upload", async () => {
    const at = open();
    at.server.before = (_, serve) => {
      if (at.server.asked.length > 3) return { status: 410 };
      const reply = serve();
      if (at.server.asked.length === 3) throw new TypeError("socket hang up");
      return reply;
    };

    const put = inPieces(at).put("large", bytes(700 * KIB), { objectKind: "chunk" });

    expect(await errorOf(put)).toMatchObject({ kind: "object-store", details: { status: 410 } });
  });

  test("asks no other server than the endpoint, whatever one is named", async () => {
    const at = open();

    await inPieces(at).put("large", bytes(700 * KIB), { objectKind: "chunk" });

    const hosts = new Set(at.server.asked.map(({ url }) => url.host));
    expect([...hosts]).toEqual(["storage.googleapis.com"]);
  });
});

describe("a read", () => {
  test("of a large part moves as several requests", async () => {
    const at = open();
    await at.storage.put("object", bytes(600 * KIB), { objectKind: "chunk" });

    const range = { start: 1, end: 600 * KIB };
    const found = await inPieces(at).get("object", { range });

    expect(equalBytes(found?.bytes as Uint8Array, bytes(600 * KIB).slice(1))).toBe(true);
    expect(at.server.asked).toHaveLength(1 + 3);
  });

  test("of what has not changed is unchanged where the server does not know the condition", async () => {
    const { server, storage } = open();
    const done = await storage.put("object", bytes(3), { objectKind: "other" });
    const version = done.outcome === "written" ? done.version : {};
    server.before = (asked, serve) => {
      asked.url.searchParams.delete("ifGenerationNotMatch");
      return serve();
    };

    expect(await storage.getIfChanged("object", version)).toBe("unchanged");
  });

  test("refuses answers that say nothing of use", async () => {
    const { server, storage } = open();
    const odd: Reply[] = [
      { status: 200, body: "<html>" },
      { status: 200, body: { generation: "1" } },
      { status: 200, body: { generation: "1", size: "many" } },
    ];
    for (const reply of odd) {
      server.before = () => reply;

      expect((await errorOf(storage.head("object"))).kind).toBe("unexpected-response");
    }
  });
});

describe("a copy", () => {
  test("that takes several steps goes through all of them", async () => {
    const { server, storage } = open();
    await storage.put("from", bytes(9), { objectKind: "repo", metadata: { a: "b" } });
    server.copySteps = 4;

    await storage.copy("from", "backup/to", { objectKind: "backup" });

    expect(server.objects.get("folder/backup/to")?.bytes).toEqual(bytes(9));
    expect((await storage.head("backup/to"))?.metadata).toEqual({ a: "b" });
  });

  test("that does not say how to go on is refused", async () => {
    const { server, storage } = open();
    server.before = () => ({ status: 200, body: { done: false } });

    expect((await errorOf(storage.copy("a", "b", {}))).kind).toBe("unexpected-response");
  });
});

describe("a list", () => {
  const listed = async (storage: Storage): Promise<string[]> => {
    const paths: string[] = [];
    for await (const { path } of storage.list("some/")) paths.push(path);
    return paths;
  };

  test("that repeats itself, names other objects, or is none is refused", async () => {
    const { server, storage } = open();
    const item = { name: "elsewhere", size: "1", updated: "2026-01-01T00:00:00Z", generation: "1" };
    for (const body of [{ nextPageToken: "a" }, { items: [item] }, { items: [{}] }, { items: 7 }]) {
      server.before = () => ({ status: 200, body });

      expect((await errorOf(listed(storage))).kind).toBe("unexpected-response");
    }
  });

  test("goes on over pages without entries, and passes over objects that stand for folders", async () => {
    const { server, storage } = open();
    const item = { size: "1", updated: "2026-01-01T00:00:00Z", generation: "1" };
    const names = ["folder/some/", "folder/some/object"];
    const pages = [
      { nextPageToken: "a" },
      { items: names.map((name) => ({ ...item, name })), nextPageToken: "b" },
      {},
    ];
    server.before = () => ({ status: 200, body: pages[server.asked.length - 1] });

    expect(await listed(storage)).toEqual(["some/object"]);
  });
});

describe("a delete", () => {
  test("tells of each path what became of it", async () => {
    const { server, storage } = open();
    await storage.put("a", bytes(1), { objectKind: "other" });
    server.before = ({ url }, serve) =>
      url.pathname.endsWith("refused") ? { status: 403, body: failure("forbidden") } : serve();

    const outcomes = await storage.delete(["a", "refused", "absent"]);

    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["deleted", "failed", "deleted"]);
  });
});

describe("an error", () => {
  test("names the server's reason and what to do, and nothing that the server repeats", async () => {
    const { server, storage } = open();
    server.before = () => ({ status: 403, body: failure("forbidden") });

    const error = await errorOf(storage.get("object"));

    expect(error.details).toMatchObject({ status: 403, code: "forbidden" });
    expect(error.message).toContain("the credentials do not allow this");
    expect(JSON.stringify(error)).not.toContain("secret-echo");
  });
});
