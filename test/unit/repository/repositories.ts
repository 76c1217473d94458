/** Repositories to test with, and commits on them. */
import { systemRuntime } from "../../../src/base/runtime.ts";
import type { RepositoryConfig } from "../../../src/format/config/config.ts";
import type { RepoInfo } from "../../../src/format/repo/read.ts";
import { Repository } from "../../../src/repository/repository.ts";
import { memoryStorage } from "../../../src/storage/memory.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { repoStateOn } from "../assets/repo-fixture.ts";

const GROUP = new TextEncoder().encode('{"zarr_format":3,"node_type":"group"}');

/** A new repository in memory. */
export async function newRepository(config?: RepositoryConfig): Promise<Repository> {
  return Repository.create(memoryStorage(), { config });
}

/** Commits a new group on `branch`; resolves to the snapshot's id. */
export async function commitGroup(
  repository: Repository,
  name: string,
  branch = "main",
): Promise<string> {
  const session = await repository.writableSession(branch);
  await session.store.set(`${name}/zarr.json`, GROUP);
  return session.commit(`add ${name}`);
}

/** Changes the stored state as another client might. */
export async function tamper(
  storage: Storage,
  change: (repo: RepoInfo) => RepoInfo,
): Promise<void> {
  await repoStateOn(storage, { runtime: systemRuntime() }).update(
    (repo) => ({ repo: change(repo), updates: [{ kind: "metadata-changed" }] }),
    { bypassStatus: true },
  );
}

/** What `promise` rejects with; fails if it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<{
  readonly kind: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}> {
  try {
    await promise;
  } catch (error) {
    return error as { kind: string; message: string; details: Record<string, unknown> };
  }
  throw new Error("expected a rejection");
}
