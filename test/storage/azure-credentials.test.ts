/** How requests of `azureStorage` are authorized, and that nobody reads how. */
import { createHmac } from "node:crypto";
import { inspect } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { AzureCredentials, AzureStorageOptions } from "../../src/storage/azure/index.ts";
import { azureStorage } from "../../src/storage/azure/index.ts";
import { openAzure } from "../../src/storage/azure/open.ts";
import { azureTarget, checkAzureOptions } from "../../src/storage/azure/options.ts";
import { importKey, signSharedKey } from "../../src/storage/azure/shared-key.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";
import { ACCESS_KEY, ACCOUNT, CONTAINER, simulatedAzure } from "./simulated-azure.ts";

afterEach(() => vi.unstubAllEnvs());

function azure(given: Partial<AzureStorageOptions>) {
  const server = simulatedAzure();
  const runtime = simulatedRuntime();
  const options = { account: ACCOUNT, container: CONTAINER, runtime, ...given };
  checkAzureOptions(options);
  const storage = openAzure(azureTarget(options), options, server.transport);
  return { server, runtime, storage };
}

describe("a signature by an account's key", () => {
  // The key of the emulator, which is published.
  const KEY =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
  const expected = (account: string, text: string): string =>
    `SharedKey ${account}:${createHmac("sha256", Buffer.from(KEY, "base64")).update(text).digest("base64")}`;

  test("is of the text that the documentation shows for a container's metadata", async () => {
    const signed = await signSharedKey("myaccount", await importKey(KEY), {
      method: "GET",
      url: new URL(
        "https://myaccount.blob.core.windows.net/mycontainer?restype=container&comp=metadata&timeout=20",
      ),
      headers: { "x-ms-version": "2015-02-21", "x-ms-date": "Fri, 26 Jun 2015 23:39:12 GMT" },
      bodyBytes: 0,
    });

    const text =
      "GET\n\n\n\n\n\n\n\n\n\n\n\n" +
      "x-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n" +
      "/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20";
    expect(signed).toBe(expected("myaccount", text));
  });

  test("is of length, conditions and range by their positions, and of values without blanks around", async () => {
    const signed = await signSharedKey("myaccount", await importKey(KEY), {
      method: "PUT",
      url: new URL("http://127.0.0.1:10000/myaccount/c/a%20b?comp=block&blockid=a%2Bb%3D"),
      headers: {
        "if-match": '"1"',
        range: "bytes=0-1",
        "content-type": "text/plain",
        "x-ms-meta-a": " b ",
        "accept-encoding": "identity",
      },
      bodyBytes: 11,
    });

    const text =
      'PUT\n\n\n11\n\ntext/plain\n\n\n"1"\n\n\nbytes=0-1\nx-ms-meta-a:b\n' +
      "/myaccount/myaccount/c/a%20b\nblockid:a+b=\ncomp:block";
    expect(signed).toBe(expected("myaccount", text));
  });

  test("has headers in the service's order: hyphens do not count, an underscore comes first", async () => {
    const sorted = ["x-ms-meta-a", "x-ms-meta-a_b", "x-ms-meta-a1", "x-ms-meta-ab", "x-ms-version"];

    const signed = await signSharedKey("myaccount", await importKey(KEY), {
      method: "HEAD",
      url: new URL("https://myaccount.blob.core.windows.net/c/a"),
      headers: Object.fromEntries(sorted.toReversed().map((name) => [name, "1"])),
      bodyBytes: 0,
    });

    const text = `HEAD${"\n".repeat(12)}${sorted.map((name) => `${name}:1\n`).join("")}/myaccount/c/a`;
    expect(signed).toBe(expected("myaccount", text));
  });
});

test("a shared access signature goes after the query, also of a copy's source", async () => {
  const { server, storage } = azure({ sasToken: "?sv=2023&sig=s%2Bg%3D" });
  await storage.put("a", Uint8Array.of(1), { objectKind: "other" });

  await storage.copy("a", "b", {});
  for await (const _ of storage.list(""));

  const [put, copy, list] = server.requests;
  expect(put?.url.search).toBe("?sv=2023&sig=s%2Bg%3D");
  expect(copy?.headers["x-ms-copy-source"]).toMatch(/\/a\?sv=2023&sig=s%2Bg%3D$/);
  expect(list?.url.search).toBe("?restype=container&comp=list&sv=2023&sig=s%2Bg%3D");
  expect(put?.headers).not.toHaveProperty("authorization");
});

test("a token is the bearer of requests", async () => {
  const { server, storage } = azure({ bearerToken: "token" });

  await storage.head("a");

  expect(server.requests[0]?.headers["authorization"]).toBe("Bearer token");
});

test("anonymous requests carry nothing", async () => {
  const { server, storage } = azure({ anonymous: true });

  await storage.head("a");

  expect(server.requests[0]?.headers).not.toHaveProperty("authorization");
  expect(server.requests[0]?.url.search).toBe("");
});

