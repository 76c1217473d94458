/**
 * Fork bytes with a right checksum whose content no fork can have made: refused where they are
 * opened or merged, by one error, and nothing changes.
 */
import { describe, expect, test } from "vitest";
import { objectIdToBytes } from "../../../../src/format/ids.ts";
import { ForkSession, type Session, type Storage } from "../../../../src/index.ts";
import type {
  ChangeSet,
  NodeChange,
  NodeState,
} from "../../../../src/session/changes/change-set.ts";
import { ChunkTable } from "../../../../src/session/changes/chunk-table.ts";
import type { Dot } from "../../../../src/session/changes/dot.ts";
import { copyPast, emptyPast } from "../../../../src/session/changes/past.ts";
import { setVirtual } from "../../../../src/session/changes/set-virtual.ts";
import { encodeForkBytes, type ForkContent } from "../../../../src/session/fork/bytes.ts";
import { decodeForkBytes } from "../../../../src/session/fork/read-bytes.ts";
import { MANIFEST_ID, NODE_A } from "../../format/manifest/ref-model.ts";
import { array, chunk, GROUP, kindOf, repositoryWithArray, text } from "../fixture.ts";

interface World {
  readonly storage: Storage;
  /** Has /n, not committed, and a chunk in it. */
  readonly session: Session;
  /** Has written to /a and /n, has updated /b, and has made /m. */
  readonly fork: ForkSession;
}

/** Committed: / and the arrays /a and /b. */
async function world(): Promise<World> {
  const { repository, session: setup, storage } = await repositoryWithArray();
  await setup.store.set("b/zarr.json", array([8], [1]));
  await setup.commit("two arrays");
  const session = await repository.writableSession("main");
  await session.store.set("n/zarr.json", array([4], [1]));
  await session.store.set("n/c/0", chunk(1));
  const fork = session.fork();
  await fork.store.set("a/c/1", chunk(1));
  await fork.store.set("n/c/1", chunk(1));
  await fork.store.set("b/zarr.json", array([8], [1], { attributes: { x: 1 } }));
  await fork.store.set("m/zarr.json", GROUP);
  return { storage, session, fork };
}

/** A fork's content that can be edited. */
type Draft = {
  -readonly [name in keyof ForkContent]: ForkContent[name] extends ReadonlyMap<infer K, infer V>
    ? Map<K, V>
    : ForkContent[name];
};
type Edit = (draft: Draft, ids: Record<"a" | "b" | "n", string>) => void;

const change = (changes: ChangeSet, path: string, edited: Partial<NodeChange>): void => {
  changes.nodes.set(path, { ...(changes.nodes.get(path) as NodeChange), ...edited });
};
const node = (changes: ChangeSet, path: string, edited: Partial<NodeState>): void => {
  const present = changes.nodes.get(path)?.node as NodeState;
  change(changes, path, { node: { ...present, ...edited } });
};
const dotOf = ({ own }: Draft): Dot => own.nodes.get("/m")?.dot as Dot;
const replaceTable = (
  draft: Draft,
  id: string,
  rank: number,
  fill: (table: ChunkTable, dot: Dot) => void,
): void => {
  const table = new ChunkTable(rank);
  fill(table, dotOf(draft));
  draft.own.chunks.set(id, table);
};
const ID = objectIdToBytes(MANIFEST_ID);

