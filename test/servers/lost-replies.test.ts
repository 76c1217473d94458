/**
 * Replies that a proxy loses after a real server has carried the request out: what was done is found
 * out, nothing is done twice, and only what nobody can know is told as unknown.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isIcefloeError } from "../../src/base/errors.ts";
import { basicConflictSolver, Repository, type Session } from "../../src/index.ts";
import type { Storage } from "../../src/storage/port.ts";
import { arrayJson, bytesOf, commit, set } from "../interop/content.ts";
import { describeWith } from "./describe-with.ts";
import { createProxy, type FaultProxy } from "./fault-proxy.ts";
import { isUpdateOfRepo, type Loss, withLoss } from "./lossy.ts";
import { type Server, startServer } from "./server.ts";
import { STORES, s3On } from "./stores.ts";

const BUCKET = "lossy";
const BODY = bytesOf(1000, 1);
const cutReply = (proxy: FaultProxy): Promise<void> => proxy.cutReplies();
const cutRequest = (proxy: FaultProxy): Promise<void> => proxy.cutRequests();

for (const [name, makeStorage] of STORES) {
  describeWith([name, "toxiproxy"], name, () => {
    let server: Server;
    let proxy: FaultProxy;
    /** One folder: straight to the server, and through the proxy. */
    let direct: Storage;
    let storage: Storage;
    let made = 0;
    beforeAll(async () => {
      server = await startServer(name);
      await server.createBucket(BUCKET);
      proxy = await createProxy(server);
    });
    afterAll(async () => {
      await proxy.stop();
      await server.stop();
    });
    beforeEach(() => {
      const prefix = `folder/${made++}`;
      const { accessKeyId, secretAccessKey, region } = server;
      direct = makeStorage(server, BUCKET, prefix);
      storage = makeStorage(
        { accessKeyId, secretAccessKey, region, url: proxy.url },
        BUCKET,
        prefix,
      );
    });
    afterEach(async () => {
      await proxy.reset();
      await Promise.all([storage.close(), direct.close()]);
    });

    /** A repository through the proxy, a session with a change, and what is lost of its requests. */
    async function lossy(
      loss: Omit<Loss, "isHit"> & Partial<Loss>,
    ): Promise<{ readonly session: Session; hit(): boolean; readonly repository: Repository }> {
      await commit(await Repository.create(direct), "start", [
        set("a/zarr.json", arrayJson([8_000], [1_000])),
      ]);
      const hurt = withLoss(storage, proxy, { isHit: isUpdateOfRepo, ...loss });
      const repository = await Repository.open(hurt.storage);
      const session = await repository.writableSession("main");
      await session.store.set("a/c/0", BODY);
      return { session, hit: hurt.hit, repository };
    }

    /** The messages of the branch, oldest first, as a fresh reader finds them. */
    async function messages(): Promise<string[]> {
      const repository = await Repository.open(direct);
      const history = await repository.ancestry("main").toArray();
      return history.map(({ message }) => message).reverse();
    }

    /** Another client commits to the same chunk. */
    const commitOnTop = async (): Promise<void> => {
      const steps = [set("a/c/0", bytesOf(1000, 99))];
      await commit(await Repository.open(direct), "theirs", steps);
    };

    describe("a put on a condition whose reply is lost", () => {
      test.each([
        ["that nothing is there", async () => ({ ifAbsent: true }) as const],
        [
          "that a version is there",
          async () => {
            const done = await direct.put("key", bytesOf(7, 7), { objectKind: "other" });
            return { ifMatch: done.outcome === "written" ? done.version : {} };
          },
        ],
      ])("%s is told as unknown, and has been made once", async (_, prepare) => {
        const condition = await prepare();
        await proxy.cutReplies();

        const putting = storage.put("key", BODY, { objectKind: "other", condition });

        await expect(putting).rejects.toMatchObject({ kind: "unknown-outcome" });
        expect((await direct.get("key"))?.bytes).toEqual(BODY);
      });

      test("is no failure of the condition to whoever looks", async () => {
        await direct.put("key", bytesOf(7, 7), { objectKind: "other" });
        await proxy.cutReplies();
        const condition = { ifAbsent: true } as const;

        const putting = storage.put("key", BODY, { objectKind: "other", condition });

        await expect(putting).rejects.toMatchObject({ kind: "unknown-outcome" });
        expect((await direct.get("key"))?.bytes).toEqual(bytesOf(7, 7));
      });
    });

    test.each([
      ["put", () => storage.put("key", BODY, { objectKind: "other" }), "written"],
      ["copy", () => storage.copy("source", "key", {}), "copied"],
    ])("a %s without condition is made again until its reply comes", async (_, run, outcome) => {
      await direct.put("source", BODY, { objectKind: "other" });
      await proxy.cutReplies();

      const running = run();
      await expect.poll(() => direct.head("key")).toBeDefined();
      await proxy.reset();

      expect(await running).toMatchObject({ outcome });
      expect((await direct.get("key"))?.bytes).toEqual(BODY);
    });

    test("a put on a condition that cannot have left is made again, and not told as unknown", async () => {
      await proxy.disable();
      const condition = { ifAbsent: true } as const;

      const putting = storage.put("key", BODY, { objectKind: "other", condition });
      await direct.head("other"); // The first try fails meanwhile.
      await proxy.reset();

      expect((await putting).outcome).toBe("written");
    });

    test("a repository is created once though the reply is lost", async () => {
      const hurt = withLoss(storage, proxy, { isHit: isUpdateOfRepo, fault: cutReply });

      await Repository.create(hurt.storage);

      expect(hurt.hit()).toBe(true);
      expect(await messages()).toEqual(["Repository initialized"]);
    });

    test.each([
      ["reply", cutReply],
      ["request", cutRequest],
    ])("a commit whose %s is lost is made once, and succeeds", async (_, fault) => {
      const { session, hit } = await lossy({ fault });

      const id = await session.commit("ours");

      expect(hit()).toBe(true);
      expect(await messages()).toEqual(["Repository initialized", "start", "ours"]);
      expect(await (await Repository.open(direct)).lookupBranch("main")).toBe(id);
    });

    test.each([
      ["without a solver", undefined],
      ["with a solver that takes our side", basicConflictSolver({ onChunkConflict: "ours" })],
    ])(
      "a commit whose reply is lost, and on top of which another client commits, is made once %s",
      async (_, solver) => {
        const { session, hit } = await lossy({ fault: cutReply, meanwhile: commitOnTop });

        const id = await session.commit("ours", { solver });

        expect(hit()).toBe(true);
        expect(await messages()).toEqual(["Repository initialized", "start", "ours", "theirs"]);
        const reopened = await Repository.open(direct);
        const [, ours] = await reopened.ancestry("main").toArray();
        expect(ours?.id).toBe(id);
        const tip = await reopened.readonlySession("main");
        expect(await tip.store.get("a/c/0")).toEqual(bytesOf(1000, 99));
      },
    );

    test("a commit that never arrived while another client committed is a conflict", async () => {
      const { session } = await lossy({ fault: cutRequest, meanwhile: commitOnTop });

      await expect(session.commit("ours")).rejects.toMatchObject({ category: "conflict" });

      expect(await messages()).toEqual(["Repository initialized", "start", "theirs"]);
    });

    test("a commit that never arrived while another client committed is rebased, and made once", async () => {
      const { session } = await lossy({ fault: cutRequest, meanwhile: commitOnTop });

      await session.commit("ours", { solver: basicConflictSolver() });

      expect(await messages()).toEqual(["Repository initialized", "start", "theirs", "ours"]);
    });

    test("tags and branches whose reply is lost are made, and not told to be there already", async () => {
      const { repository, session, hit } = await lossy({ fault: cutReply });

      await repository.createTag("v1", session.snapshotId);

      expect(hit()).toBe(true);
      expect(await (await Repository.open(direct)).listTags()).toEqual(["v1"]);
    });
  });
}

