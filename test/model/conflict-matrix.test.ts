/** Every pair of actions of two writers: the same conflicts as the official engine, damage excepted. */
import { describe, expect, test } from "vitest";
import {
  isIcefloeError,
  memoryStorage,
  type RebaseFailedError,
  Repository,
  type Session,
} from "../../src/index.ts";
import { ACTIONS, type Action, expectedConflicts } from "./conflict-matrix.ts";

const text = new TextEncoder();

function array(attributes: Record<string, unknown> = {}): Uint8Array {
  return text.encode(
    JSON.stringify({
      zarr_format: 3,
      node_type: "array",
      shape: [5],
      data_type: "uint8",
      chunk_grid: { name: "regular", configuration: { chunk_shape: [1] } },
      chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
      fill_value: 0,
      codecs: [{ name: "bytes" }],
      attributes,
    }),
  );
}

function group(attributes: Record<string, unknown> = {}): Uint8Array {
  return text.encode(JSON.stringify({ zarr_format: 3, node_type: "group", attributes }));
}

/** What each action does. `who` keeps the two sides' writes apart. */
const PERFORM: Record<Action, (session: Session, who: number) => Promise<void>> = {
  "chunk a/0": ({ store }, who) => store.set("a/c/0", Uint8Array.of(who)),
  "chunk a/1": ({ store }, who) => store.set("a/c/1", Uint8Array.of(who)),
  "del chunk a/0": ({ store }) => store.delete("a/c/0"),
  "del absent a/4": ({ store }) => store.delete("a/c/4"),
  "chunk b/0": ({ store }, who) => store.set("b/c/0", Uint8Array.of(who)),
  "meta a": ({ store }, who) => store.set("a/zarr.json", array({ who })),
  "meta g": ({ store }, who) => store.set("g/zarr.json", group({ who })),
  "del a": ({ store }) => store.deleteDir("a"),
  "del g": ({ store }) => store.deleteDir("g"),
  "del+new a": async ({ store }, who) => {
    await store.deleteDir("a");
    await store.set("a/zarr.json", array({ who }));
  },
  "a→group": async ({ store }, who) => {
    await store.deleteDir("a");
    await store.set("a/zarr.json", group({ who }));
  },
  "new n (group)": ({ store }, who) => store.set("n/zarr.json", group({ who })),
  "new n (array)": ({ store }, who) => store.set("n/zarr.json", array({ who })),
  "new g/k": ({ store }, who) => store.set("g/k/zarr.json", group({ who })),
  "new n/k": ({ store }, who) => store.set("n/k/zarr.json", group({ who })),
  "new a/k": ({ store }, who) => store.set("a/k/zarr.json", group({ who })),
};

async function makeRepository(): Promise<Repository> {
  const repository = await Repository.create(memoryStorage());
  const session = await repository.writableSession("main");
  await session.store.set("zarr.json", group());
  await session.store.set("g/zarr.json", group());
  for (const name of ["a", "b"]) {
    await session.store.set(`${name}/zarr.json`, array());
    for (const chunk of [0, 1]) await session.store.set(`${name}/c/${chunk}`, Uint8Array.of(9));
  }
  await session.commit("start");
  return repository;
}

async function conflictsOf(session: Session): Promise<string[]> {
  try {
    await session.rebase();
    return [];
  } catch (error) {
    if (!isIcefloeError(error, "rebase-failed")) throw error;
    return (error as RebaseFailedError).conflicts.map(({ type }) => type).sort();
  }
}

describe.each(ACTIONS)("after their %s", (theirs) => {
  test.each(ACTIONS)("our %s", async (ours) => {
    const repository = await makeRepository();
    const [first, second] = [
      await repository.writableSession("main"),
      await repository.writableSession("main"),
    ];
    await PERFORM[theirs](first, 1);
    await PERFORM[ours](second, 2);
    const theirId = await first.commit("theirs");
    const baseId = second.snapshotId;
    const status = await second.status();

    const conflicts = await conflictsOf(second);

    expect(conflicts).toEqual(expectedConflicts(theirs, ours));
    if (conflicts.length > 0) {
      expect(second.snapshotId).toBe(baseId);
      expect(await second.status()).toEqual(status);
      return;
    }
    expect(second.snapshotId).toBe(theirId);
    await second.commit("ours", { allowEmpty: true });
    const keys = await (await repository.readonlySession("main")).store.list().toArray();
    expect(new Set(keys).size).toBe(keys.length);
  });
});