/** Cases that can be told from the bytes and the base, and those that take the receiver, too. */
const GARBLED: readonly (readonly [string, Edit])[] = [
  ["metadata that is no JSON", ({ own }) => node(own, "/m", { userData: text("{") })],
  ["metadata that is no UTF-8", ({ own }) => node(own, "/m", { userData: Uint8Array.of(0xff) })],
  ["metadata of Zarr 2", ({ own }) => node(own, "/m", { userData: text('{"zarr_format":2}') })],
  [
    "metadata of an array without a shape",
    ({ own }) => node(own, "/m", { userData: text('{"zarr_format":3,"node_type":"array"}') }),
  ],
  ["a new node with the id of a committed one", ({ own }, { a }) => node(own, "/m", { id: a })],
  ["an update with the id of another node", ({ own }, { a }) => node(own, "/b", { id: a })],
  ["an update that makes the array a group", ({ own }) => node(own, "/b", { userData: GROUP })],
  [
    "an update of the array's rank",
    ({ own }) => node(own, "/b", { userData: array([8, 8], [1, 1]) }),
  ],
  [
    "another node as the base of a change",
    ({ own }, { a }) => change(own, "/b", { base: { id: a, type: "array" } }),
  ],
  [
    "a group as the base of a changed array",
    ({ own }, { b }) => change(own, "/b", { base: { id: b, type: "group" } }),
  ],
  ["no base of a changed node", ({ own }) => change(own, "/b", { base: undefined })],
  [
    "a base of a node that the base does not have",
    ({ own }, { a }) => change(own, "/m", { base: { id: a, type: "array" } }),
  ],
  [
    "chunks outside the grid",
    (draft, { a }) =>
      replaceTable(draft, a, 1, (table, dot) => table.setInline([8], chunk(1), dot)),
  ],
  [
    "chunks of another rank",
    (draft, { a }) =>
      replaceTable(draft, a, 2, (table, dot) => table.setInline([0, 0], chunk(1), dot)),
  ],
  [
    "chunks of rank 0",
    (draft, { a }) => replaceTable(draft, a, 0, (table, dot) => table.setInline([], chunk(1), dot)),
  ],
  [
    "an empty inline chunk",
    (draft, { a }) =>
      replaceTable(draft, a, 1, (table, dot) => table.setInline([0], chunk(0), dot)),
  ],
  [
    "an empty native chunk",
    (draft, { a }) =>
      replaceTable(draft, a, 1, (table, dot) => table.setNative([0], ID, 0, 0, dot)),
  ],
  [
    "a native chunk that ends behind 2^53",
    (draft, { a }) =>
      replaceTable(draft, a, 1, (table, dot) =>
        table.setNative([0], ID, Number.MAX_SAFE_INTEGER, 1, dot),
      ),
  ],
  ...["", "no URL", "s3:///key", "S3://bucket/key", "file:///a/../b"].map(
    (location): readonly [string, Edit] => [
      `a virtual chunk at ${JSON.stringify(location)}`,
      (draft, { a }) =>
        replaceTable(draft, a, 1, (table, dot) =>
          setVirtual(table, [0], { location, offset: 0, length: 1 }, dot),
        ),
    ],
  ),
  [
    "a virtual chunk of a time after 2106",
    (draft, { a }) =>
      replaceTable(draft, a, 1, (table, dot) =>
        setVirtual(
          table,
          [0],
          { location: "s3://b/k", offset: 0, length: 1, lastModifiedSeconds: 2 ** 32 },
          dot,
        ),
      ),
  ],
  [
    "chunks of a node that is nowhere",
    (draft) => {
      replaceTable(draft, NODE_A, 1, (table, dot) => table.setInline([0], chunk(1), dot));
      draft.writtenUnder.set(NODE_A, { path: "/m", signature: "{}" });
    },
  ],
  [
    "chunks of a path that is nowhere",
    ({ writtenUnder }, { a }) => writtenUnder.set(a, { path: "/none", signature: "{}" }),
  ],
  [
    "chunks of another array's path",
    ({ writtenUnder }, { a, b }) =>
      writtenUnder.set(a, {
        ...(writtenUnder.get(a) as { signature: string }),
        path: b === a ? "" : "/b",
      }),
  ],
  [
    "chunks written under metadata that never was",
    ({ writtenUnder }, { a }) => writtenUnder.set(a, { path: "/a", signature: "{}" }),
  ],
  [
    "chunks of an uncommitted array, outside its grid",
    (draft, { n }) =>
      replaceTable(draft, n, 1, (table, dot) => table.setInline([4], chunk(1), dot)),
  ],
  [
    "chunks of an uncommitted array, of another rank",
    (draft, { n }) =>
      replaceTable(draft, n, 2, (table, dot) => table.setInline([0, 0], chunk(1), dot)),
  ],
  [
    "chunks of an uncommitted array, under metadata that never was",
    ({ writtenUnder }, { n }) => writtenUnder.set(n, { path: "/n", signature: "{}" }),
  ],
  ["a new node with the id of an uncommitted one", ({ own }, { n }) => node(own, "/m", { id: n })],
  [
    "writes that the version does not hold",
    (draft) => {
      draft.past = copyPast(draft.needPast);
    },
  ],
  [
    "a write of epoch 0",
    (draft) => change(draft.own, "/m", { dot: { ...dotOf(draft), epoch: 0 } }),
  ],
];

/** The bytes of the world's fork with an edit; `undefined` if they can't even be written so. */
async function garbled({ session, fork }: World, edit: Edit, overlay: "carry" | "omit") {
  const content = decodeForkBytes(fork.toBytes({ overlay }));
  const draft = {
    ...content,
    writtenUnder: new Map(content.writtenUnder),
  };
  const [a, b, n] = await Promise.all(["/a", "/b", "/n"].map((path) => session.getNodeId(path)));
  edit(draft, { a, b, n } as Record<"a" | "b" | "n", string>);
  return encodeForkBytes(draft);
}

