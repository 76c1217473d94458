/** What pages and workers of the OPFS tests do: each function is called by its name, with plain values. */
import {
  basicConflictSolver,
  isIcefloeError,
  memoryStorage,
  type ObjectVersion,
  Repository,
  type Storage,
} from "../../src/index.ts";
import {
  defineWorker,
  type Executor,
  type JobResult,
  parallelWrite,
} from "../../src/parallel/index.ts";
import {
  probeConditionalWrites,
  readOnly,
  storageFromHint,
  storageFromUrl,
  traced,
  withPrefix,
  withRetry,
} from "../../src/storage/index.ts";
import { opfsStorage } from "../../src/storage/opfs/index.ts";
import {
  type ConformanceSubject,
  countingStorage,
  faultyStorage,
  simulatedRuntime,
  storageConformance,
} from "../../src/testing/index.ts";

const text = new TextEncoder();
const GROUP = text.encode(JSON.stringify({ zarr_format: 3, node_type: "group", attributes: {} }));
const ARRAY = text.encode(
  JSON.stringify({
    zarr_format: 3,
    node_type: "array",
    shape: [64, 1000],
    data_type: "uint8",
    chunk_grid: { name: "regular", configuration: { chunk_shape: [1, 1000] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{ name: "bytes" }],
    attributes: {},
  }),
);
let made = 0;

const WRAPPERS: Readonly<Record<string, (storage: Storage) => Storage>> = {
  "as it is": (storage) => storage,
  withPrefix: (storage) => withPrefix(storage, "some/folder"),
  withRetry: (storage) => withRetry(storage),
  traced: (storage) => traced(storage, () => {}),
  counted: (storage) => countingStorage(storage),
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
  readOnly: (storage) => readOnly(storage),
};

async function subject(wrapper: string): Promise<ConformanceSubject> {
  const path = `conformance-${++made}-${crypto.randomUUID()}`;
  const writer = opfsStorage({ path });
  const storage = WRAPPERS[wrapper]?.(writer) as Storage;
  return {
    storage,
    ...(wrapper === "readOnly" && { writer }),
    dispose: () => removeFolder(path),
  };
}

async function removeFolder(path: string): Promise<void> {
  const root = await navigator.storage.getDirectory();
  await root.removeEntry(path, { recursive: true }).catch(() => undefined); // Never made.
}

/** The names of what storages are wrapped in, and of the suite's cases. */
function conformanceNames(): { wrappers: string[]; cases: string[] } {
  const cases = storageConformance(async () => ({ storage: memoryStorage() }));
  return { wrappers: Object.keys(WRAPPERS), cases: cases.map(({ name }) => name) };
}

/** Runs one case of the conformance suite: `passed`, or why it was skipped; throws if it fails. */
async function conformanceCase(wrapper: string, name: string): Promise<string> {
  const found = storageConformance(() => subject(wrapper)).find((each) => each.name === name);
  const result = await found?.run();
  return result?.outcome === "skipped" ? result.reason : (result?.outcome ?? "no such case");
}

const body = (byte: number, sizeBytes = 1000): Uint8Array => new Uint8Array(sizeBytes).fill(byte);

/** Puts at once on one condition; how many were written. */
async function race(
  path: string,
  writers: number,
  condition: { ifAbsent: true } | { ifMatch: ObjectVersion },
): Promise<number> {
  const storage = opfsStorage({ path: "races" });
  const outcomes = await Promise.all(
    Array.from({ length: writers }, (_, index) =>
      storage.put(path, body(index), { objectKind: "repo", condition }),
    ),
  );
  return outcomes.filter(({ outcome }) => outcome === "written").length;
}

async function versionOf(path: string): Promise<ObjectVersion | undefined> {
  return (await opfsStorage({ path: "races" }).head(path))?.version;
}

/** Makes a repository with an array, and one commit. */
async function createRepository(path: string): Promise<void> {
  const repository = await Repository.create(opfsStorage({ path }));
  const session = await repository.writableSession("main");
  await session.store.set("zarr.json", GROUP);
  await session.store.set("a/zarr.json", ARRAY);
  await session.commit("array");
}

/** Commits a chunk for each row, and answers the messages of what was acknowledged. */
async function commitRows(path: string, first: number, count: number): Promise<string[]> {
  const repository = await Repository.open(opfsStorage({ path }));
  const acknowledged: string[] = [];
  for (let row = first; row < first + count; row++) {
    const session = await repository.writableSession("main");
    await session.store.set(`a/c/${row}/0`, body(row + 1));
    await session.commit(`row ${row}`, { solver: basicConflictSolver() });
    acknowledged.push(`row ${row}`);
  }
  return acknowledged;
}

/** The history's messages, newest first, and the first byte of every row (0: none). */
async function readRepository(path: string): Promise<{ messages: string[]; rows: number[] }> {
  const repository = await Repository.open(await storageFromUrl(`opfs:///${path}`));
  const messages = (await repository.ancestry("main").toArray()).map(({ message }) => message);
  const { store } = await repository.readonlySession("main");
  const chunks = Array.from({ length: 64 }, (_, row) => store.get(`a/c/${row}/0`));
  return { messages, rows: (await Promise.all(chunks)).map((chunk) => chunk?.[999] ?? 0) };
}

/** Replaces `repo` and makes new objects until this page ends; tells of each that is acknowledged. */
async function writeUntilTheEnd(path: string, from: number): Promise<void> {
  const { acknowledged } = globalThis as unknown as { acknowledged(turn: number): Promise<void> };
  const storage = opfsStorage({ path });
  for (let turn = from; ; turn++) {
    const bytes = body(turn & 0xff, 100_000 + (turn % 7) * 50_000);
    await Promise.all([
      storage.put(`objects/${turn}`, bytes, { objectKind: "other" }),
      storage.put(`chunks/${turn}`, bytes, { objectKind: "chunk" }),
      putNext(storage, bytes, turn),
    ]);
    await acknowledged(turn);
  }
}

async function putNext(storage: Storage, bytes: Uint8Array, turn: number): Promise<void> {
  const version = (await storage.head("repo"))?.version;
  const condition = version === undefined ? { ifAbsent: true as const } : { ifMatch: version };
  const { outcome } = await storage.put("repo", bytes, { objectKind: "repo", condition });
  if (outcome !== "written") throw new Error(`turn ${turn}: ${outcome}`);
}

/** What is listed, and which of it is not whole. Replaces `repo`, which needs its lock. */
async function lookAfterEnd(path: string) {
  const storage = opfsStorage({ path });
  const torn: string[] = [];
  const listed: string[] = [];
  for await (const { path: name } of storage.list("")) {
    listed.push(name);
    const bytes = (await storage.get(name))?.bytes ?? new Uint8Array(0);
    const turn = bytes[0] ?? 0;
    const isWhole = bytes.length >= 100_000 && (bytes.length - 100_000) % 50_000 === 0;
    if (!isWhole || bytes.some((byte) => byte !== turn)) torn.push(name);
    const named = /\/(\d+)$/.exec(name)?.[1];
    if (named !== undefined && (Number(named) & 0xff) !== turn) torn.push(name);
  }
  const found = await storage.get("repo");
  const repoTurn = found?.bytes[0] ?? -1;
  if (found !== undefined) await putNext(storage, found.bytes, repoTurn);
  return { listed, torn, repoTurn };
}

/** Names that lie in the folder itself, and names that the storage lists. */
async function namesIn(path: string): Promise<{ files: string[]; listed: string[] }> {
  const storage = opfsStorage({ path });
  await storage.put("repo", body(1), { objectKind: "repo" });
  await storage.put("repo", body(2), { objectKind: "repo" });
  await storage.put("chunks/A", body(3), { objectKind: "chunk" });
  const root = await navigator.storage.getDirectory();
  const files: string[] = [];
  for await (const name of (await root.getDirectoryHandle(path)).keys()) files.push(name);
  const listed: string[] = [];
  for await (const entry of opfsStorage({ path: "" }).list("")) listed.push(entry.path);
  return { files: files.sort(), listed: listed.filter((name) => name.includes(".icefloe")) };
}

/** Puts of the same object through a folder and through one above it, on one version. */
async function putThroughTwoFolders(): Promise<{ first: string; second: string }> {
  const outer = opfsStorage({ path: "outer" });
  const inner = await storageFromHint({ type: "opfs", path: "outer/inner" });
  await inner.put("object", body(1), { objectKind: "other" });
  const version = (await outer.head("inner/object"))?.version as ObjectVersion;
  const condition = { ifMatch: version };
  const first = await inner.put("object", body(2), { objectKind: "other", condition });
  const second = await outer.put("inner/object", body(3), { objectKind: "other", condition });
  return { first: first.outcome, second: second.outcome };
}

/** Replaces an object with more than the quota allows: the error, and what is there afterwards. */
async function putTooMuch(sizeBytes: number) {
  const storage = opfsStorage({ path: "full" });
  const before = await storage.put("object", body(1), { objectKind: "other" });
  const options = { objectKind: "other" } as const;
  const failed: unknown = await storage
    .put("object", body(2, sizeBytes), options)
    .catch((error: unknown) => error);
  const isNewFailed: unknown = await storage
    .put("chunks/new", body(2, sizeBytes), { objectKind: "chunk" })
    .catch((error: unknown) => error);
  const found = await storage.get("object");
  const drafts: string[] = [];
  for await (const name of (await draftFolder()).keys()) drafts.push(name);
  return {
    error: isIcefloeError(failed) ? { ...failed.toJSON(), cause: undefined } : String(failed),
    newKind: isIcefloeError(isNewFailed) ? isNewFailed.kind : String(isNewFailed),
    isOld: found?.bytes.length === 1000 && found.bytes[0] === 1,
    isSameVersion: before.outcome === "written" && found?.version.etag === before.version.etag,
    hasNew: (await storage.head("chunks/new")) !== undefined,
    drafts: drafts.length,
  };
}

async function draftFolder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  const own = await root.getDirectoryHandle(".icefloe");
  return own.getDirectoryHandle("drafts");
}

