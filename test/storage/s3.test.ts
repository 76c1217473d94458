/** Objects of S3, on a server in memory: what is asked, and what is made of answers. */
import { describe, expect, test } from "vitest";
import { equalBytes } from "../../src/base/bytes.ts";
import { IcefloeError } from "../../src/base/errors.ts";
import type { Storage } from "../../src/storage/port.ts";
import { openS3 } from "../../src/storage/s3/open.ts";
import { type S3StorageOptions, s3Target } from "../../src/storage/s3/options.ts";
import { withSettings } from "../../src/storage/with-settings.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";
import { storageConformance } from "../../src/testing/storage-conformance.ts";
import { failure, type Reply, SimulatedS3 } from "./simulated-s3.ts";

const MIB = 1024 * 1024;

interface Subject {
  readonly server: SimulatedS3;
  readonly storage: Storage;
}

function open(options: Partial<S3StorageOptions> = {}): Subject {
  const server = new SimulatedS3();
  const runtime = simulatedRuntime({ seed: 1 });
  const all = { bucket: "bucket", prefix: "folder", anonymous: true, runtime, ...options };
  const target = s3Target("s3Storage", all);
  return { server, storage: openS3(target, all, server.transport) };
}

/** In parts from 12 MiB, of 5 MiB each. */
function inParts({ storage }: Subject): Storage {
  return withSettings(storage, {
    minimumSizeForMultipartUpload: 12 * MIB,
    concurrency: { idealConcurrentRequestSize: 5 * MIB, maxConcurrentRequestsForObject: 2 },
  });
}

const bytes = (length: number): Uint8Array => new Uint8Array(length).map((_, index) => index * 7);
const LARGE = bytes(12 * MIB + 1);

async function errorOf(promise: Promise<unknown>): Promise<IcefloeError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof IcefloeError) return error;
  throw new Error(`no error of ours: ${String(error)}`);
}

/** Breaks the connection after the server has done what the `nth` request asks. */
function loseReply(server: SimulatedS3, nth: number): void {
  server.before = (_, serve) => {
    const reply = serve();
    if (server.asked.length === nth) throw new TypeError("socket hang up");
    return reply;
  };
}

/** Answers the first request so, without doing anything. */
function answerFirst(server: SimulatedS3, reply: Reply): void {
  server.before = (_, serve) => (server.asked.length === 1 ? reply : serve());
}

const CONDITIONS = [{ ifAbsent: true }, { ifMatch: { etag: '"an etag"' } }] as const;