describe.each(GARBLED)("fork bytes with %s", (_, edit) => {
  test("are refused where they are opened", async () => {
    const here = await world();
    const bytes = await garbled(here, edit, "carry");

    const opened = ForkSession.fromBytes(bytes, { storage: here.storage });

    expect(await kindOf(opened)).toBe("invalid-fork-bytes");
  });

  test.each(["carry", "omit"] as const)(
    "are refused by a merge, which changes nothing, with overlay %s",
    async (overlay) => {
      const here = await world();
      const bytes = await garbled(here, edit, overlay);
      const before = await here.session.store.list().toArray();

      expect(await kindOf(here.session.merge(bytes))).toBe("invalid-fork-bytes");

      expect(await here.session.store.list().toArray()).toEqual(before);
      await here.session.merge(here.fork);
      await here.session.commit("nothing is left of it");
    },
  );
});

test("fork bytes that do not hold what they rest on are refused where they are opened", async () => {
  const laterThan = ({ origin, epoch }: Dot): Dot => ({ origin, epoch: epoch + 1 });
  const edits: Edit[] = [
    (draft) => {
      draft.need = laterThan(draft.need as Dot);
    },
    (draft) => {
      draft.self = laterThan(draft.self as Dot);
    },
    (draft) => {
      draft.needPast = emptyPast();
    },
  ];
  for (const edit of edits) {
    const here = await world();
    const bytes = await garbled(here, edit, "carry");

    const opened = ForkSession.fromBytes(bytes, { storage: here.storage });

    expect(await kindOf(opened)).toBe("invalid-fork-bytes");
  }
});

test("fork bytes that name a state which the receiver does not hold are refused by a merge", async () => {
  const here = await world();
  const bytes = await garbled(
    here,
    (draft) => {
      draft.need = { origin: MANIFEST_ID, epoch: 1 };
    },
    "omit",
  );

  expect(await kindOf(here.session.merge(bytes))).toBe("fork-base-mismatch");
});

test("fork bytes whose births lead in a circle are merged as if they ended", async () => {
  const here = await world();
  const bytes = await garbled(
    here,
    (draft) => {
      const dot = dotOf(draft);
      draft.past = copyPast(draft.past);
      draft.past.births.set(dot.origin, dot);
      draft.past.births.set((draft.need as Dot).origin, dot);
    },
    "omit",
  );

  await here.session.merge(bytes);

  expect(await here.session.getNodeId("/m")).toBe(await here.fork.getNodeId("/m"));
});

test("fork bytes whose overlay makes no sense are refused where they are opened", async () => {
  const edits: Edit[] = [
    ({ overlay }, { a }) => node(overlay, "/n", { id: a }),
    ({ overlay }) => change(overlay, "/n", { base: { id: NODE_A, type: "array" } }),
    ({ overlay }, { n }) => overlay.chunks.delete(n) && overlay.nodes.delete("/n"),
    (draft, { a }) => {
      const table = new ChunkTable(2);
      table.setInline([0, 0], chunk(1), draft.overlay.nodes.get("/n")?.dot as Dot);
      draft.overlay.chunks.set(a, table);
    },
    (draft, { a }) => {
      const table = new ChunkTable(1);
      table.setInline([8], chunk(1), draft.overlay.nodes.get("/n")?.dot as Dot);
      draft.overlay.chunks.set(a, table);
    },
    (draft) => change(draft.overlay, "/n", { dot: dotOf(draft) }),
  ];
  for (const edit of edits) {
    const here = await world();
    const bytes = await garbled(here, edit, "carry");

    const opened = ForkSession.fromBytes(bytes, { storage: here.storage });

    expect(await kindOf(opened)).toBe("invalid-fork-bytes");
  }
});

test("fork bytes may hold what a shrink has put outside the grid", async () => {
  const { storage, session } = await repositoryWithArray().then(({ storage: s, session: one }) => ({
    storage: s,
    session: one,
  }));
  await session.store.set("a/c/7", chunk(1));
  await session.store.set("a/zarr.json", array([4], [1]));
  const fork = session.fork();
  await fork.store.delete("a/c/6");
  await fork.store.set("a/c/1", chunk(1));

  const opened = await ForkSession.fromBytes(fork.toBytes(), { storage });
  await session.merge([opened.toBytes({ overlay: "omit" }), fork.toBytes()]);

  await session.store.set("a/zarr.json", array([8], [1]));
  expect(await session.chunkCoordinates("/a").toArray()).toEqual([[1], [7]]);
});
