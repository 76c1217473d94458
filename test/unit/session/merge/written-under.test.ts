/**
 * Chunks keep the meaning they were written under, whatever became of the array's metadata since
 * and however the fork travelled.
 */
import { describe, expect, test } from "vitest";
import { ForkSession, type Session, type Storage } from "../../../../src/index.ts";
import { array, chunk, kindOf, rejection, repositoryWithArray } from "../fixture.ts";

type Way = (fork: ForkSession) => ForkSession | Uint8Array;

/** How a fork comes back to its receiver. */
const WAYS: readonly (readonly [string, Way])[] = [
  ["live", (fork) => fork],
  ["as bytes", (fork) => fork.toBytes()],
  ["as bytes without the overlay", (fork) => fork.toBytes({ overlay: "omit" })],
];

const endian = (order: "little" | "big", extra: object = {}): Uint8Array =>
  array([8], [1], {
    data_type: "int32",
    codecs: [{ name: "bytes", configuration: { endian: order } }],
    ...extra,
  });

async function littleEndianArray(): Promise<{ storage: Storage; session: Session }> {
  const { repository, session, storage } = await repositoryWithArray();
  await session.store.delete("a/zarr.json");
  await session.store.set("a/zarr.json", endian("little"));
  await session.commit("little-endian");
  return { storage, session: await repository.writableSession("main") };
}

