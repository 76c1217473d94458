/**
 * One repository, in place on a real server, for icefloe and the official engine (Python) both.
 * fake-gcs-server is spoken to through a gateway, since the official engine uploads by the XML API
 * (gcs-xml.ts).
 */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { basicConflictSolver, Repository } from "../../src/index.ts";
import type { Storage } from "../../src/storage/port.ts";
import {
  apply,
  arrayJson,
  bytesOf,
  commit,
  comparable,
  dumpVersion,
  groupJson,
  historyOf,
  INLINE_BYTES,
  refsOf,
  set,
} from "../interop/content.ts";
import { type Dump, type Oracle, pythonOracle, type Step } from "../interop/oracle.ts";
import { contentTypeOn } from "./buckets.ts";
import { describeWith } from "./describe-with.ts";
import { type OfficialStore, officialStoreOn } from "./official-stores.ts";
import { type Server, startServer } from "./server.ts";
import { STORES } from "./stores.ts";

const BUCKET = "official";
const NATIVE_BYTES = 3000;
const config = { inlineChunkThresholdBytes: INLINE_BYTES };

/** Groups, and arrays with chunks inline and in objects of their own. */
const START: readonly Step[] = [
  set("zarr.json", groupJson({ title: "both engines" })),
  set("g/zarr.json", groupJson()),
  set("g/native/zarr.json", arrayJson([8, NATIVE_BYTES], [1, NATIVE_BYTES])),
  set("g/inline/zarr.json", arrayJson([64], [8])),
  set("scalar/zarr.json", arrayJson([], [])),
  set("scalar/c", bytesOf(1, 5)),
  ...[0, 1, 5].map((i) => set(`g/native/c/${i}/0`, bytesOf(NATIVE_BYTES, i))),
  ...[0, 3].map((i) => set(`g/inline/c/${i}`, bytesOf(8, i))),
];

/** Changes of one turn: other chunks, one chunk of both sizes less, another node. */
const turn = (number: number): readonly Step[] => [
  set(`g/native/c/${number % 8}/0`, bytesOf(NATIVE_BYTES, 100 + number)),
  set(`g/inline/c/${number % 8}`, bytesOf(8, number)),
  { delete: `g/native/c/${(number + 3) % 8}/0` },
  set(`n${number}/zarr.json`, arrayJson([4], [2], { number })),
  set(`n${number}/c/1`, bytesOf(2, number)),
];

let python: Oracle;
beforeAll(() => {
  python = pythonOracle();
});
afterAll(() => python.close());