/** Waits for a lock that another holds, and is aborted: what the put rejects with, and what is left. */
async function abortWaiting(): Promise<{ reason: string; isAbsent: boolean }> {
  const controller = new AbortController();
  const storage = opfsStorage({ path: "waiting" });
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const name = "icefloe:opfs:waiting/object";
  const holding = navigator.locks.request(name, () => held);
  const putting = storage.put("object", body(1), {
    objectKind: "other",
    signal: controller.signal,
  });
  const settled = putting.then(() => "written", String);
  while (!(await navigator.locks.query()).pending?.some((lock) => lock.name === name));
  controller.abort("enough");
  const reason = await settled;
  release();
  await holding;
  return { reason, isAbsent: (await storage.head("object")) === undefined };
}

/** What a storage says, and does with conditions, where the browser has no locks. */
async function withoutLocks() {
  const { locks } = navigator;
  Object.defineProperty(navigator, "locks", { value: undefined, configurable: true });
  try {
    const storage = opfsStorage({ path: "lockless" });
    const plain = await storage.put("object", body(1), { objectKind: "other" });
    const refused: unknown = await storage
      .put("object", body(2), { objectKind: "other", condition: { ifAbsent: true } })
      .catch((error: unknown) => error);
    const { conditionalCreate, conditionalUpdate } = storage.capabilities;
    return {
      plain: plain.outcome,
      capabilities: { conditionalCreate, conditionalUpdate },
      refused: isIcefloeError(refused) ? [refused.kind, refused.message] : String(refused),
    };
  } finally {
    Object.defineProperty(navigator, "locks", { value: locks, configurable: true });
  }
}

