import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { localFilesystemStorage } from "../../src/storage/local/index.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import type { Storage } from "../../src/storage/port.ts";
import type { ConformanceSubject } from "../../src/testing/conformance/case.ts";
import { storageConformance } from "../../src/testing/storage-conformance.ts";

async function localSubject(): Promise<ConformanceSubject & { storage: Storage }> {
  const folder = await mkdtemp(join(tmpdir(), "icefloe-conformance-"));
  return {
    storage: localFilesystemStorage(join(folder, "root"), { durability: "none" }),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}

const BACKENDS = {
  memory: async () => ({ storage: memoryStorage() }),
  local: localSubject,
};

for (const [backend, makeSubject] of Object.entries(BACKENDS)) {
  describe(backend, () => {
    for (const { name, run } of storageConformance(makeSubject))
      test(name, async ({ skip }) => {
        const result = await run();

        if (result.outcome === "skipped") skip(result.reason);
        expect(result.outcome).toBe("passed");
      });
  });
}