for (const [name, makeStorage] of STORES) {
  describeWith([name], name, () => {
    let server: Server;
    let storage: Storage;
    let official: OfficialStore;
    let made = 0;
    beforeAll(async () => {
      server = await startServer(name);
      await server.createBucket(BUCKET);
    });
    afterAll(() => server.stop());
    beforeEach(async () => {
      const prefix = `folder/${made++}`;
      storage = makeStorage(server, BUCKET, prefix);
      official = await officialStoreOn(server, BUCKET, prefix);
      return () => official.stop();
    });

    const call = <T>(method: string, parameters: Record<string, unknown> = {}): Promise<T> =>
      python.call<T>(method, { ...official.parameters, ...parameters });

    /** All versions of the branch, read by both; all refs. */
    async function expectSame(repository: Repository): Promise<void> {
      const history = await historyOf(repository, "main");
      expect(history).toEqual(await call("history"));
      for (const { id } of history) {
        const version = { snapshotId: id };
        const theirs = await call<Dump>("dump", { version });
        expect(comparable(await dumpVersion(repository, version))).toEqual(comparable(theirs));
      }
      expect(await refsOf(repository)).toEqual(await call("refs"));
    }

    test("a repository that icefloe wrote is read whole in place, and takes commits of both in turns", async () => {
      const repository = await Repository.create(storage, { config });
      const first = await commit(repository, "start", START, { metadata: { by: "icefloe" } });
      await repository.createBranch("side", first);
      await repository.createTag("v1", first);
      await commit(repository, "aside", turn(0), { branch: "side" });
      await expectSame(repository);

      const theirs = await call<string>("write", { steps: turn(1), message: "theirs" });
      const ours = await commit(repository, "ours", turn(2));
      const last = await call<string>("write", { steps: turn(3), message: "theirs again" });

      const reopened = await Repository.open(storage);
      await expectSame(reopened);
      const history = await historyOf(reopened, "main");
      expect(history.map(({ id }) => id).slice(0, 4)).toEqual([last, ours, theirs, first]);
    });

    test("a repository that the official engine wrote is read whole in place, and committed to", async () => {
      await call("create", { inlineBytes: INLINE_BYTES, splitChunks: 3 });
      const first = await call<string>("write", { steps: START, message: "start" });
      await call("manage", { call: "create_tag", arguments: ["v1", first] });
      await call("manage", { call: "create_branch", arguments: ["side", first] });

      const repository = await Repository.open(storage);
      await expectSame(repository);
      await commit(repository, "ours", turn(1));
      await repository.createTag("v2", await repository.lookupBranch("main"));

      await expectSame(repository);
    });

    test("commits of both at once are in one history, each once", async () => {
      const repository = await Repository.create(storage, { config });
      await commit(repository, "start", START);

      const theirs = [0, 1, 2].map((i) =>
        call<string>("write", {
          steps: [set(`g/inline/c/${i}`, bytesOf(8, i))],
          message: `theirs ${i}`,
          solver: "basic",
        }),
      );
      const ours = [4, 5, 6, 7].map(async (i) => {
        const session = await (await Repository.open(storage)).writableSession("main");
        await apply(session.store, [set(`g/native/c/${i}/0`, bytesOf(NATIVE_BYTES, i))]);
        return session.commit(`ours ${i}`, { solver: basicConflictSolver() });
      });
      const acknowledged = await Promise.all([...theirs, ...ours]);

      const history = await historyOf(repository, "main");
      expect(
        history
          .map(({ id }) => id)
          .slice(0, 7)
          .sort(),
      ).toEqual(acknowledged.sort());
      expect(history.at(-2)?.message).toBe("start");
      expect(history).toHaveLength(9);
      await expectSame(repository);
    });

    test("objects lie, are typed and described as those of the official engine", async () => {
      const repository = await Repository.create(storage, { config });
      await commit(repository, "start", START);
      const theirs = await officialStoreOn(server, BUCKET, "folder/theirs");
      const parameters = { ...theirs.parameters, inlineBytes: INLINE_BYTES };
      await python.call("create", parameters);
      await python.call("write", { ...parameters, steps: START, message: "start" });
      await theirs.stop();

      const prefix = `folder/${made - 1}`;
      const found = await factsOf(server, storage, prefix);
      const wanted = makeStorage(server, BUCKET, "folder/theirs");
      expect(found).toEqual(await factsOf(server, wanted, "folder/theirs"));
      expect(found.get("repo")).toEqual([
        "application/octet-stream icclient=an engine,iccompalg=zstd,icechunkwriteid=36 characters,icfiletype=repo-info,icspecver=2",
      ]);
      expect(found.get("chunks")).toHaveLength(3);
    });
  });
}

/** What each object is stored with, by the folder that it lies in; ids and names of clients left out. */
async function factsOf(
  server: Server,
  storage: Storage,
  prefix: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const facts = new Map<string, string[]>();
  for await (const { path } of storage.list("")) {
    const [folder = ""] = path.split("/");
    if (folder === "overwritten") continue; // Copies; the official engine drops what describes them on some stores.
    const contentType = await contentTypeOn(
      server.name,
      server.url,
      server,
      `${BUCKET}/${prefix}/${path}`,
    );
    const { metadata = {} } = (await storage.head(path)) ?? {};
    const described = Object.entries(metadata)
      .map(([key, value]) => {
        if (key === "icclient")
          return `${key}=${value.replace(/^(icefloe|ic)-[\d.]+$/, "an engine")}`;
        return key === "icechunkwriteid" ? `${key}=${value.length} characters` : `${key}=${value}`;
      })
      .sort();
    facts.set(folder, [...(facts.get(folder) ?? []), `${contentType} ${described.join()}`].sort());
  }
  return facts;
}
