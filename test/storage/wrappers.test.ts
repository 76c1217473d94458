import { describe, expect, test } from "vitest";
import { isIcefloeError } from "../../src/base/errors.ts";
import { storageFromHint, storageFromUrl } from "../../src/storage/from-url.ts";
import { gcsStorage } from "../../src/storage/gcs/index.ts";
import { httpStorage } from "../../src/storage/http/http-storage.ts";
import { localFilesystemStorage } from "../../src/storage/local/index.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import type { Storage } from "../../src/storage/port.ts";
import { readOnly } from "../../src/storage/read-only.ts";
import { redirectStorage } from "../../src/storage/redirect.ts";
import { r2Storage, s3Storage, tigrisStorage } from "../../src/storage/s3/index.ts";
import { type StorageEvent, traced } from "../../src/storage/traced.ts";
import { withPrefix } from "../../src/storage/with-prefix.ts";
import { withRetry } from "../../src/storage/with-retry.ts";
import { type Fault, faultyStorage } from "../../src/testing/faulty-storage.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";

const KEYS = { accessKeyId: "planted-id", secretAccessKey: "planted-secret" };

const kindOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "resolved",
    (error) => (isIcefloeError(error) ? error.kind : error),
  );
const body = new Uint8Array([1, 2, 3]);
const put = (storage: Storage, path = "object") => storage.put(path, body, { objectKind: "other" });

describe("withRetry", () => {
  const patient = (faults: readonly Fault[], attemptsMax = 3) => {
    const faulty = faultyStorage(memoryStorage(), { faults, runtime: simulatedRuntime() });
    return { faulty, storage: withRetry(faulty, { attemptsMax, runtime: simulatedRuntime() }) };
  };

  test("a read that fails for a passing reason is repeated", async () => {
    const { storage, faulty } = patient([{ effect: "throttle", operations: ["get"], nth: [1, 2] }]);
    await put(storage);

    expect((await storage.get("object"))?.bytes).toEqual(body);
    expect(faulty.injected).toHaveLength(2);
  });

  test("the last attempt's error is thrown as it is", async () => {
    const { storage, faulty } = patient([{ effect: "fail-before", operations: ["head"] }]);

    expect(await kindOf(storage.head("object"))).toBe("object-store");
    expect(faulty.injected).toHaveLength(3);
  });

  test("an unconditional put whose reply was lost is repeated", async () => {
    const { storage, faulty } = patient([{ effect: "lost-reply", operations: ["put"], nth: 1 }]);

    expect((await put(storage)).outcome).toBe("written");
    expect(faulty.requestCount).toBe(2);
  });

  test("a conditional put whose fate is unknown is not repeated", async () => {
    const { storage, faulty } = patient([{ effect: "lost-reply", operations: ["put"] }]);
    const options = { objectKind: "repo", condition: { ifAbsent: true } } as const;

    expect(await kindOf(storage.put("repo", body, options))).toBe("unknown-outcome");
    expect(faulty.requestCount).toBe(1);
  });

  test("a conditional put that was certainly not made is repeated", async () => {
    const { storage } = patient([{ effect: "throttle", operations: ["put"], nth: 1 }]);
    const options = { objectKind: "repo", condition: { ifAbsent: true } } as const;

    expect((await storage.put("repo", body, options)).outcome).toBe("written");
  });

  test("an error that no repetition helps is thrown at once", async () => {
    const { storage, faulty } = patient([]);
    await put(storage);

    const range = { start: 0, end: 10 };

    expect(await kindOf(storage.get("object", { range }))).toBe("invalid-byte-range");
    expect(faulty.requestCount).toBe(2);
  });

  test("a listing is repeated before its first entry", async () => {
    const { storage } = patient([{ effect: "fail-before", operations: ["list"], nth: 1 }]);
    await put(storage);
    const paths: string[] = [];

    for await (const { path } of storage.list("")) paths.push(path);

    expect(paths).toEqual(["object"]);
  });

  test("an abort ends the pauses with its reason", async () => {
    const controller = new AbortController();
    const runtime = simulatedRuntime({ autoAdvance: false });
    const faulty = faultyStorage(memoryStorage(), { faults: [{ effect: "throttle" }] });
    const reading = withRetry(faulty, { runtime }).get("object", { signal: controller.signal });
    while (runtime.sleeperCount === 0) await Promise.resolve();

    controller.abort("enough");

    await expect(reading).rejects.toBe("enough");
  });

  test("options that are unknown or make no sense are refused by name", () => {
    const wrong = [{ attempts: 3 }, { attemptsMax: 0 }, { maxBackoffMs: -1 }, 7];

    for (const options of wrong)
      expect(() => withRetry(memoryStorage(), options as never)).toThrow(/withRetry/);
  });
});

