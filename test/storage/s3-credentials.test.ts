/** Who signs requests of S3, how, and for how long. */
import { createHash, createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Storage } from "../../src/storage/port.ts";
import { r2Storage, s3Storage, tigrisStorage } from "../../src/storage/s3/index.ts";
import { openS3 } from "../../src/storage/s3/open.ts";
import { checkS3Options, type S3StorageOptions, s3Target } from "../../src/storage/s3/options.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";
import { type Asked, failure, SimulatedS3 } from "./simulated-s3.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const KEYS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCY" };

function open(options: Partial<S3StorageOptions>) {
  const server = new SimulatedS3();
  const runtime = simulatedRuntime({ seed: 1, startMicros: NOW_MS * 1000 });
  const all = { bucket: "bucket", runtime, ...options };
  checkS3Options("s3Storage", all);
  const storage = openS3(s3Target("s3Storage", all), all, server.transport);
  return { server, storage, runtime };
}

/** Encodes all but unreserved characters, as signatures want it. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) =>
    `%${c.charCodeAt(0).toString(16)}`.toUpperCase(),
  );

/** Signature Version 4 as AWS describes it, over what arrived: an implementation of its own. */
function signatureOf(
  { method, url, headers, body }: Asked,
  { accessKeyId, secretAccessKey }: typeof KEYS,
  region: string,
): string {
  const given = new Map(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  given.set("host", url.host);
  const said = /SignedHeaders=([^,]+)/.exec(given.get("authorization") ?? "")?.[1] ?? "";
  const date = given.get("x-amz-date") ?? "";
  const sha256 = (data: string | Uint8Array): string =>
    createHash("sha256").update(data).digest("hex");
  expect(given.get("x-amz-content-sha256")).toBe(sha256(body));
  const query = [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
  const canonical = [
    method,
    url.pathname.split("/").map(decodeURIComponent).map(encode).join("/"),
    query,
    ...said.split(";").map((name) => `${name}:${given.get(name)?.trim()}`),
    "",
    said,
    sha256(body),
  ].join("\n");
  const scope = `${date.slice(0, 8)}/${region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n");
  const hmac = (key: string | Buffer, data: string): Buffer =>
    createHmac("sha256", key).update(data).digest();
  const key = [date.slice(0, 8), region, "s3", "aws4_request"].reduce<string | Buffer>(
    hmac,
    `AWS4${secretAccessKey}`,
  );
  const signature = hmac(key, text).toString("hex");
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${said}, Signature=${signature}`;
}

async function errorOf(run: () => unknown): Promise<Record<string, unknown>> {
  try {
    await run();
  } catch (error) {
    return error as Record<string, unknown>;
  }
  throw new Error("it did not fail");
}

const authorizations = ({ asked }: SimulatedS3): (string | undefined)[] =>
  asked.map(({ headers }) => /Credential=([^/]+)/.exec(headers["authorization"] ?? "")?.[1]);

const get = (storage: Storage): Promise<unknown> => storage.get("object");

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("a request", () => {
  test("is signed, with its body and its time, as AWS describes it", async () => {
    const { server, storage } = open({ ...KEYS, region: "eu-central-1", sessionToken: "token+/=" });

    await storage.put("a folder/ü(1)*.txt", new Uint8Array([1, 2, 3]), { objectKind: "other" });
    for await (const _ of storage.list("a folder/"));
    await storage.get("a folder/ü(1)*.txt", { range: { start: 0, end: 2 } });
    await storage.delete(["a folder/ü(1)*.txt", "b"]);

    expect(server.asked).toHaveLength(4);
    for (const asked of server.asked) {
      expect(asked.headers["authorization"]).toBe(signatureOf(asked, KEYS, "eu-central-1"));
      expect(asked.headers["x-amz-security-token"]).toBe("token+/=");
      expect(asked.headers["x-amz-date"]).toBe("20260101T000000Z");
    }
  });

  test("is not signed where the storage is anonymous", async () => {
    const { server, storage } = open({ anonymous: true });

    await storage.get("object");

    expect(server.asked[0]?.headers).not.toHaveProperty("authorization");
  });

  test.each([
    [{}, "https://bucket.s3.us-east-1.amazonaws.com/object"],
    [{ region: "ap-south-1" }, "https://bucket.s3.ap-south-1.amazonaws.com/object"],
    [{ forcePathStyle: true }, "https://s3.us-east-1.amazonaws.com/bucket/object"],
    [{ bucket: "a.bucket" }, "https://s3.us-east-1.amazonaws.com/a.bucket/object"],
    [{ endpointUrl: "https://minio.example:9000" }, "https://bucket.minio.example:9000/object"],
    [{ endpointUrl: "https://10.0.0.1:9000" }, "https://10.0.0.1:9000/bucket/object"],
    [{ prefix: "some/folder/" }, "https://bucket.s3.us-east-1.amazonaws.com/some/folder/object"],
  ])("of a storage with %o goes to %s", async (options, url) => {
    const { server, storage } = open({ ...options, anonymous: true });

    await storage.get("object");

    expect(server.asked[0]?.url.href).toBe(url);
  });

  test("takes region, endpoint and keys from the environment", async () => {
    vi.stubEnv("AWS_REGION", "sa-east-1");
    vi.stubEnv("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    vi.stubEnv("AWS_ALLOW_HTTP", "true");
    vi.stubEnv("AWS_ACCESS_KEY_ID", KEYS.accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", KEYS.secretAccessKey);
    const { server, storage } = open({});

    await storage.get("object");

    const [asked] = server.asked;
    expect(asked?.url.href).toBe("http://127.0.0.1:9/bucket/object");
    expect(asked?.headers["authorization"]).toBe(signatureOf(asked as Asked, KEYS, "sa-east-1"));
  });
});

describe("credentials that a callback hands out", () => {
  /** Hands out keys A1, A2, …, each for that long. */
  function callback(runtime: () => number, holdMs: number) {
    let made = 0;
    const getCredentials = async () => ({
      ...KEYS,
      accessKeyId: `A${++made}`,
      expiresAfter: new Date(runtime() + holdMs),
    });
    return { getCredentials, count: () => made };
  }

  test("are asked for once by many requests, and again a minute before their end", async () => {
    let now = (): number => NOW_MS;
    const { getCredentials, count } = callback(() => now(), 300_000);
    const { server, storage, runtime } = open({ getCredentials });
    now = () => runtime.nowMicros() / 1000;

    await Promise.all([get(storage), get(storage), get(storage)]);
    await runtime.sleep(239_000);
    await get(storage);
    await runtime.sleep(2_000);
    await get(storage);

    expect(authorizations(server)).toEqual(["A1", "A1", "A1", "A1", "A2"]);
    expect(count()).toBe(2);
  });

  test.each(["ExpiredToken", "TokenRefreshRequired"])(
    "are asked for again when the server says %s",
    async (code) => {
      const { getCredentials } = callback(() => NOW_MS, 3_600_000);
      const { server, storage } = open({ getCredentials });
      server.before = (_, serve) => (server.asked.length === 1 ? failure(400, code) : serve());

      const condition = { ifAbsent: true } as const;
      const done = await storage.put("object", new Uint8Array(1), {
        objectKind: "other",
        condition,
      });

      expect(done.outcome).toBe("written");
      expect(authorizations(server)).toEqual(["A1", "A2"]);
    },
  );

  test("that the server always calls expired end as an error, after some attempts", async () => {
    const { getCredentials } = callback(() => NOW_MS, 3_600_000);
    const { server, storage } = open({ getCredentials });
    server.before = () => failure(400, "ExpiredToken");

    const error = await errorOf(() => get(storage));

    expect(error).toMatchObject({ kind: "object-store", details: { code: "ExpiredToken" } });
    expect(server.asked.length).toBeLessThanOrEqual(10);
  });

  test("which fails is an error, and is asked again by the next request", async () => {
    let calls = 0;
    const { storage, server } = open({
      getCredentials: async () => {
        if (calls++ === 0) throw new Error("the vault is closed");
        return KEYS;
      },
    });

    const error = await errorOf(() => get(storage));
    await get(storage);

    expect(String(error["message"])).toContain("the vault is closed");
    expect(server.asked).toHaveLength(1);
  });

  test.each([
    [{}, "accessKeyId"],
    [{ accessKeyId: "A", secretAccessKey: "line\nfeed" }, "secretAccessKey"],
    [{ ...KEYS, expiresAfter: "tomorrow" }, "expiresAfter"],
    [{ ...KEYS, sessionToken: 7 }, "sessionToken"],
  ])("as %o are refused, without being shown", async (given, option) => {
    const { storage } = open({ getCredentials: async () => given as never });

    const error = await errorOf(() => get(storage));

    expect(error).toMatchObject({ kind: "storage-config", details: { option } });
    expect(JSON.stringify(error)).not.toMatch(/line|tomorrow/);
  });
});

describe("AWS's own chain of credentials", () => {
  let folder: string | undefined;
  afterEach(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  test("finds the profile of a shared file where the environment has no keys", async () => {
    folder = mkdtempSync(join(tmpdir(), "icefloe-aws-"));
    const file = join(folder, "credentials");
    writeFileSync(
      file,
      `[work]\naws_access_key_id = ${KEYS.accessKeyId}\naws_secret_access_key = ${KEYS.secretAccessKey}\n`,
    );
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
      vi.stubEnv(name, undefined);
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", file);
    vi.stubEnv("AWS_CONFIG_FILE", join(folder, "config"));
    vi.stubEnv("AWS_PROFILE", "work");
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    const { server, storage } = open({});

    await get(storage);

    const [asked] = server.asked;
    expect(asked?.headers["authorization"]).toBe(signatureOf(asked as Asked, KEYS, "us-east-1"));
  });
});

describe("options", () => {
  test.each<[object, string, string]>([
    [{ bucket: "" }, "invalid-option", "bucket"],
    [{ bucket: "../other" }, "storage-config", "bucket"],
    [{ bucket: "b", region: 7 }, "invalid-option", "region"],
    [{ bucket: "bucket", acessKeyId: "typo" }, "invalid-option", "acessKeyId"],
    [{ bucket: "bucket", accessKeyId: "A" }, "storage-config", "secretAccessKey"],
    [{ bucket: "bucket", sessionToken: "T" }, "storage-config", "sessionToken"],
    [{ bucket: "bucket", ...KEYS, anonymous: true }, "storage-config", "anonymous"],
    [{ bucket: "bucket", endpointUrl: "http://example.org" }, "storage-config", "allowHttp"],
    [{ bucket: "bucket", headers: { "x y": "z" } }, "invalid-option", "headers"],
    [{ bucket: "bucket", headers: { x: "a\r\nb: c" } }, "invalid-option", "headers"],
    [{ bucket: "bucket", accessKeyId: "A", secretAccessKey: "a\r\nb" }, "invalid-option", "secret"],
  ])("%o are refused", async (options, kind, named) => {
    const error = await errorOf(() => s3Storage(options as S3StorageOptions));

    expect(error["kind"]).toBe(kind);
    expect(String(error["message"])).toContain(named);
  });

  test("of R2 need an account, and address it", async () => {
    const error = await errorOf(() => r2Storage({ bucket: "bucket", ...KEYS }));
    const storage = r2Storage({ bucket: "bucket", accountId: "0123456789abcdef", ...KEYS });

    expect(error).toMatchObject({ kind: "storage-config", details: { option: "accountId" } });
    expect(storage.describe()).toMatchObject({
      type: "r2",
      region: "auto",
      endpointUrl: "https://0123456789abcdef.r2.cloudflarestorage.com",
    });
  });

  test("of Tigris need a region to write", async () => {
    const error = await errorOf(() => tigrisStorage({ bucket: "bucket", ...KEYS }));
    const weak = tigrisStorage({ bucket: "bucket", ...KEYS, useWeakConsistency: true });

    expect(error).toMatchObject({ kind: "storage-config", details: { option: "region" } });
    expect(weak.capabilities.write).toBe(false);
    expect(weak.describe()).toMatchObject({ type: "tigris", useWeakConsistency: true });
  });
});