async function probe() {
  return probeConditionalWrites(opfsStorage({ path: "probe" }));
}

/** Fills a row of the array: the worker of `parallelWrite`. */
export const fillRow = defineWorker<number>(async ({ fork, task: row }) => {
  await fork.store.set(`a/c/${row}/0`, body(row + 1));
});

/** Runs each job in a web worker of its own. */
const webWorkers = (): Executor => ({
  async *run(jobs) {
    for await (const { id, attempt, bytes } of jobs) {
      const result = callWorker("runFillRow", [bytes]);
      yield await result.then(
        (value): JobResult => ({ id, attempt, bytes: value as Uint8Array }),
        (error): JobResult => ({ id, attempt, error }),
      );
    }
  },
  close: () => Promise.resolve(),
});

/** `parallelWrite` by web workers, which open the storage by its hint. */
async function writeInParallel(path: string, rows: number): Promise<number> {
  const repository = await Repository.open(opfsStorage({ path }));
  const session = await repository.writableSession("main");
  const tasks = Array.from({ length: rows }, (_, row) => row);
  const worker = new URL("/worker.js", location.href);
  const report = await parallelWrite(session, { tasks, worker, executor: webWorkers() });
  await session.commit("in parallel");
  return report.tasks;
}

/** Calls a function of this module in a new worker. */
export function callWorker(name: string, parameters: readonly unknown[]): Promise<unknown> {
  const worker = new Worker("/worker.js", { type: "module" });
  const done = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) =>
      "error" in data ? reject(new Error(data.error)) : resolve(data.value);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  worker.postMessage({ name, parameters });
  return done.finally(() => worker.terminate());
}

/** What tests call. */
export const PROGRAM: Readonly<
  Record<string, (...parameters: never[]) => Promise<unknown> | unknown>
> = {
  abortWaiting,
  callWorker,
  commitRows,
  conformanceCase,
  conformanceNames,
  createRepository,
  lookAfterEnd,
  namesIn,
  probe,
  putThroughTwoFolders,
  putTooMuch,
  race,
  readRepository,
  versionOf,
  withoutLocks,
  writeInParallel,
  writeUntilTheEnd,
};
