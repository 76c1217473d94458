/** What `azureStorage` sends, and what it makes of answers. */
import { describe, expect, test } from "vitest";
import { type IcefloeError, isIcefloeError } from "../../src/base/errors.ts";
import { azureStorage } from "../../src/storage/azure/index.ts";
import { openAzure } from "../../src/storage/azure/open.ts";
import { azureTarget } from "../../src/storage/azure/options.ts";
import { storageFromHint, storageFromUrl } from "../../src/storage/from-url.ts";
import type { PutOptions } from "../../src/storage/port.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";
import { ACCESS_KEY, SIMULATED, type SimulatedAnswer, simulatedAzure } from "./simulated-azure.ts";

const BYTES = Uint8Array.of(1, 2, 3, 4, 5);
const CREATE: PutOptions = { objectKind: "repo", condition: { ifAbsent: true } };

function azure(settings: object = {}) {
  const server = simulatedAzure();
  const runtime = simulatedRuntime();
  const options = { ...SIMULATED, runtime };
  const opened = openAzure(azureTarget(options), options, server.transport);
  return { server, runtime, storage: opened.withSettings(settings) };
}

/** The error of what must fail. */
async function errorOf(promise: Promise<unknown>): Promise<IcefloeError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isIcefloeError(error)) throw new Error(`not refused, or by ${String(error)}`);
  return error;
}

const refusal = (status: number, code: string): SimulatedAnswer => ({
  status,
  headers: { "x-ms-error-code": code },
});

describe("a conditional put", () => {
  test("whose reply is lost is not sent again: its outcome is unknown", async () => {
    const { server, storage } = azure();
    server.intervene = (_, serve) => {
      serve();
      throw new Error("socket hang up");
    };

    const error = await errorOf(storage.put("repo", BYTES, CREATE));

    expect(error.kind).toBe("unknown-outcome");
    expect(server.requests).toHaveLength(1);
  });

  test("that the server fails is not sent again: it may have landed", async () => {
    const { server, storage } = azure();
    server.intervene = () => refusal(500, "InternalError");

    const error = await errorOf(storage.put("repo", BYTES, CREATE));

    expect(error).toMatchObject({ kind: "unknown-outcome", details: { code: "InternalError" } });
    expect(server.requests).toHaveLength(1);
  });

  test("that a busy server refuses is sent again", async () => {
    const { server, storage } = azure();
    server.intervene = () => (server.requests.length < 3 ? refusal(503, "ServerBusy") : undefined);

    expect((await storage.put("repo", BYTES, CREATE)).outcome).toBe("written");
    expect(server.requests).toHaveLength(3);
  });

  test.each([
    [409, "ContainerBeingDeleted"],
    [412, "LeaseIdMissing"],
    [404, "ContainerNotFound"],
  ])("refused with %i %s has not lost a race", async (status, code) => {
    const { server, storage } = azure();
    server.intervene = () => refusal(status, code);

    const update: PutOptions = { objectKind: "repo", condition: { ifMatch: { etag: '"1"' } } };
    for (const options of [CREATE, update]) {
      const error = await errorOf(storage.put("repo", BYTES, options));
      expect(error).toMatchObject({ kind: "object-store", details: { status, code } });
    }
  });
});

test("a put without a condition is sent again after a lost reply", async () => {
  const { server, storage } = azure();
  server.intervene = (_, serve) => {
    if (server.requests.length > 1) return undefined;
    serve();
    throw new Error("socket hang up");
  };

  expect((await storage.put("chunks/1", BYTES, { objectKind: "chunk" })).outcome).toBe("written");
  expect(server.requests).toHaveLength(2);
});