describe("withPrefix", () => {
  test("objects lie in the folder of the storage beneath", async () => {
    const storage = memoryStorage();
    await put(withPrefix(withPrefix(storage, "a/"), "b"), "c/d");

    expect((await storage.get("a/b/c/d"))?.bytes).toEqual(body);
  });

  test("nothing outside the folder is reachable", async () => {
    const storage = memoryStorage();
    await put(storage, "outside");
    await put(storage, "ab/neighbour");
    const inside = withPrefix(storage, "a");

    expect(await kindOf(inside.get("../outside"))).toBe("invalid-path");
    expect(await kindOf(inside.delete(["../outside"]))).toBe("invalid-path");
    for await (const { path } of inside.list("")) expect.unreachable(path);
  });

  test("a prefix that is no folder's path is refused", () => {
    for (const prefix of ["", "/", "../a", "a//b"])
      expect(() => withPrefix(memoryStorage(), prefix)).toThrow(/path/);
  });
});

describe("traced", () => {
  test("every request is reported with its size, time and outcome", async () => {
    const events: StorageEvent[] = [];
    const runtime = simulatedRuntime();
    const slow = faultyStorage(memoryStorage(), { faults: [{ effect: "delay" }], runtime });
    const storage = traced(slow, (event) => events.push(event), { runtime });

    await put(storage);
    await storage.get("object");
    await storage.get("absent");
    await storage.put("object", body, { objectKind: "repo", condition: { ifAbsent: true } });
    await kindOf(storage.get("object", { range: { start: 9, end: 10 } }));
    for await (const _ of storage.list(""));

    expect(
      events.map(({ operation, outcome, sizeBytes }) => [operation, outcome, sizeBytes]),
    ).toEqual([
      ["put", "done", 3],
      ["get", "done", 3],
      ["get", "absent", 0],
      ["put", "condition-failed", 3],
      ["get", "failed", 0],
      ["list", "done", 0],
    ]);
    expect(events.every(({ durationMs }) => durationMs > 0 && durationMs <= 100)).toBe(true);
    expect(events[3]?.objectKind).toBe("repo");
  });
});

describe("storages from URLs and hints", () => {
  test("each scheme gives its backend", async () => {
    expect((await storageFromUrl("memory:")).id).toMatch(/^memory:/);
    expect((await storageFromUrl("file:///some/folder")).id).toMatch(/^local:/);
    for (const scheme of ["gs", "gcs"]) {
      const url = `${scheme}://bucket/some/prefix`;
      expect((await storageFromUrl(url)).id).toBe("gs://bucket/some/prefix/");
    }
    expect((await storageFromUrl("http://localhost/base")).id).toBe("http://localhost/base/");
    expect((await storageFromUrl("https+redirect://localhost/x")).describe()).toEqual({
      type: "redirect",
      url: "https://localhost/x",
    });
  });

  test("what names no storage is refused", async () => {
    expect(await kindOf(storageFromUrl("s3:///no-bucket"))).toBe("cannot-parse-url");
    expect(await kindOf(storageFromUrl("gopher://host"))).toBe("cannot-parse-url");
    expect(await kindOf(storageFromUrl("just text"))).toBe("cannot-parse-url");
    expect(await kindOf(storageFromUrl("file://[bad"))).toBe("cannot-parse-url");
    expect(await kindOf(storageFromUrl("memory:", { region: "x" } as never))).toBe(
      "invalid-option",
    );
  });

  test("a storage rebuilt from its description describes itself the same", async () => {
    const storages = [
      localFilesystemStorage("some/folder", { durability: "full" }),
      readOnly(withPrefix(localFilesystemStorage("some/folder"), "inner")),
      httpStorage("https://host/base", { headers: { authorization: "secret" } }),
      redirectStorage("https://host/where"),
      gcsStorage({ bucket: "bucket", prefix: "a/b", bearerToken: "secret" }),
      gcsStorage({ bucket: "public", anonymous: true }),
      s3Storage({ bucket: "bucket", prefix: "a/b", ...KEYS, requesterPays: true }),
      s3Storage({ bucket: "bucket", endpointUrl: "http://127.0.0.1:9", allowHttp: true, ...KEYS }),
      s3Storage({ bucket: "public", region: "eu-west-1", anonymous: true }),
      r2Storage({ bucket: "bucket", accountId: "a1", ...KEYS }),
      tigrisStorage({ bucket: "bucket", region: "fra", ...KEYS }),
      tigrisStorage({ bucket: "bucket", useWeakConsistency: true, ...KEYS }),
    ];
    for (const storage of storages) {
      const hint = JSON.parse(JSON.stringify(storage.describe()));

      const rebuilt = await storageFromHint(hint);

      expect(rebuilt.describe()).toEqual(hint);
      expect(JSON.stringify(hint)).not.toContain("secret");
    }
  });

  test("memory cannot be described, nor can what wraps it", () => {
    expect(memoryStorage().describe()).toBeUndefined();
    expect(withPrefix(memoryStorage(), "a").describe()).toBeUndefined();
    expect(readOnly(memoryStorage()).describe()).toBeUndefined();
  });

  test("a hint that is none of ours is refused", async () => {
    for (const hint of [{ type: "tape" }, { type: "http" }, { type: "prefix", prefix: "a" }, null])
      expect(await kindOf(storageFromHint(hint as never))).toBe("storage-config");
  });
});