describe("a bucket of S3", () => {
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
  test("carries bytes, type, metadata and what the options add in one request", async () => {
    const { server, storage } = open({
      requesterPays: true,
      headers: { "x-amz-server-side-encryption": "aws:kms" },
    });

    const done = await storage.put("repo", bytes(300), {
      objectKind: "repo",
      contentType: "text/plain",
      metadata: { icspecver: "2" },
    });

    const { etag, bytes: stored, headers } = server.objects.get("folder/repo") ?? {};
    expect(stored).toEqual(bytes(300));
    expect(headers).toMatchObject({
      "content-type": "text/plain",
      "x-amz-meta-icspecver": "2",
      "x-amz-request-payer": "requester",
      "x-amz-server-side-encryption": "aws:kms",
    });
    expect(done).toEqual({ outcome: "written", version: { etag } });
    expect(server.asked).toHaveLength(1);
  });

  test("has the storage class that the settings give its kind", async () => {
    const at = open();
    const storage = withSettings(at.storage, {
      storageClass: "STANDARD",
      chunksStorageClass: "STANDARD_IA",
    });

    await storage.put("chunks/a", bytes(3), { objectKind: "chunk" });
    await storage.put("repo", bytes(3), { objectKind: "repo" });

    const classes = at.server.asked.map(({ headers }) => headers["x-amz-storage-class"]);
    expect(classes).toEqual(["STANDARD_IA", "STANDARD"]);
  });

  test("is repeated after a lost reply if it has no condition", async () => {
    const { server, storage } = open();
    loseReply(server, 1);

    const done = await storage.put("object", bytes(3), { objectKind: "other" });

    expect([done.outcome, server.asked.length]).toEqual(["written", 2]);
  });

  test.each(CONDITIONS)(
    "on the condition %o whose reply is lost is not repeated: its fate is unknown",
    async (condition) => {
      const { server, storage } = open();
      loseReply(server, 1);

      const put = storage.put("object", bytes(3), { objectKind: "other", condition });

      expect((await errorOf(put)).kind).toBe("unknown-outcome");
      expect(server.asked).toHaveLength(1);
    },
  );

  test.each([
    ["500 InternalError", failure(500, "InternalError")],
    ["503 ServiceUnavailable", failure(503, "ServiceUnavailable")],
    ["502 of a proxy", { status: 502, body: "<html>" }],
  ])("on a condition that meets a %s has an unknown fate", async (_, reply) => {
    const { server, storage } = open();
    answerFirst(server, reply);

    const put = storage.put("object", bytes(3), {
      objectKind: "other",
      condition: { ifAbsent: true },
    });

    expect((await errorOf(put)).kind).toBe("unknown-outcome");
    expect(server.asked).toHaveLength(1);
  });

  test.each([
    ["503 SlowDown", failure(503, "SlowDown")],
    ["429", { status: 429 }],
    ["409 ConditionalRequestConflict", failure(409, "ConditionalRequestConflict")],
    ["400 IncompleteBody", failure(400, "IncompleteBody")],
  ])("on a condition that meets a %s is repeated, for nothing was done", async (_, reply) => {
    const { server, storage } = open();
    answerFirst(server, reply);

    const done = await storage.put("object", bytes(3), {
      objectKind: "other",
      condition: { ifAbsent: true },
    });

    expect([done.outcome, server.asked.length]).toEqual(["written", 2]);
  });

  test("that replaces what has vanished has lost its race", async () => {
    const { storage } = open();
    const condition = { ifMatch: { etag: '"an etag"' } };

    const done = await storage.put("object", bytes(3), { objectKind: "other", condition });

    expect(done.outcome).toBe("condition-failed");
  });

  test("into a bucket that is gone is an error, not a lost race", async () => {
    const { server, storage } = open();
    server.before = () => failure(404, "NoSuchBucket");
    const condition = { ifMatch: { etag: '"an etag"' } };

    const put = storage.put("object", bytes(3), { objectKind: "other", condition });

    expect((await errorOf(put)).message).toContain("there is no such bucket");
    expect((await errorOf(storage.get("object"))).message).toContain("there is no such bucket");
  });

  test("sends no cache-control of a conditional request that the server would store", async () => {
    const { server, storage } = open();

    await storage.put("object", bytes(3), { objectKind: "other", condition: { ifAbsent: true } });

    expect(server.asked[0]?.headers["cache-control"]).toBe("");
  });
});

describe("a large put", () => {
  test("moves in parts, on the same terms", async () => {
    const at = open();
    const storage = inParts(at);
    const options = { objectKind: "chunk", condition: { ifAbsent: true } } as const;

    const done = await storage.put("large", LARGE, { ...options, metadata: { a: "b" } });
    const again = await storage.put("large", LARGE, options);

    const { bytes: stored, headers } = at.server.objects.get("folder/large") ?? {};
    expect(equalBytes(stored as Uint8Array, LARGE)).toBe(true);
    expect(headers).toMatchObject({ "x-amz-meta-a": "b" });
    expect([done.outcome, again.outcome]).toEqual(["written", "condition-failed"]);
    expect(at.server.uploads.size).toBe(0);
  });

  test.each([1, 2, 3, 4])(
    "without a condition loses nothing when reply %i is lost",
    async (nth) => {
      const at = open();
      loseReply(at.server, nth);

      const done = await inParts(at).put("large", LARGE, { objectKind: "chunk" });

      expect(done.outcome).toBe("written");
      expect(equalBytes(at.server.objects.get("folder/large")?.bytes as Uint8Array, LARGE)).toBe(
        true,
      );
    },
  );

  test("whose last reply is lost has an unknown fate", async () => {
    const at = open();
    loseReply(at.server, 5);

    const put = inParts(at).put("large", LARGE, {
      objectKind: "chunk",
      condition: { ifAbsent: true },
    });

    expect((await errorOf(put)).kind).toBe("unknown-outcome");
  });

  test("that the server fails within a 200 is no success", async () => {
    const at = open();
    const { body = "" } = failure(200, "AccessDenied");
    at.server.before = ({ method, url }, serve) =>
      method === "POST" && url.searchParams.has("uploadId") ? { status: 200, body } : serve();

    const error = await errorOf(inParts(at).put("large", LARGE, { objectKind: "chunk" }));

    expect(["object-store", "unknown-outcome"]).toContain(error.kind);
    expect(error.details).toMatchObject({ status: 200, code: "AccessDenied" });
  });

  test("that fails gives up what the server holds of it", async () => {
    const at = open();
    at.server.before = ({ url }, serve) =>
      url.searchParams.get("partNumber") === "2" ? failure(403, "AccessDenied") : serve();

    const error = await errorOf(inParts(at).put("large", LARGE, { objectKind: "chunk" }));

    expect(error.details).toMatchObject({ status: 403, code: "AccessDenied" });
    expect(at.server.uploads.size).toBe(0);
    expect(at.server.objects.size).toBe(0);
  });
});