describe("blocks", () => {
  const BLOCKS = {
    minimumSizeForMultipartUpload: 4,
    concurrency: { idealConcurrentRequestSize: 2 },
  };

  test("carry what has the minimum size, and the list carries condition, metadata and tier", async () => {
    const { server, storage } = azure({ ...BLOCKS, metadataStorageClass: "Cool" });

    await storage.put("repo", BYTES, { ...CREATE, metadata: { ic_a: "b" } });

    const asked = server.requests.map(({ url }) => url.searchParams.get("comp"));
    expect(asked).toEqual(["block", "block", "block", "blocklist"]);
    expect(server.requests[0]?.headers).not.toHaveProperty("if-none-match");
    expect(server.requests[3]?.headers).toMatchObject({
      "if-none-match": "*",
      "x-ms-meta-ic_a": "b",
      "x-ms-access-tier": "Cool",
      "x-ms-blob-content-type": "application/octet-stream",
    });
    expect((await storage.get("repo"))?.bytes).toEqual(BYTES);
  });

  test("swept away by another writer's list lose the race if the condition fails", async () => {
    const { server, storage } = azure(BLOCKS);
    server.intervene = ({ method, url }) => {
      if (url.searchParams.get("comp") === "blocklist") return refusal(400, "InvalidBlockList");
      return method === "HEAD" ? { status: 200, headers: { etag: '"9"' } } : undefined;
    };

    expect(await storage.put("repo", BYTES, CREATE)).toEqual({ outcome: "condition-failed" });
  });

  test("swept away are put again while the condition holds, three times in all", async () => {
    const { server, storage } = azure(BLOCKS);
    server.intervene = ({ url }) =>
      url.searchParams.get("comp") === "blocklist" ? refusal(400, "InvalidBlockList") : undefined;

    const error = await errorOf(storage.put("repo", BYTES, CREATE));

    expect(error.details["code"]).toBe("InvalidBlockList");
    const lists = server.requests.filter(({ url }) => url.searchParams.get("comp") === "blocklist");
    expect(lists).toHaveLength(3);
  });
});

test("the end of an object is asked for by its version, again if that is replaced meanwhile", async () => {
  const { server, storage } = azure();
  await storage.put("repo", BYTES, { objectKind: "repo" });
  let replaced = false;
  server.intervene = ({ method }, serve) => {
    const answer = serve();
    if (method !== "HEAD" || replaced) return answer;
    replaced = true;
    server.intervene = undefined;
    return { ...answer, headers: { ...answer.headers, etag: '"old"', "content-length": "900" } };
  };

  const found = await storage.get("repo", { range: { suffix: 2 } });

  expect(found?.bytes).toEqual(BYTES.slice(3));
  const asked = server.requests
    .slice(1)
    .map(({ method, headers }) => [method, headers["if-match"]]);
  expect(asked).toEqual([
    ["HEAD", undefined],
    ["GET", '"old"'],
    ["HEAD", undefined],
    ["GET", '"0x1"'],
  ]);
});

describe("a copy", () => {
  const pending = (id: string, status: string, reason?: string): SimulatedAnswer => ({
    status: 202,
    headers: {
      "x-ms-copy-id": id,
      "x-ms-copy-status": status,
      ...(reason === undefined ? {} : { "x-ms-copy-status-description": reason }),
    },
  });

  /** A server that makes copies in the background, with these answers. */
  function copying(...answers: SimulatedAnswer[]) {
    const made = azure();
    made.server.intervene = ({ method }) => {
      const answer = answers.shift() ?? pending("1", "pending");
      return method === "HEAD" ? { ...answer, status: 200 } : answer;
    };
    return made;
  }

  test("under way is asked after until it is done", async () => {
    const { server, storage } = copying(
      pending("1", "pending"),
      pending("1", "pending"),
      pending("1", "success"),
    );

    expect(await storage.copy("a", "b", {})).toEqual({ outcome: "copied" });
    expect(server.requests.map(({ method }) => method)).toEqual(["PUT", "HEAD", "HEAD"]);
  });

  test.each([
    ["that fails", pending("1", "failed", "500 secret")],
    ["that somebody ends", pending("1", "aborted")],
    ["that another one follows", pending("2", "success")],
  ])("%s is an error", async (_, last) => {
    const { storage } = copying(pending("1", "pending"), last);

    const error = await errorOf(storage.copy("a", "b", {}));

    expect(error.kind).toBe("object-store");
    expect(error.message).not.toContain("secret");
  });

  test("whose source is replaced while it is under way has failed its condition", async () => {
    const { storage } = copying(
      pending("1", "pending"),
      pending("1", "failed", "412 ConditionNotMet"),
    );

    const done = await storage.copy("a", "b", { ifMatch: { etag: '"1"' } });

    expect(done).toEqual({ outcome: "condition-failed" });
  });

  test("that never ends is given up", async () => {
    const { server, storage } = copying();

    const error = await errorOf(storage.copy("a", "b", {}));

    expect(error.message).toContain("still under way");
    expect(server.requests.length).toBeLessThan(200);
  });
});

