import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openAzure } from "../../src/storage/azure/open.ts";
import { azureTarget } from "../../src/storage/azure/options.ts";
import { httpStorage } from "../../src/storage/http/http-storage.ts";
import { localFilesystemStorage } from "../../src/storage/local/index.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import type { Storage } from "../../src/storage/port.ts";
import { readOnly } from "../../src/storage/read-only.ts";
import { redirectStorage } from "../../src/storage/redirect.ts";
import { traced } from "../../src/storage/traced.ts";
import { withPrefix } from "../../src/storage/with-prefix.ts";
import { withRetry } from "../../src/storage/with-retry.ts";
import type { ConformanceSubject } from "../../src/testing/conformance/case.ts";
import { countingStorage } from "../../src/testing/counting-storage.ts";
import { faultyStorage } from "../../src/testing/faulty-storage.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";
import { storageConformance } from "../../src/testing/storage-conformance.ts";
import { IS_CAMPAIGN } from "../runs.ts";
import { serveStorage } from "./serve-storage.ts";
import { SIMULATED, simulatedAzure } from "./simulated-azure.ts";
import { SimulatedOrigin } from "./simulated-origin.ts";

const memorySubject = async () => ({ storage: memoryStorage(), dispose: async () => {} });

const localSubject = async (durability: "none" | "full" = "none") => {
  const folder = await mkdtemp(join(tmpdir(), "icefloe-conformance-"));
  return {
    storage: localFilesystemStorage(join(folder, "root"), { durability }),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
};

const opfsSubject = async () => ({
  storage: new SimulatedOrigin(simulatedRuntime()).openPage("root").storage,
});
const azureSubject = async (settings = {}) => {
  const target = azureTarget({ ...SIMULATED, prefix: "some/folder" });
  const storage = openAzure(target, SIMULATED, simulatedAzure(400).transport);
  return { storage: storage.withSettings(settings), dispose: async () => {} };
};

/** Everything goes in blocks. */
const BLOCKS = {
  minimumSizeForMultipartUpload: 0,
  concurrency: { idealConcurrentRequestSize: 100_000 },
};

async function httpSubject(wrap: (url: string) => Storage): Promise<ConformanceSubject> {
  const writer = memoryStorage();
  const server = await serveStorage(writer, (request, response) => {
    if (request.url !== "/where") return false;
    const location = `http+icechunk://${request.headers.host}/`;
    response.writeHead(302, { location }).end();
    return true;
  });
  return { storage: wrap(server.url), writer, dispose: server.close };
}

const WRAPPERS: Record<string, (storage: Storage) => Storage> = {
  withPrefix: (storage) => withPrefix(storage, "some/folder"),
  withRetry: (storage) => withRetry(storage),
  traced: (storage) => traced(storage, () => {}),
  counted: (storage) => countingStorage(storage),
  "faulty, without faults": (storage) => faultyStorage(storage, { faults: [] }),
  "retried over a faulty one": (storage) =>
    withRetry(
      faultyStorage(storage, {
        faults: [
          { effect: "fail-before", probability: 0.1 },
          { effect: "lost-reply", operations: ["get", "getIfChanged", "head"], probability: 0.1 },
        ],
        runtime: simulatedRuntime({ seed: 7 }),
      }),
      { attemptsMax: 20, runtime: simulatedRuntime({ seed: 8 }) },
    ),
};

const SUBJECTS: Record<string, () => Promise<ConformanceSubject>> = {
  memory: memorySubject,
  "local, nothing synced": () => localSubject("none"),
  "local, everything synced": () => localSubject("full"),
  // In a browser, and under each wrapper: test/browser/opfs.test.ts.
  "OPFS, simulated": opfsSubject,
  "azure, simulated": azureSubject,
  "azure, simulated, in blocks": () => azureSubject(BLOCKS),
  http: () => httpSubject((url) => httpStorage(url)),
  "redirect to http": () => httpSubject((url) => redirectStorage(`${url}where`)),
};
const WRAPPED = { memory: memorySubject, local: localSubject, azure: azureSubject };
for (const [name, makeSubject] of Object.entries(WRAPPED)) {
  for (const [wrapper, wrap] of Object.entries(WRAPPERS)) {
    // What a wrapper does hardly depends on what it wraps: only a campaign has all pairs.
    if (name !== "memory" && !IS_CAMPAIGN) continue;
    SUBJECTS[`${name}, ${wrapper}`] = async () => {
      const { storage, dispose } = await makeSubject();
      return { storage: wrap(storage), dispose };
    };
  }
  SUBJECTS[`${name}, readOnly`] = async () => {
    const { storage, dispose } = await makeSubject();
    return { storage: readOnly(storage), writer: storage, dispose };
  };
}

const cases = storageConformance(memorySubject).length;

for (const [subject, makeSubject] of Object.entries(SUBJECTS)) {
  describe(subject, () => {
    const skipped: string[] = [];
    for (const { name, run } of storageConformance(makeSubject))
      test(name, async () => {
        const result = await run();

        if (result.outcome === "skipped") skipped.push(result.reason);
        expect(["passed", "skipped"]).toContain(result.outcome);
      });

    test("only what the storage says it lacks, or has, was left out", () => {
      for (const reason of skipped) expect(reason).toMatch(/^the storage (?:lacks|has) /);
      const isReader = /readOnly|http/.test(subject);
      expect(cases - skipped.length).toBeGreaterThanOrEqual(isReader ? 15 : 38);
    });
  });
}
