/**
 * The probe of conditional writes on real servers. s3s-fs is the one that only looks honest: it
 * answers one request at a time as it should, and lets several win a race. It takes minutes of Rust
 * to build (`node scripts/servers/install.mjs s3s-fs`), so it is tried where it is installed; the
 * dishonest storages of test/storage/probe.test.ts stand for it elsewhere.
 */
import { expect, test } from "vitest";
import { probeConditionalWrites } from "../../src/storage/probe.ts";
import { describeWith } from "./describe-with.ts";
import { missingServers } from "./programs.ts";
import { startServer } from "./server.ts";
import { STORES, s3On } from "./stores.ts";

for (const [name, makeStorage] of STORES) {
  describeWith([name], name, () => {
    test("keeps both conditions, also when twenty writers race, and nothing is left of the probe", async () => {
      await using server = await startServer(name);
      await server.createBucket("bucket");
      const storage = makeStorage(server, "bucket", "folder");

      const report = await probeConditionalWrites(storage);

      expect(report).toEqual({ conditionalCreate: true, conditionalUpdate: true, problems: [] });
      for await (const { path } of storage.list("")) expect.unreachable(`${path} is left`);
    });
  });
}

if (missingServers("s3s-fs") === undefined) {
  describeWith(["s3s-fs"], "s3s-fs", () => {
    test("keeps conditions one at a time, and is found out by its races", async () => {
      await using server = await startServer("s3s-fs");
      await server.createBucket("bucket");

      const report = await probeConditionalWrites(s3On(server, "bucket", "folder"));

      expect(report.conditionalUpdate).toBe(false);
      expect(report.problems.join()).toMatch(/^20 (creators|updaters) at once: /);
    });
  });
}