describeWith(["versitygw", "toxiproxy"], "replies that stay lost", () => {
  test("leave a commit unknown, and the session finds out that it has landed", async () => {
    await using server = await startServer("versitygw");
    await using proxy = await createProxy(server);
    await server.createBucket(BUCKET);
    const { accessKeyId, secretAccessKey, region } = server;
    const behind = { accessKeyId, secretAccessKey, region, url: proxy.url };
    const direct = s3On(server, BUCKET, "folder");
    const storage = s3On(behind, BUCKET, "folder");
    const settings = { retries: { maxTries: 2, initialBackoffMs: 1 } };
    await Repository.create(direct, { config: { storage: settings } });
    const loss = { isHit: isUpdateOfRepo, fault: cutReply, lasts: true };
    const repository = await Repository.open(withLoss(storage, proxy, loss).storage);
    const session = await repository.writableSession("main");
    await session.store.set("a/zarr.json", new TextEncoder().encode(arrayJson([8], [1])));
    const error = await session.commit("ours").catch((thrown: unknown) => thrown);
    expect(isIcefloeError(error, "unknown-outcome")).toBe(true);
    await proxy.reset();

    const id = await session.commit("ours");

    const history = await (await Repository.open(direct)).ancestry("main").toArray();
    expect(history.map((entry) => entry.message)).toEqual(["ours", "Repository initialized"]);
    expect(history[0]?.id).toBe(id);
  });
});
