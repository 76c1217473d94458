/** Bodies in parts on real servers, cut into requests of their own. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StorageSettings } from "../../src/format/config/storage.ts";
import type { Storage } from "../../src/storage/port.ts";
import { describeWith } from "./describe-with.ts";
import { type Server, startServer } from "./server.ts";
import { STORES } from "./stores.ts";

const MIB = 1024 * 1024;
const PART_BYTES = 5 * MIB; // S3 takes no smaller ones.
const BODY_BYTES = 23 * MIB + 7;
const BUCKET = "parts";

/** Parts of a MiB and what is left, of bytes that tell where they stand. */
async function* parts(): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < BODY_BYTES; start += MIB) {
    yield new Uint8Array(Math.min(MIB, BODY_BYTES - start)).fill(start / MIB);
  }
}

function expectWhole(bytes: Uint8Array | undefined): void {
  expect(bytes?.length).toBe(BODY_BYTES);
  const wrong = bytes?.findIndex((byte, at) => byte !== Math.floor(at / MIB));
  expect(wrong).toBe(-1);
}

for (const [name, makeStorage] of STORES) {
  describeWith([name], name, () => {
    let server: Server;
    let storage: Storage;
    beforeAll(async () => {
      server = await startServer(name);
      await server.createBucket(BUCKET);
      const settings: StorageSettings = {
        concurrency: { idealConcurrentRequestSize: PART_BYTES, maxConcurrentRequestsForObject: 2 },
      };
      storage = makeStorage(server, BUCKET, "folder").withSettings?.(settings) as Storage;
    });
    afterAll(() => server.stop());

    test.each([
      ["unknown", {}],
      ["known", { sizeBytes: BODY_BYTES }],
    ])("a large body in parts is stored, its size %s before", async (path, said) => {
      const options = { objectKind: "chunk", ...said } as const;
      const { outcome } = await storage.put(path, parts(), options);

      expect(outcome).toBe("written");
      expectWhole((await storage.get(path))?.bytes);
    });

    test("a condition decides about a large body in parts", async () => {
      const options = { objectKind: "chunk", condition: { ifAbsent: true } } as const;
      const first = await storage.put("once", parts(), options);
      const second = await storage.put("once", parts(), options);

      expect([first.outcome, second.outcome]).toEqual(["written", "condition-failed"]);
    });

    test("a source that fails late leaves no object", async () => {
      async function* failing(): AsyncGenerator<Uint8Array> {
        for (let i = 0; i < 12; i++) yield new Uint8Array(MIB);
        throw new Error("the source failed");
      }

      const putting = storage.put("failed", failing(), { objectKind: "chunk" });

      await expect(putting).rejects.toThrow("the source failed");
      expect(await storage.head("failed")).toBeUndefined();
    });

    test("an abort ends a put in parts, and its source", async () => {
      const controller = new AbortController();
      let isEnded = false;
      async function* endless(): AsyncGenerator<Uint8Array> {
        try {
          for (let i = 0; ; i++) {
            if (i === 12) controller.abort(new Error("enough"));
            yield new Uint8Array(MIB);
          }
        } finally {
          isEnded = true;
        }
      }
      const { signal } = controller;

      const putting = storage.put("aborted", endless(), { objectKind: "chunk", signal });

      await expect(putting).rejects.toThrow("enough");
      await expect.poll(() => isEnded).toBe(true);
      expect(await storage.head("aborted")).toBeUndefined();
    });
  });
}