describe.each(WAYS)("a fork that comes back %s", (_, way) => {
  test("is refused if its chunks would be read in another byte order, which was changed and changed back", async () => {
    const { session } = await littleEndianArray();
    await session.store.set("a/zarr.json", endian("big"));
    const fork = session.fork();
    await fork.store.set("a/c/0", Uint8Array.of(0, 0, 0, 1));
    await session.store.set("a/zarr.json", endian("little"));

    const error = await rejection(session.merge(way(fork)));

    expect(error.kind).toBe("merge-failed");
    expect(error.details?.["paths"]).toEqual(["/a"]);
    expect(await session.store.get("a/c/0")).toBeUndefined();
  });

  test("is taken if the byte order was changed and changed back around its whole life", async () => {
    const { session } = await littleEndianArray();
    await session.store.set("a/zarr.json", endian("big"));
    await session.store.set("a/zarr.json", endian("little"));
    const fork = session.fork();
    await fork.store.set("a/c/0", Uint8Array.of(1, 0, 0, 0));
    await session.store.set("a/zarr.json", endian("big"));
    await session.store.set("a/zarr.json", endian("little"));

    await session.merge(way(fork));

    expect(await session.store.get("a/c/0")).toEqual(Uint8Array.of(1, 0, 0, 0));
  });

  test("is taken with its chunks of an uncommitted array, before and after another's update of attributes", async () => {
    for (const order of [
      [0, 1, 2],
      [1, 0, 2],
      [1, 2, 0],
    ]) {
      const { session } = await repositoryWithArray();
      await session.store.set("n/zarr.json", array([4], [1]));
      const forks = [session.fork(), session.fork(), session.fork()] as const;
      await forks[0].store.set("n/zarr.json", array([4], [1], { attributes: { x: 1 } }));
      await forks[1].store.set("n/c/1", chunk(1));
      await forks[2].store.set("n/c/2", chunk(1));

      await session.merge(order.map((at) => way(forks[at] as ForkSession)));

      const keys = ["n/zarr.json", "n/c/1", "n/c/2"];
      expect(await session.store.listPrefix("n").toArray()).toEqual(keys);
    }
  });

  test("is refused with its chunks of an uncommitted array that another has given a new meaning, in both orders", async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const { session } = await repositoryWithArray();
      await session.store.set("n/zarr.json", endian("little"));
      const forks = [session.fork(), session.fork()] as const;
      await forks[0].store.set("n/zarr.json", endian("big"));
      await forks[1].store.set("n/c/0", Uint8Array.of(1, 0, 0, 0));
      const before = await session.store.list().toArray();

      const merged = session.merge(order.map((at) => way(forks[at] as ForkSession)));

      expect(await kindOf(merged)).toBe("merge-failed");
      expect(await session.store.list().toArray()).toEqual(before);
    }
  });

  test("is refused whichever side a policy prefers, if the other has given the array a new meaning", async () => {
    for (const onOverlap of ["ours", "theirs"] as const) {
      for (const order of [
        [0, 1],
        [1, 0],
      ]) {
        const { session } = await littleEndianArray();
        const forks = [session.fork(), session.fork()] as const;
        await forks[0].store.set("a/c/0", Uint8Array.of(1, 0, 0, 0));
        await forks[1].store.set("a/zarr.json", endian("big"));
        await forks[1].store.set("a/c/0", Uint8Array.of(0, 0, 0, 1));

        const inputs = order.map((at) => way(forks[at] as ForkSession));

        expect(await kindOf(session.merge(inputs, { onOverlap }))).toBe("merge-failed");
      }
    }
  });

  test("of equal bytes that mean something else is refused", async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const { session } = await littleEndianArray();
      const forks = [session.fork(), session.fork()] as const;
      await forks[0].store.set("a/c/0", Uint8Array.of(1, 0, 0, 0));
      await forks[1].store.set("a/zarr.json", endian("big"));
      await forks[1].store.set("a/c/0", Uint8Array.of(1, 0, 0, 0));

      const merged = session.merge(order.map((at) => way(forks[at] as ForkSession)));

      expect(await kindOf(merged)).toBe("merge-failed");
    }
  });

  test("may give its own chunks a new meaning", async () => {
    const { session } = await littleEndianArray();
    const fork = session.fork();
    await fork.store.set("a/c/0", Uint8Array.of(1, 0, 0, 0));
    await fork.store.set("a/zarr.json", endian("big"));

    await session.merge(way(fork));

    expect(await session.store.get("a/zarr.json")).toEqual(endian("big"));
    expect(await session.store.get("a/c/0")).toEqual(Uint8Array.of(1, 0, 0, 0));
  });

  test("with a grandchild's chunks is refused by a grandparent that has changed the array meanwhile", async () => {
    const { session } = await littleEndianArray();
    await session.store.set("a/zarr.json", endian("big"));
    const child = session.fork();
    const grandchild = child.fork();
    await grandchild.store.set("a/c/0", Uint8Array.of(0, 0, 0, 1));
    await child.merge(way(grandchild));
    await session.store.set("a/zarr.json", endian("little"));

    expect(await kindOf(session.merge(way(child)))).toBe("merge-failed");
    expect(await kindOf(session.merge(way(grandchild)))).toBe("merge-failed");
    await session.store.set("a/zarr.json", endian("big", { attributes: { again: true } }));
    await session.merge([way(child), way(grandchild)]);
    expect(await session.store.get("a/c/0")).toEqual(Uint8Array.of(0, 0, 0, 1));
  });

  test("is merged, with what it merged itself, in a parent whose child saw other metadata", async () => {
    const { session } = await littleEndianArray();
    const child = session.fork();
    await child.store.set("a/zarr.json", endian("big"));
    const grandchild = child.fork();
    await grandchild.store.set("a/c/0", Uint8Array.of(0, 0, 0, 1));
    await child.store.set("a/zarr.json", endian("little"));

    expect(await kindOf(child.merge(way(grandchild)))).toBe("merge-failed");
    await session.merge(way(child));
    expect(await kindOf(session.merge(way(grandchild)))).toBe("merge-failed");
    expect(await session.store.get("a/c/0")).toBeUndefined();
  });

  test("with chunks of an uncommitted array that its parent has deleted is refused by the array's path", async () => {
    const { session } = await repositoryWithArray();
    await session.store.set("n/zarr.json", array([4], [1]));
    const fork = session.fork();
    await fork.store.set("n/c/0", chunk(1));
    await session.store.delete("n/zarr.json");

    const error = await rejection(session.merge(way(fork)));

    expect(error.kind).toBe("merge-failed");
    expect(error.details?.["paths"]).toEqual(["/n"]);
  });
});

test("a fork opened from bytes remembers for its own bytes what its chunks were written under", async () => {
  const { session, storage } = await littleEndianArray();
  await session.store.set("a/zarr.json", endian("big"));
  const first = session.fork();
  await first.store.set("a/c/0", Uint8Array.of(0, 0, 0, 1));
  const second = await ForkSession.fromBytes(first.toBytes(), { storage });
  await second.store.set("a/c/1", Uint8Array.of(0, 0, 0, 1));
  await session.store.set("a/zarr.json", endian("little"));

  for (const overlay of ["carry", "omit"] as const) {
    expect(await kindOf(session.merge(second.toBytes({ overlay })))).toBe("merge-failed");
  }
});
