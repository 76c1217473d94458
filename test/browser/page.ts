/** Runs inside the page: two forks cross as bytes, are merged and committed, then read back. */
import {
  ForkSession,
  httpStorage,
  isIcefloeError,
  memoryStorage,
  Repository,
} from "../../src/index.ts";

const text = new TextEncoder();
const ARRAY = text.encode(
  JSON.stringify({
    zarr_format: 3,
    node_type: "array",
    shape: [4, 1000],
    data_type: "uint8",
    chunk_grid: { name: "regular", configuration: { chunk_shape: [1, 1000] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{ name: "bytes" }],
    attributes: {},
  }),
);

/** What the page found, for the test to judge. */
export interface PageResult {
  readonly messages: readonly string[];
  readonly firstBytes: readonly number[];
  readonly forkBytes: number;
  readonly merged: number;
  readonly overlapKind: string | undefined;
  readonly isAdviceInStack: boolean;
  readonly missing: boolean;
}

async function forkedWrite(
  storage: ReturnType<typeof memoryStorage>,
  bytes: Uint8Array,
  row: number,
) {
  const fork = await ForkSession.fromBytes(bytes, { storage });
  await fork.store.set(`a/c/${row}/0`, new Uint8Array(1000).fill(row + 1));
  return fork.toBytes();
}

/** Everything in memory: create, commit, fork, merge, commit, read. */
export async function runInMemory(): Promise<PageResult> {
  const storage = memoryStorage();
  const repository = await Repository.create(storage);
  const first = await repository.writableSession("main");
  await first.store.set("a/zarr.json", ARRAY);
  await first.commit("array");

  const session = await repository.writableSession("main");
  const bytes = session.fork().toBytes();
  const results = await Promise.all([0, 2].map((row) => forkedWrite(storage, bytes, row)));
  const overlapping = await forkedWrite(storage, bytes, 2);
  const report = await session.merge(results);
  const overlap: unknown = await session.merge(overlapping).catch((error: unknown) => error);
  await session.commit("merged");

  const reader = await (await Repository.open(storage)).readonlySession("main");
  const rows = await Promise.all([0, 1, 2, 3].map((row) => reader.store.get(`a/c/${row}/0`)));
  const history = await repository.ancestry("main").toArray();
  return {
    messages: history.map(({ message }) => message),
    firstBytes: rows.map((row) => row?.[999] ?? -1),
    forkBytes: bytes.length,
    merged: report.chunks,
    overlapKind: isIcefloeError(overlap) ? overlap.kind : undefined,
    isAdviceInStack: isIcefloeError(overlap) && overlap.stack?.includes(overlap.advice) === true,
    missing: rows[1] === undefined,
  };
}

/** Reads a repository that is served over HTTP: its newest message and the bytes at `key`. */
export async function readOverHttp(url: string, key: string) {
  const repository = await Repository.open(httpStorage(url));
  const [newest] = await repository.ancestry("main").toArray();
  const bytes = await (await repository.readonlySession("main")).store.get(key);
  return { message: newest?.message, bytes: bytes === undefined ? undefined : [...bytes] };
}

Object.assign(globalThis, { icefloePage: { runInMemory, readOverHttp } });
