/** What one write, deletion or listing of nodes costs in a session that has changed many others. */
import { expect, test, vi } from "vitest";
import { compareUtf8 } from "../../../../src/base/bytes.ts";
import { OrderedMap } from "../../../../src/base/ordered-map.ts";
import { memoryStorage, Repository, type Session, type Store } from "../../../../src/index.ts";
import {
  changeSetOf,
  type NodeChange,
  NodeChanges,
} from "../../../../src/session/changes/change-set.ts";
import { mustGetState } from "../../../../src/session/state/access.ts";
import { array, GROUP } from "../fixture.ts";

/** Changed nodes; counts comparisons of paths and entries that are walked over. */
class CountingChanges extends NodeChanges {
  steps = 0;

  constructor() {
    super([], (a, b) => {
      this.steps++;
      return compareUtf8(a, b);
    });
  }

  override *from(path: string): IterableIterator<[string, NodeChange]> {
    for (const entry of super.from(path)) {
      this.steps++;
      yield entry;
    }
  }

  override *entries(): MapIterator<[string, NodeChange]> {
    for (const entry of super.entries()) {
      this.steps++;
      yield entry;
    }
  }
}

/** A session with `count` groups that it has made, an array in each; and what counts its steps. */
async function sessionWithGroups(count: number): Promise<[Session, CountingChanges]> {
  const repository = await Repository.create(await memoryStorage());
  const session = await repository.writableSession("main");
  const nodes = new CountingChanges();
  mustGetState(session).own = changeSetOf(nodes);
  await session.store.set("zarr.json", GROUP);
  for (let at = 0; at < count; at++) {
    await session.store.set(`g${at}/zarr.json`, GROUP);
    await session.store.set(`g${at}/x/zarr.json`, array([1], [1]));
  }
  nodes.steps = 0;
  return [session, nodes];
}

const WORK: Record<string, (store: Store) => Promise<unknown>> = {
  "a group deleted": (store) => store.deleteDir("g7"),
  "an array deleted": (store) => store.deleteDir("g7/x"),
  "a group deleted and made anew": async (store) => {
    await store.deleteDir("g7");
    await store.set("g7/zarr.json", GROUP);
  },
  "a zarr.json replaced": (store) =>
    store.set("g7/x/zarr.json", array([1], [1], { attributes: { a: 1 } })),
  "a group listed": (store) => store.listDir("g7").toArray(),
  "keys of a group listed": (store) => store.listPrefix("g7").toArray(),
  "size of a group": (store) => store.getSizePrefix("g7"),
};

test.each(Object.entries(WORK))(
  "%s: the same among sixteen times as many nodes",
  async (_, work) => {
    const steps = [];
    for (const count of [64, 1024]) {
      const [session, nodes] = await sessionWithGroups(count);
      await work(session.store);
      steps.push(nodes.steps);
    }

    const [few, many] = steps as [number, number];
    expect(few).toBeGreaterThan(0);
    expect(many).toBeLessThanOrEqual(few * 2); // The logarithm has grown from 7 to 11.
  },
);

test("the root's children are listed without their subtrees", async () => {
  const [session, nodes] = await sessionWithGroups(4);
  for (let at = 0; at < 1000; at++) {
    await session.store.set(`g1/a${at}/zarr.json`, GROUP);
  }
  nodes.steps = 0;

  const names = await session.store.listDir("").toArray();

  expect(names).toEqual(["zarr.json", "g0", "g1", "g2", "g3"]);
  expect(nodes.steps).toBeLessThan(200);
});

test("a rebase takes back nodes below many others without walking over all changes each time", async () => {
  const repository = await Repository.create(await memoryStorage());
  const theirs = await repository.writableSession("main");
  const ours = await repository.writableSession("main");
  for (let at = 0; at < 100; at++) {
    await theirs.store.set(`g${at}/zarr.json`, array([1], [1]));
    await ours.store.set(`g${at}/zarr.json`, GROUP);
    await ours.store.set(`g${at}/x/zarr.json`, GROUP);
  }
  await theirs.commit("arrays");
  const walks = vi.spyOn(OrderedMap.prototype, "entries");

  await ours.rebase(() => "theirs");

  expect(walks.mock.calls.length).toBeLessThan(20);
  walks.mockRestore();
  expect(await ours.store.list().toArray()).toHaveLength(100);
});