describe("credentials of a callback", () => {
  /** Hands out a token after the other, each for ten minutes. */
  function tokens() {
    const handed: string[] = [];
    const made = azure({
      getCredentials: async () => {
        handed.push(`token${handed.length}`);
        const expiresAfter = new Date(made.runtime.nowMicros() / 1000 + 600_000);
        return { bearerToken: handed.at(-1) as string, expiresAfter };
      },
    });
    return { ...made, handed };
  }

  test("are asked for once by many at a time, and kept", async () => {
    const { storage, handed } = tokens();

    await Promise.all([storage.head("a"), storage.head("b")]);
    await storage.head("c");

    expect(handed).toEqual(["token0"]);
  });

  test("are asked for again a minute before they end", async () => {
    const { storage, handed, runtime } = tokens();
    await storage.head("a");

    runtime.advance(539_000);
    await storage.head("a");
    expect(handed).toHaveLength(1);
    runtime.advance(2_000);
    await storage.head("a");

    expect(handed).toHaveLength(2);
  });

  test("that the server calls ended are asked for again, within the request", async () => {
    const { server, storage, handed, runtime } = tokens();
    await storage.head("a");
    runtime.advance(120_000);
    server.intervene = ({ headers }) =>
      headers["authorization"] === "Bearer token0"
        ? { status: 401, headers: { "x-ms-error-code": "InvalidAuthenticationInfo" } }
        : undefined;

    expect(await storage.head("a")).toBeUndefined();
    expect(handed).toHaveLength(2);
  });

  test("that the server refuses when they are new are not asked for again", async () => {
    const { server, storage, handed } = tokens();
    server.intervene = () => ({
      status: 403,
      headers: { "x-ms-error-code": "AuthenticationFailed" },
    });

    await expect(storage.head("a")).rejects.toMatchObject({ kind: "object-store" });
    expect(handed).toHaveLength(1);
    expect(server.requests).toHaveLength(1);
  });

  test.each<[string, unknown]>([
    ["none", {}],
    ["two at once", { bearerToken: "hunter2", sasToken: "sig=hunter2" }],
    ["a key in no base64", { accessKey: "hunter2!" }],
    ["an end that is no date", { bearerToken: "hunter2", expiresAfter: "hunter2" }],
    ["nothing", undefined],
  ])("that are %s are refused, and not shown", async (_, given) => {
    const { storage } = azure({ getCredentials: async () => given as AzureCredentials });

    const error = await storage.head("a").catch((reason: unknown) => reason);

    expect(error).toMatchObject({ kind: "storage-config" });
    expect(inspect(error, { depth: 10 })).not.toContain("hunter2");
  });
});

describe("the environment", () => {
  test("names account, key and endpoint where none are given", async () => {
    vi.stubEnv("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT);
    vi.stubEnv("AZURE_STORAGE_ACCOUNT_KEY", ACCESS_KEY);
    vi.stubEnv("AZURE_STORAGE_ENDPOINT", "https://elsewhere.example");
    const { server, storage } = azure({ account: undefined });

    await storage.head("a");

    expect(server.requests[0]?.headers["authorization"]).toMatch(/^SharedKey icefloe:/);
    expect(server.requests[0]?.url.host).toBe("elsewhere.example");
  });

  test("without an account is told", () => {
    vi.stubEnv("AZURE_STORAGE_ACCOUNT_NAME", "");

    expect(() => azureStorage({ container: CONTAINER })).toThrow(/no account/);
  });
});

describe("secrets", () => {
  const WAYS: Record<string, Partial<AzureStorageOptions>> = {
    "a key": { accessKey: btoa("hunter2hunter2!!!!") },
    "a signature": { sasToken: "sv=1&sig=hunter2" },
    "a token": { bearerToken: "hunter2" },
    headers: { anonymous: true, headers: { "x-ms-encryption-key": "hunter2" } },
  };
  const FORMS = ["hunter2", btoa("hunter2"), btoa("hunter2hunter2!!!!")];

  test.each(Object.entries(WAYS))("of %s show in no error, id or description", async (_, way) => {
    const { server, storage } = azure(way);
    const shown: string[] = [storage.id, inspect(storage.describe()), inspect(storage)];
    const keep = (error: unknown): number => shown.push(inspect(error, { depth: 10 }));

    for (const answer of [
      { status: 403, body: "<Error><Code>AuthorizationFailure</Code><M>hunter2</M></Error>" },
      { status: 301, headers: { location: "https://evil.example/?sig=hunter2" } },
      { status: 200, headers: { "content-encoding": "gzip" } },
    ]) {
      server.intervene = () => answer;
      await storage.get("a").catch(keep);
      await storage.copy("a", "b", {}).catch(keep);
      await (async () => {
        for await (const entry of storage.list("")) keep(entry);
      })().catch(keep);
    }

    expect(shown).toHaveLength(3 + 9);
    for (const form of FORMS) expect(shown.join("\n")).not.toContain(form);
  });

  test("are not repeated by options that are refused", () => {
    for (const way of [
      { accessKey: "hunter2!" },
      { sasToken: "hunter2" },
      { bearerToken: "hunter2 \n" },
      { headers: { a: "hunter2\n" } },
      { endpointUrl: "https://user:hunter2@host/?hunter2" },
    ]) {
      let error: unknown;
      try {
        azureStorage({ account: ACCOUNT, container: CONTAINER, ...way });
      } catch (reason) {
        error = reason;
      }
      expect(error).toBeInstanceOf(Error);
      expect(inspect(error, { depth: 10 })).not.toContain("hunter2");
    }
  });
});
