/** Who asks Google Cloud Storage: options, tokens and keys, none of which shows anywhere. */
import { createVerify, generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import { gcsStorage } from "../../src/storage/gcs/index.ts";
import { openGcs } from "../../src/storage/gcs/open.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";
import { type Asked, failure, type Reply, SimulatedGcs } from "./simulated-gcs.ts";

const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
const PRIVATE_KEY = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const KEY = {
  type: "service_account",
  client_email: "robot@project.example",
  private_key_id: "key-7",
  private_key: PRIVATE_KEY,
  token_uri: "https://oauth2.googleapis.com/token",
};

afterEach(() => {
  vi.unstubAllEnvs();
});

function open(options: object, before?: (asked: Asked) => Reply | undefined) {
  const server = new SimulatedGcs();
  if (before !== undefined) server.before = (asked, serve) => before(asked) ?? serve();
  const runtime = simulatedRuntime({ seed: 1 });
  const storage = openGcs({ bucket: "bucket", runtime, ...options }, server.transport);
  return { server, runtime, storage };
}

/** Hands out token after token where keys are exchanged. */
function exchange(expiresIn = 3600): (asked: Asked) => Reply | undefined {
  let handedOut = 0;
  return ({ url }) =>
    url.pathname === "/token"
      ? { status: 200, body: { access_token: `token-${++handedOut}`, expires_in: expiresIn } }
      : undefined;
}

const tokensOf = ({ asked }: SimulatedGcs): (string | undefined)[] =>
  asked.flatMap(({ url, headers }) =>
    url.pathname === "/token" ? [] : [headers["authorization"]],
  );

const exchangesOf = ({ asked }: SimulatedGcs): Asked[] =>
  asked.filter(({ url }) => url.pathname === "/token");

/** What printing shows of what `work` throws. */
async function shown(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    return `${inspect(error, { depth: 10 })} ${JSON.stringify(error)}`;
  }
  throw new Error("it did not fail");
}

describe("options", () => {
  test.each([
    [{ bucket: "Upper" }, "storage-config"],
    [{ bucket: "a/b" }, "storage-config"],
    [{ bucket: "bucket", prefix: "../up" }, "invalid-path"],
    [{ bucket: "bucket", endpointUrl: "http://127.0.0.1:1" }, "storage-config"],
    [{ bucket: "bucket", endpointUrl: "ftp://host" }, "cannot-parse-url"],
    [{ bucket: "bucket", anonymous: true, bearerToken: "t" }, "storage-config"],
    [{ bucket: "bucket", bearerToken: "two words" }, "invalid-option"],
    [{ bucket: "bucket", headers: { "bad name": "x" } }, "invalid-option"],
    [{ bucket: "bucket", unknown: 1 }, "invalid-option"],
  ])("%o are refused", (options, kind) => {
    expect(() => gcsStorage(options as never)).toThrow(expect.objectContaining({ kind }));
  });

  test("that are secrets show neither in id nor in description", () => {
    const storage = gcsStorage({
      bucket: "bucket",
      prefix: "a/b/",
      bearerToken: "hunter2",
      headers: { "x-secret": "hunter2" },
    });

    expect(storage.id).toBe("gs://bucket/a/b/");
    expect(storage.describe()).toEqual({ type: "gcs", bucket: "bucket", prefix: "a/b" });
  });
});

describe("requests", () => {
  test("carry no token where they are anonymous", async () => {
    const { server, storage } = open({ anonymous: true });

    await storage.get("object");

    expect(tokensOf(server)).toEqual([undefined]);
  });

  test("carry the token that was given, and headers", async () => {
    const { server, storage } = open({ bearerToken: "given", headers: { "x-said": "yes" } });

    await storage.get("object");

    expect(server.asked[0]?.headers).toMatchObject({
      authorization: "Bearer given",
      "x-said": "yes",
    });
  });
});

