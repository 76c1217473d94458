import { describe, expect, it } from "vitest";
import { Repository } from "../../../src/repository/repository.ts";
import { memoryStorage } from "../../../src/storage/memory.ts";
import { wholeOpsLog } from "../assets/repo-fixture.ts";
import { newRepository, rejection, tamper } from "./repositories.ts";

describe("configuration", () => {
  it("is what the user passes, over what is persisted, over the defaults", async () => {
    const { storage } = await newRepository({
      inlineChunkThresholdBytes: 100,
      caching: { numBytesChunks: 5 },
    });

    const { config } = await Repository.open(storage, {
      config: { caching: { numChunkRefs: 7 }, inlineChunkThresholdBytes: 200 },
    });

    expect(config).toMatchObject({
      inlineChunkThresholdBytes: 200,
      caching: { numBytesChunks: 5, numChunkRefs: 7, numSnapshotNodes: 500_000 },
      maxConcurrentRequests: 256,
    });
    expect((await Repository.open(storage)).config.inlineChunkThresholdBytes).toBe(100);
  });

  it("is persisted by saveConfig, for everyone", async () => {
    const { storage } = await newRepository();
    const repository = await Repository.open(storage, {
      config: { inlineChunkThresholdBytes: 200, numUpdatesPerRepoInfoFile: 5 },
    });

    await repository.saveConfig();
    await repository.saveConfig();

    expect((await Repository.open(storage)).config).toMatchObject({
      inlineChunkThresholdBytes: 200,
      numUpdatesPerRepoInfoFile: 5,
    });
    expect((await wholeOpsLog(storage)).map(({ update }) => update.kind)).toEqual([
      "config-changed",
      "config-changed",
      "repo-initialized",
    ]);
  });

  it("is refused if it is not understood, and leaves the repository as it was", async () => {
    const { storage } = await newRepository();

    const wrong = { config: { compression: { level: "high" } } } as never;
    expect((await rejection(Repository.open(storage, wrong))).kind).toBe("invalid-config");
    expect(await Repository.fetchConfig(storage)).toBeUndefined();
  });

  it("that is damaged in the repository keeps it from being opened", async () => {
    const { storage } = await newRepository();
    await tamper(storage, (repo) => ({ ...repo, config: Uint8Array.of(1, 2, 3) }));

    expect((await rejection(Repository.open(storage))).kind).toBe("config-deserialization");
    expect((await rejection(Repository.fetchConfig(storage))).kind).toBe("config-deserialization");
  });

  it("can be fetched only where a repository is", async () => {
    expect((await rejection(Repository.fetchConfig(memoryStorage()))).kind).toBe(
      "repository-not-found",
    );
  });
});

describe("reopen", () => {
  it("merges over the present configuration and leaves the first object alone", async () => {
    const repository = await newRepository({ inlineChunkThresholdBytes: 100 });

    const reopened = await repository.reopen({ config: { getPartialValuesConcurrency: 3 } });

    expect(reopened.config).toMatchObject({
      inlineChunkThresholdBytes: 100,
      getPartialValuesConcurrency: 3,
    });
    expect(repository.config.getPartialValuesConcurrency).toBe(10);
    expect(reopened.storage).toBe(repository.storage);
  });

  it("refuses what can't be changed afterwards", async () => {
    const repository = await newRepository();

    expect((await rejection(repository.reopen({ runtime: {} } as never))).kind).toBe(
      "invalid-option",
    );
  });
});