describe("a list", () => {
  const page = (blobs: string, rest = "<NextMarker/>"): SimulatedAnswer => ({
    status: 200,
    body: `<EnumerationResults ContainerName="x"><Blobs>${blobs}</Blobs>${rest}</EnumerationResults>`,
  });
  const entry = (name: string, more = ""): string =>
    `<Blob>${name}<Properties><Last-Modified>Thu, 01 Jan 1970 00:00:00 GMT</Last-Modified><Etag>0x1</Etag><Content-Length>3</Content-Length>${more}</Properties></Blob>`;

  async function paths(answer: SimulatedAnswer): Promise<string[]> {
    const { server, storage } = azure();
    server.intervene = () => answer;
    const found: string[] = [];
    for await (const { path } of storage.list("")) found.push(path);
    return found;
  }

  test("shows names that came in percent encoding", async () => {
    const encoded = entry('<Name Encoded="true">a%EF%BF%BFb</Name>');

    expect(await paths(page(encoded))).toEqual(["a\uffffb"]);
  });

  test("leaves out folders of accounts that have some, and objects that stand for them", async () => {
    const folder = entry("<Name>folder</Name>", "<ResourceType>directory</ResourceType>");
    const marker = entry("<Name>marker/</Name>");

    expect(await paths(page(folder + marker + entry("<Name>a</Name>")))).toEqual(["a"]);
  });

  test.each([
    ["is cut off", { status: 200, body: "<EnumerationResults><Blobs><Blob>" }],
    ["is no list", { status: 200, body: "<html></html>" }],
    ["does not go on", page("", "<NextMarker>x</NextMarker>")],
    ["has an entry without a name", page(entry(""))],
    ["has a name in no proper encoding", page(entry('<Name Encoded="true">%</Name>'))],
  ])("that %s is refused", async (_, answer) => {
    expect(["unexpected-response", "object-store"]).toContain((await errorOf(paths(answer))).kind);
  });
});

test("a delete tells each path's outcome", async () => {
  const { server, storage } = azure();
  server.intervene = ({ url }) =>
    url.pathname.endsWith("/held") ? refusal(409, "BlobImmutableDueToPolicy") : undefined;

  const outcomes = await storage.delete(["held", "absent"]);

  expect(outcomes).toMatchObject([
    { path: "held", outcome: "failed", error: { kind: "object-store" } },
    { path: "absent", outcome: "deleted" },
  ]);
});

test.each([{ "a-b": "x" }, { "1a": "x" }, { a: "line\nbreak" }, { a: "é" }])(
  "user metadata %j is refused before anything is sent",
  async (metadata) => {
    const { server, storage } = azure();

    const error = await errorOf(storage.put("a", BYTES, { objectKind: "other", metadata }));

    expect(error.kind).toBe("invalid-option");
    expect(server.requests).toEqual([]);
  },
);

test.each(["a\\b", "a\u0001", "a./b", "..."])(
  "a path %j, which Azure takes for another, is refused",
  async (path) => {
    const { server, storage } = azure();

    expect((await errorOf(storage.get(path))).kind).toBe("invalid-path");
    expect(server.requests).toEqual([]);
  },
);

describe("options", () => {
  const base = { account: "account", container: "container" };
  const kindOf = (options: object): string => {
    try {
      azureStorage({ ...base, ...options });
      return "taken";
    } catch (error) {
      return (error as IcefloeError).kind;
    }
  };

  test.each([
    [{ container: "No Container" }, "storage-config"],
    [{ account: "evil.host/" }, "storage-config"],
    [{ accessKey: ACCESS_KEY, sasToken: "?sig=a" }, "storage-config"],
    [{ anonymous: true, fromEnv: true }, "storage-config"],
    [{ accessKey: "not base64!" }, "invalid-option"],
    [{ sasToken: "no signature" }, "invalid-option"],
    [{ bearerToken: "two\nlines" }, "invalid-option"],
    [{ headers: { a: "\n" } }, "invalid-option"],
    [{ region: "x" }, "invalid-option"],
    [{ endpointUrl: "http://127.0.0.1:1/account" }, "storage-config"],
    [{ endpointUrl: "https://host/?sig=a" }, "storage-config"],
    [{ endpointUrl: "nowhere" }, "cannot-parse-url"],
    [{ prefix: "a/../b" }, "invalid-path"],
    [{ endpointUrl: "http://127.0.0.1:1/account", allowHttp: true }, "taken"],
    [{ prefix: "a/b/", anonymous: true }, "taken"],
  ])("%j: %s", (options, kind) => {
    expect(kindOf(options)).toBe(kind);
  });

  test("a description rebuilds the storage, a URL names one", async () => {
    const storage = azureStorage({ ...base, prefix: "a/b", anonymous: true });
    const hint = storage.describe();

    const again = await storageFromHint(hint as NonNullable<typeof hint>);

    expect(again.describe()).toEqual(hint);
    expect(again.id).toBe("azure://account/container/a/b/");
    const error = await errorOf(storageFromUrl("az://container/%"));
    expect(error.kind).toBe("cannot-parse-url");
  });
});