describe("tokens of a callback", () => {
  const counted = (lifeMs: number | undefined) => {
    let calls = 0;
    const clock = simulatedRuntime({ seed: 1 });
    const getCredentials = async () => {
      const bearerToken = `token-${++calls}`;
      if (lifeMs === undefined) return { bearerToken };
      return { bearerToken, expiresAfter: new Date(clock.nowMicros() / 1000 + lifeMs) };
    };
    return { ...open({ getCredentials, runtime: clock }), clock };
  };

  test("are asked for once by many requests at once", async () => {
    const { server, storage } = counted(undefined);

    await Promise.all(["a", "b", "c"].map((path) => storage.get(path)));
    await storage.get("d");

    expect(new Set(tokensOf(server))).toEqual(new Set(["Bearer token-1"]));
  });

  test("are renewed a minute before they end", async () => {
    const { server, storage, clock } = counted(600_000);

    await storage.get("a");
    await clock.sleep(539_000);
    await storage.get("b");
    await clock.sleep(1_500);
    await storage.get("c");

    expect(tokensOf(server)).toEqual(["Bearer token-1", "Bearer token-1", "Bearer token-2"]);
  });

  test("are renewed where the server refuses one that has held so far", async () => {
    const { server, storage, clock } = counted(undefined);
    await storage.get("a");
    await clock.sleep(3_600_000);
    server.before = ({ headers }, serve) =>
      headers["authorization"] === "Bearer token-1"
        ? { status: 401, body: failure("authError") }
        : serve();

    const condition = { ifAbsent: true } as const;
    const done = await storage.put("b", new Uint8Array(1), { objectKind: "other", condition });

    expect(done.outcome).toBe("written");
    expect(tokensOf(server).slice(1)).toEqual(["Bearer token-1", "Bearer token-2"]);
  });

  test("that the server refuses at once are not asked for again and again", async () => {
    const { server, storage } = counted(undefined);
    server.before = () => ({ status: 401, body: failure("authError") });

    await expect(storage.get("a")).rejects.toMatchObject({ details: { status: 401 } });

    expect(server.asked).toHaveLength(1);
  });

  test("that are none are refused without showing what came", async () => {
    for (const given of [
      null,
      { bearerToken: "two hunter2" },
      { bearerToken: "x", expiresAfter: "hunter2" },
    ]) {
      const { storage } = open({ getCredentials: async () => given });

      expect(await shown(() => storage.get("a"))).toContain("credentials have no proper");
      expect(await shown(() => storage.get("a"))).not.toContain("hunter2");
    }
  });
});