describe("a read", () => {
  test("of a large part moves as several requests", async () => {
    const at = open();
    await at.storage.put("object", LARGE, { objectKind: "chunk" });

    const found = await inParts(at).get("object", { range: { start: 1, end: LARGE.length } });

    expect(equalBytes(found?.bytes as Uint8Array, LARGE.slice(1))).toBe(true);
    expect(at.server.asked).toHaveLength(1 + 3);
  });

  test("of a bucket in another region says which one", async () => {
    const { server, storage } = open();
    const region = "<Region>eu-west-1</Region>";
    server.before = () => failure(400, "AuthorizationHeaderMalformed", region);

    expect((await errorOf(storage.get("object"))).message).toContain("is in region eu-west-1");
  });

  test("of what may not be seen is no absence", async () => {
    const { server, storage } = open();
    server.before = () => failure(403, "AccessDenied");

    expect((await errorOf(storage.get("object"))).details).toMatchObject({ status: 403 });
    expect((await errorOf(storage.head("object"))).details).toMatchObject({ status: 403 });
  });
});

describe("a list", () => {
  const listed = async (storage: Storage): Promise<string[]> => {
    const paths: string[] = [];
    for await (const { path } of storage.list("some/")) paths.push(path);
    return paths;
  };

  test.each([
    ["is cut short", "<ListBucketResult><IsTruncated>true</IsTruncated>"],
    ["does not say how to go on", listOf("true")],
    [
      "names what was not asked for",
      listOf("false", "<Contents><Key>x</Key><Size>1</Size></Contents>"),
    ],
    ["is no list", "<html></html>"],
  ])("that %s is refused", async (_, body) => {
    const { server, storage } = open();
    server.before = () => ({ status: 200, body });

    expect(["unexpected-response", "object-store"]).toContain(
      (await errorOf(listed(storage))).kind,
    );
  });
});

describe("a delete", () => {
  test("tells of each path what became of it", async () => {
    const { server, storage } = open();
    await storage.put("a", bytes(1), { objectKind: "other" });
    const error = "<Error><Key>folder/refused</Key><Code>AccessDenied</Code></Error>";
    server.before = (_, serve) => {
      serve();
      return { status: 200, body: `<DeleteResult>${error}</DeleteResult>` };
    };

    const outcomes = await storage.delete(["a", "refused", "absent"]);

    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["deleted", "failed", "deleted"]);
    expect(server.asked).toHaveLength(1 + 1);
  });
});

describe("an error", () => {
  test("names the server's code and what to do, and nothing that the server repeats", async () => {
    const { server, storage } = open();
    server.before = () => failure(403, "AccessDenied");

    const error = await errorOf(storage.get("object"));

    expect(error.details).toMatchObject({ status: 403, code: "AccessDenied" });
    expect(error.message).toContain("the credentials do not allow this");
    expect(JSON.stringify(error)).not.toContain("secret-echo");
  });
});

function listOf(isTruncated: string, entries = ""): string {
  return `<ListBucketResult><IsTruncated>${isTruncated}</IsTruncated>${entries}</ListBucketResult>`;
}
