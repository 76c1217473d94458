/** Options that do nothing yet are refused by name; what others have persisted stays and is no hindrance. */
import { describe, expect, it } from "vitest";
import { encodeConfig } from "../../../src/format/config/write.ts";
import type { RepositoryConfig } from "../../../src/index.ts";
import { ForkSession, memoryStorage, Repository } from "../../../src/index.ts";
import { countingStorage } from "../../../src/testing/index.ts";
import { newRepository, rejection, tamper } from "./repositories.ts";

/** A configuration with a key that nothing reads, and the path of that key. */
const WITHOUT_EFFECT: readonly [config: RepositoryConfig, key: string][] = [
  [{ storage: { retries: { maxTries: 3 } } }, "storage.retries"],
  [{ storage: { storageClass: "GLACIER" } }, "storage.storageClass"],
  [{ storage: { unsafeUseConditionalUpdate: false } }, "storage.unsafeUseConditionalUpdate"],
  [{ caching: { numBytesAttributes: 5 } }, "caching.numBytesAttributes"],
  [{ manifest: { preload: { max_total_refs: 5 } } }, "manifest.preload.max_total_refs"],
  [{ manifest: { preload: { preload_if: "true" } } }, "manifest.preload.preload_if"],
  [
    { manifest: { virtual_chunk_location_compression: { min_num_chunks: 0 } } },
    "manifest.virtual_chunk_location_compression.min_num_chunks",
  ],
  [
    { manifest: { max_concurrent_manifest_fetches_during_commit: 9 } },
    "manifest.max_concurrent_manifest_fetches_during_commit",
  ],
];

describe.each(WITHOUT_EFFECT)("the configuration %j", (config, key) => {
  const refused = { kind: "unimplemented", details: { option: "config", key } };

  it("is refused where it is passed, and nothing is written", async () => {
    const storage = memoryStorage();
    await expect(Repository.create(storage, { config })).rejects.toMatchObject(refused);
    await expect(Repository.openOrCreate(storage, { config })).rejects.toMatchObject(refused);
    expect(await Repository.exists(storage)).toBe(false);

    const repository = await Repository.create(storage);
    const bytes = (await repository.writableSession("main")).fork().toBytes();
    for (const use of [
      () => Repository.open(storage, { config }),
      () => Repository.openOrCreate(storage, { config }),
      () => repository.reopen({ config }),
      () => ForkSession.fromBytes(bytes, { storage, config }),
    ]) {
      await expect(use()).rejects.toMatchObject(refused);
    }
  });

  it("is kept where another client has persisted it, and may be given back", async () => {
    const { storage } = await newRepository();
    await tamper(storage, (repo) => ({ ...repo, config: encodeConfig(config) }));

    const repository = await Repository.open(storage);
    await Repository.open(storage, { config });
    const again = await Repository.open(storage, {
      config: { ...repository.config, inlineChunkThresholdBytes: 7 },
    });
    await again.saveConfig();

    expect(await Repository.fetchConfig(storage)).toMatchObject({
      ...config,
      inlineChunkThresholdBytes: 7,
    });
  });
});

it("a configuration that was read, or says what applies anyway, is taken", async () => {
  const { config } = await newRepository();

  await newRepository(config);
  await newRepository({ manifest: { preload: null }, storage: {}, caching: {} });
  await newRepository({ manifest: { max_concurrent_manifest_fetches_during_commit: 1 } });
});

it("access to virtual chunks is refused by name, since none are fetched", async () => {
  const repository = await newRepository();
  const { storage } = repository;
  const bytes = (await repository.writableSession("main")).fork().toBytes();
  const access = { authorizeVirtualChunkAccess: { "s3://bucket/": null } };

  for (const use of [
    Repository.create(memoryStorage(), access),
    Repository.open(storage, access),
    repository.reopen(access),
    ForkSession.fromBytes(bytes, { storage, ...access }),
  ]) {
    expect(await rejection(use)).toMatchObject({
      kind: "unimplemented",
      details: { option: "authorizeVirtualChunkAccess" },
    });
  }
  await Repository.open(storage, { authorizeVirtualChunkAccess: {} });
});

describe("reopen", () => {
  it("applies limits of caches, which the first repository does not share then", async () => {
    const storage = countingStorage(memoryStorage());
    const repository = await Repository.create(storage);
    const session = await repository.writableSession("main");
    await session.store.set(
      "zarr.json",
      new TextEncoder().encode('{"zarr_format":3,"node_type":"group"}'),
    );
    const snapshotId = await session.commit("root");
    const getsOf = async (opened: Repository): Promise<number> => {
      const read = async () =>
        (await opened.readonlySession({ snapshotId })).store.get("zarr.json");
      await read();
      storage.reset();
      await read();
      return storage.log.filter(({ path }) => path.startsWith("snapshots/")).length;
    };

    expect(await getsOf(repository)).toBe(0);
    expect(
      await getsOf(await repository.reopen({ config: { inlineChunkThresholdBytes: 1 } })),
    ).toBe(0);
    expect(
      await getsOf(await repository.reopen({ config: { caching: { numSnapshotNodes: 0 } } })),
    ).toBe(1);
  });

  it("keeps the bound of metadata files that the repository was opened with", async () => {
    const { storage } = await newRepository();
    const repository = await Repository.open(storage, { metadataBytesMax: 2000 });
    const reopened = await repository.reopen({ config: { maxConcurrentDecodes: 1 } });
    const session = await reopened.writableSession("main");
    const attributes = { text: "x".repeat(3000) };
    await session.store.set(
      "zarr.json",
      new TextEncoder().encode(JSON.stringify({ zarr_format: 3, node_type: "group", attributes })),
    );

    await expect(session.commit("too long")).rejects.toMatchObject({ kind: "serialization" });
  });
});