describe("a service account's key", () => {
  test("signs a statement that is exchanged for a token, once for many requests", async () => {
    const { server, storage, runtime } = open({ serviceAccountKey: KEY }, exchange());

    await Promise.all(["a", "b"].map((path) => storage.get(path)));

    const [asked, ...more] = exchangesOf(server);
    const form = new URLSearchParams(new TextDecoder().decode(asked?.body));
    const [head = "", claims = "", signature = ""] = (form.get("assertion") ?? "").split(".");
    const issued = Math.floor(runtime.nowMicros() / 1e6);
    expect(more).toEqual([]);
    expect(form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
    expect(JSON.parse(atob(head))).toEqual({ alg: "RS256", typ: "JWT", kid: "key-7" });
    expect(JSON.parse(atob(claims))).toMatchObject({
      iss: KEY.client_email,
      aud: KEY.token_uri,
      iat: issued,
      exp: issued + 3600,
    });
    const verify = createVerify("RSA-SHA256").update(`${head}.${claims}`);
    expect(verify.verify(pair.publicKey, signature, "base64url")).toBe(true);
    expect(tokensOf(server)).toEqual(["Bearer token-1", "Bearer token-1"]);
  });

  test("is taken as text, too, and gets another token when the first ends", async () => {
    const options = { serviceAccountKey: JSON.stringify(KEY) };
    const { server, storage, runtime } = open(options, exchange(600));

    await storage.get("a");
    await runtime.sleep(541_000);
    await storage.get("b");

    expect(tokensOf(server)).toEqual(["Bearer token-1", "Bearer token-2"]);
  });

  test.each([
    "http://oauth2.googleapis.com/token",
    "https://oauth2.googleapis.com.evil.example/token",
    "https://evilgoogleapis.com/token",
    "https://oauth2.googleapis.com:8443/token",
    "https://user:hunter2@oauth2.googleapis.com/token",
    "https://169.254.169.254/token",
    "http://127.0.0.1:8080/token",
    "file:///etc/passwd",
    "no URL",
    7,
  ])("that asks for its tokens to be fetched from %s is refused", (token_uri) => {
    expect(() => open({ serviceAccountKey: { ...KEY, token_uri } })).toThrow(
      expect.objectContaining({ kind: "storage-config" }),
    );
  });

  test("may name loopback where the endpoint may be unencrypted", async () => {
    const key = { ...KEY, token_uri: "http://127.0.0.1:8080/token" };
    const { server, storage } = open({ serviceAccountKey: key, allowHttp: true }, exchange());

    await storage.get("a");

    expect(tokensOf(server)).toEqual(["Bearer token-1"]);
  });

  test.each([
    "hunter2",
    '{"client_email":"hunter2"',
    "[]",
    { ...KEY, type: "hunter2" },
    { ...KEY, client_email: "" },
    { ...KEY, private_key: "hunter2" },
    {
      ...KEY,
      private_key: "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----",
    },
  ])("that is none (%#) is refused without showing it", async (serviceAccountKey) => {
    const text = await shown(() => open({ serviceAccountKey }, exchange()).storage.get("a"));

    expect(text).toContain("storage-config");
    expect(text).not.toContain("hunter2");
  });

  test("that the server refuses is named as the reason, and does not show", async () => {
    const body = { error: "invalid_grant", error_description: "hunter2" };
    const { storage } = open({ serviceAccountKey: KEY }, () => ({ status: 400, body }));

    const text = await shown(() => storage.get("a"));

    expect(text).toContain("invalid_grant");
    expect(text).not.toContain("hunter2");
    for (const part of PRIVATE_KEY.split("\n").slice(1, 3)) expect(text).not.toContain(part);
  });

  test("for which no token comes is an error", async () => {
    for (const body of ["", {}, { access_token: "x" }, { access_token: "x", expires_in: -1 }]) {
      const { storage } = open({ serviceAccountKey: KEY }, () => ({ status: 200, body }));

      await expect(storage.get("a")).rejects.toMatchObject({ kind: "unexpected-response" });
    }
  });
});

describe("the environment", () => {
  test("offers a key as text", async () => {
    vi.stubEnv("GOOGLE_SERVICE_ACCOUNT_KEY", JSON.stringify(KEY));
    const { server, storage } = open({ fromEnv: true }, exchange());

    await storage.get("a");

    expect(tokensOf(server)).toEqual(["Bearer token-1"]);
  });

  test("offers a key in a file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "icefloe-gcs-"));
    try {
      await writeFile(join(folder, "key.json"), JSON.stringify(KEY));
      vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", join(folder, "key.json"));
      const { server, storage } = open({}, exchange());

      await storage.get("a");

      expect(tokensOf(server)).toEqual(["Bearer token-1"]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("that names a file which is not there is told so", async () => {
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", join(tmpdir(), "icefloe-no-such-file.json"));
    const { storage } = open({});

    await expect(storage.get("a")).rejects.toMatchObject({
      kind: "storage-config",
      message: expect.stringContaining("GOOGLE_APPLICATION_CREDENTIALS"),
    });
  });
});

describe("google-auth-library", () => {
  test("finds what other files of credentials name", async () => {
    const folder = await mkdtemp(join(tmpdir(), "icefloe-gcs-"));
    const server = createServer((_, response) => {
      const token = { access_token: "federated", token_type: "Bearer", expires_in: 3600 };
      const issued_token_type = "urn:ietf:params:oauth:token-type:access_token";
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ ...token, issued_token_type }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      await writeFile(join(folder, "subject"), "subject-token");
      const file = {
        type: "external_account",
        audience: "//iam.googleapis.com/pools/providers",
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
        token_url: `http://127.0.0.1:${port}/token`,
        credential_source: { file: join(folder, "subject") },
      };
      await writeFile(join(folder, "federated.json"), JSON.stringify(file));
      vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", join(folder, "federated.json"));
      vi.stubEnv("NO_PROXY", "127.0.0.1");
      const { server: bucket, storage } = open({});

      await storage.get("a");

      expect(tokensOf(bucket)).toEqual(["Bearer federated"]);
    } finally {
      server.close();
      await rm(folder, { recursive: true });
    }
  });
});
