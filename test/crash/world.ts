/** The repository that operations are stopped in, and what a user can tell of it. */
import {
  ForkSession,
  type Repository,
  Repository as RepositoryClass,
  type RepositoryConfig,
  type Session,
  type Storage,
} from "../../src/index.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";
import { array, chunk, GROUP } from "../unit/session/fixture.ts";

const CONFIG: RepositoryConfig = {
  inlineChunkThresholdBytes: 8,
  numUpdatesPerRepoInfoFile: 4,
  manifest: {
    splitting: { split_sizes: [["any_array", [{ condition: "Any", num_chunks: 2 }]]] as never },
  },
};

/** Opens the repository as a process does that starts now. */
export function open(storage: Storage, seed: number): Promise<Repository> {
  return RepositoryClass.open(storage, { runtime: simulatedRuntime({ seed }) });
}

/** Fills an empty storage: three commits, two branches, two tags, one of them deleted. */
export async function build(storage: Storage): Promise<void> {
  const runtime = simulatedRuntime({ seed: 1 });
  const repository = await RepositoryClass.create(storage, { runtime, config: CONFIG });
  const first = await commit(repository, "first", async ({ store }) => {
    await store.set("zarr.json", GROUP);
    await store.set("a/zarr.json", array([8], [1]));
    for (let i = 0; i < 4; i++) await store.set(`a/c/${i}`, chunk(4 + 10 * (i % 2), i + 1));
  });
  const second = await commit(repository, "second", async ({ store }) => {
    await store.set("a/c/4", chunk(20, 9));
  });
  await repository.createBranch("side", first);
  await repository.createTag("kept", first);
  await repository.createTag("gone", second);
  await repository.deleteTag("gone");
  await commit(repository, "third", ({ store }) => store.set("g/zarr.json", GROUP));
}

async function commit(
  repository: Repository,
  message: string,
  write: (session: Session) => Promise<void>,
): Promise<string> {
  const session = await repository.writableSession("main");
  await write(session);
  return session.commit(message);
}

/** What must happen wholly or not at all. */
export type Operation = (repository: Repository, storage: Storage) => Promise<unknown>;

/** Changes that need chunks of both kinds, several manifests and nodes made and deleted. */
async function change({ store }: Session | ForkSession): Promise<void> {
  await store.set("a/c/0", chunk(30, 50));
  await store.set("a/c/3", chunk(3, 51));
  await store.delete("a/c/1");
  await store.delete("g/zarr.json");
  await store.set("n/zarr.json", array([4], [2], { attributes: { made: true } }));
  await store.set("n/c/1", chunk(12, 52));
}

/** By name. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  async commit(repository) {
    const session = await repository.writableSession("main");
    await change(session);
    await session.commit("changed");
  },
  async amend(repository) {
    const session = await repository.writableSession("main");
    await change(session);
    await session.amend("amended");
  },
  async flush(repository) {
    const session = await repository.writableSession("main");
    await change(session);
    await session.flush("flushed");
  },
  async "merge by bytes"(repository, storage) {
    const session = await repository.writableSession("main");
    await session.store.set("m/zarr.json", array([4], [1]));
    const bytes = session.fork().toBytes();
    const results: Uint8Array[] = [];
    for (const worker of [1, 2]) {
      const runtime = simulatedRuntime({ seed: 100 + worker });
      const fork = await ForkSession.fromBytes(bytes, { storage, runtime });
      await fork.store.set(`m/c/${worker}`, chunk(20, worker));
      await fork.store.set(`a/c/${worker + 4}`, chunk(4, worker));
      results.push(fork.toBytes());
    }
    await session.merge(results);
    await session.commit("merged");
  },
  "create branch": async (repository) =>
    repository.createBranch("new", await repository.lookupTag("kept")),
  "reset branch": async (repository) =>
    repository.resetBranch("main", await repository.lookupTag("kept")),
  "delete branch": (repository) => repository.deleteBranch("side"),
  "create tag": async (repository) =>
    repository.createTag("new", await repository.lookupBranch("main")),
  "delete tag": (repository) => repository.deleteTag("kept"),
  "save configuration": async (repository) =>
    (await repository.reopen({ config: { maxConcurrentRequests: 7 } })).saveConfig(),
};

/** What the repository holds, without ids: two states are the same if a user can't tell them apart. */
export async function stateOf(storage: Storage): Promise<unknown> {
  const repository = await open(storage, 9);
  const graph = await repository.ancestryGraph();
  const messages = new Map(graph.nodes.map(({ id, message }) => [id, message]));
  const contents = new Map<string, unknown>();
  for (const { id, parentId, message } of graph.nodes) {
    const session = await repository.readonlySession({ snapshotId: id });
    const parent = parentId === undefined ? null : messages.get(parentId);
    contents.set(message, { parent, content: await contentOf(session) });
  }
  const named = async (names: string[], look: (name: string) => Promise<string>) => {
    const entries: [string, string | undefined][] = [];
    for (const name of names) entries.push([name, messages.get(await look(name))]);
    return Object.fromEntries(entries);
  };
  return {
    branches: await named(await repository.listBranches(), (n) => repository.lookupBranch(n)),
    tags: await named(await repository.listTags(), (n) => repository.lookupTag(n)),
    snapshots: Object.fromEntries([...contents].sort(([a], [b]) => (a < b ? -1 : 1))),
    config: repository.config.maxConcurrentRequests,
  };
}

async function contentOf({ store }: Session): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for await (const key of store.list()) {
    const bytes = await store.get(key);
    if (bytes === undefined) throw new Error(`${key} is listed, but absent`);
    content[key] = key.endsWith("zarr.json") ? new TextDecoder().decode(bytes) : bytes.join();
  }
  return content;
}
