/** `azureStorage` keeps the rules of the port, over a simulated server: whole objects, and blocks. */
import { describe, expect, test } from "vitest";
import { openAzure } from "../../src/storage/azure/open.ts";
import { azureTarget } from "../../src/storage/azure/options.ts";
import type { Storage } from "../../src/storage/port.ts";
import { withPrefix } from "../../src/storage/with-prefix.ts";
import { withRetry } from "../../src/storage/with-retry.ts";
import { storageConformance } from "../../src/testing/storage-conformance.ts";
import { ACCESS_KEY, ACCOUNT, CONTAINER, simulatedAzure } from "./simulated-azure.ts";

const KEY = { account: ACCOUNT, container: CONTAINER, accessKey: ACCESS_KEY };

function azure(
  options: { prefix?: string } = {},
): Storage & { withSettings(settings: object): Storage } {
  const server = simulatedAzure(400);
  return openAzure(azureTarget({ ...KEY, ...options }), KEY, server.transport) as never;
}

const BLOCKS = {
  minimumSizeForMultipartUpload: 0,
  concurrency: { idealConcurrentRequestSize: 100_000 },
};

const SUBJECTS: Record<string, () => Storage> = {
  "whole objects": () => azure(),
  "in a folder": () => azure({ prefix: "some/folder/" }),
  blocks: () => azure().withSettings(BLOCKS),
  "below a prefix": () => withPrefix(azure(), "some/folder"),
  repeated: () => withRetry(azure()),
};

for (const [subject, make] of Object.entries(SUBJECTS)) {
  describe(subject, () => {
    for (const { name, run } of storageConformance(async () => ({ storage: make() })))
      test(name, async () => {
        const { outcome } = await run();

        expect(outcome).toBe(/cannot write|not supported/.test(name) ? "skipped" : "passed");
      });
  });
}
