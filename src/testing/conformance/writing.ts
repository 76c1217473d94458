/** Conformance: put, versions, copy, delete, and whole objects under concurrency. */
import { type ObjectKind, sameVersion } from "../../storage/port.ts";
import {
  bodyInParts,
  type CaseDefinition,
  cases,
  casesWithout,
  check,
  checkBytes,
  checkRejects,
  failingAfter,
  mustPut,
  pattern,
  put,
} from "./case.ts";

const KINDS: readonly ObjectKind[] = [
  "repo",
  "snapshot",
  "manifest",
  "transaction-log",
  "chunk",
  "backup",
  "config",
  "ref",
  "saved-fork",
  "other",
];

const REWRITES = 20;
const RACING_TURNS = 30;

export const WRITING_CASES: readonly CaseDefinition[] = [
  ...cases(["write"], {
    async "put keeps no reference to its body, nor to the rest of the body's buffer"(storage) {
      const buffer = pattern(300);
      const body = buffer.subarray(100, 200);
      await mustPut(storage, "object", body);
      buffer.fill(0xee);
      checkBytes(await storage.get("object"), pattern(300).slice(100, 200), "get");
    },
    async "every object kind is written, read back and replaced"(storage) {
      for (const objectKind of KINDS) {
        for (const seed of [1, 2]) {
          const done = await storage.put(`kind/${objectKind}`, pattern(50, seed), { objectKind });
          check(done.outcome === "written", `put of kind ${objectKind}: ${done.outcome}`);
          checkBytes(await storage.get(`kind/${objectKind}`), pattern(50, seed), objectKind);
        }
      }
    },
    async "a body in parts is stored whole, however it is cut"(storage) {
      const body = pattern(300_000);
      for (const ends of [[], [0], [300_000], [1, 1, 70_000, 299_999, 300_000]]) {
        const sizeBytes = ends.at(-1) ?? 0;
        for (const said of [{}, { sizeBytes }]) {
          const options = { objectKind: "chunk", ...said } as const;
          const done = await storage.put("object", bodyInParts(body, ends), options);
          check(done.outcome === "written", `put: ${done.outcome}`);
          checkBytes(await storage.get("object"), body.slice(0, sizeBytes), `cut at ${ends}`);
        }
      }
    },
    async "a body in parts that fails, or has another size than was said, writes nothing"(storage) {
      await mustPut(storage, "object", pattern(9));
      const failure = new Error("the source failed");
      for (const objectKind of ["chunk", "repo"] as const) {
        const failing = storage.put("object", failingAfter(pattern(1000), failure), { objectKind });
        const why = await failing.then(
          () => "resolved",
          (error: unknown) => error,
        );
        check(why !== "resolved", "a put whose source fails: resolved");
        for (const sizeBytes of [99, 101]) {
          const options = { objectKind, sizeBytes };
          for (const body of [bodyInParts(pattern(100), [50, 100]), pattern(100)]) {
            const wrong = storage.put("object", body, options);
            await checkRejects(wrong, ["invalid-object-size"], `100 bytes said to be ${sizeBytes}`);
          }
        }
        checkBytes(await storage.get("object"), pattern(9), "the object");
      }
    },
    async "a write of other bytes makes a new version"(storage) {
      const first = await mustPut(storage, "object", pattern(64));
      const second = await mustPut(storage, "object", pattern(64, 2));
      check(!sameVersion(first, second), "both have one version");
    },
  }),
  ...cases(["write", "uniqueVersions"], {
    async "every write makes a new version, equal bytes or not"(storage) {
      const seen = new Set<string>();
      for (let i = 0; i < REWRITES; i++) {
        const { etag, generation } = await mustPut(storage, "object", pattern(64));
        seen.add(`${etag} ${generation}`);
      }
      check(seen.size === REWRITES, `${REWRITES} writes of equal bytes: ${seen.size} versions`);
    },
  }),
  ...cases(["write"], {
    async "a hundred objects put at once are all there"(storage) {
      const paths = Array.from({ length: 100 }, (_, index) => `many/${index}`);
      await Promise.all(paths.map((path, index) => mustPut(storage, path, pattern(200, index))));
      const found = await Promise.all(paths.map((path) => storage.get(path)));
      for (const [index, object] of found.entries())
        checkBytes(object, pattern(200, index), paths[index] as string);
    },
    async "a reader sees whole objects while they are replaced, and one version for one state"(
      storage,
    ) {
      const stateOf = new Map<string, number>();
      const uniform = (turn: number): Uint8Array =>
        new Uint8Array(1000 + (turn % 7) * 3000).fill(turn);
      await mustPut(storage, "object", uniform(0));
      let isWriting = true;
      const write = async (): Promise<void> => {
        for (let turn = 1; turn <= RACING_TURNS; turn++)
          await mustPut(storage, "object", uniform(turn));
        isWriting = false;
      };
      const read = async (): Promise<void> => {
        while (isWriting) {
          const found = await storage.get("object");
          check(found !== undefined, "the object was absent while it was replaced");
          const turn = found.bytes[0] ?? -1;
          checkBytes(found, uniform(turn), `turn ${turn}`);
          const version = JSON.stringify(found.version);
          check((stateOf.get(version) ?? turn) === turn, "one version names two states");
          stateOf.set(version, turn);
        }
      };
      await Promise.all([write().finally(() => (isWriting = false)), read(), read()]);
    },
  }),
  ...cases(["write", "userMetadata"], {
    async "user metadata is returned by head"(storage) {
      const metadata = { icspecver: "2", other: "value with spaces" };
      await storage.put("object", pattern(5), { objectKind: "other", metadata });
      const found = (await storage.head("object"))?.metadata ?? {};
      for (const [key, value] of Object.entries(metadata))
        check(found[key] === value, `metadata ${key} is ${found[key]}, expected ${value}`);
    },
  }),
  ...cases(["write"], {
    async "a copy equals its source, replaces its target, and is on its own afterwards"(storage) {
      await mustPut(storage, "from", pattern(100, 1));
      await mustPut(storage, "backup/to", pattern(9, 9));
      for (const objectKind of ["backup", "other"] as const) {
        const done = await storage.copy("from", "backup/to", { objectKind });
        check(done.outcome === "copied", `copy: ${done.outcome}`);
        checkBytes(await storage.get("backup/to"), pattern(100, 1), "the copy");
      }
      await mustPut(storage, "from", pattern(77, 2));
      checkBytes(await storage.get("backup/to"), pattern(100, 1), "the copy of a replaced source");
      checkBytes(await storage.get("from"), pattern(77, 2), "the source");
    },
  }),
  ...cases(["write", "conditionalUpdate"], {
    async "a copy on a condition copies only the version it names"(storage) {
      const old = await mustPut(storage, "from", pattern(100, 1));
      const current = await mustPut(storage, "from", pattern(100, 2));
      const stale = await storage.copy("from", "to", { ifMatch: old });
      check(stale.outcome === "condition-failed", `copy of an old version: ${stale.outcome}`);
      check((await storage.get("to")) === undefined, "a refused copy left its target");
      const absent = await storage.copy("absent", "to", { ifMatch: old });
      check(absent.outcome === "condition-failed", `copy of an absent object: ${absent.outcome}`);
      const done = await storage.copy("from", "to", { ifMatch: current, objectKind: "backup" });
      check(done.outcome === "copied", `copy of the current version: ${done.outcome}`);
      checkBytes(await storage.get("to"), pattern(100, 2), "the copy");
    },
  }),
  ...cases(["write"], {
    "a copy of an absent object is refused": (storage) =>
      checkRejects(storage.copy("absent", "to", {}), ["object-not-found"], "copy"),
  }),
  ...cases(["write", "delete"], {
    async "delete removes what it names and only that; what is absent counts as deleted"(storage) {
      for (const path of ["a/1", "a/2", "a/3", "b"]) await mustPut(storage, path, pattern(10));
      const outcomes = await storage.delete(["a/1", "a/absent", "absent/too", "b"]);
      check(outcomes.length === 4, `delete of 4 paths: ${outcomes.length} outcomes`);
      check(
        outcomes.every(({ outcome }) => outcome === "deleted"),
        "a path was not deleted",
      );
      for (const path of ["a/1", "b"])
        check((await storage.get(path)) === undefined, `${path} is still there`);
      for (const path of ["a/2", "a/3"])
        checkBytes(await storage.get(path), pattern(10), `${path} after its neighbour's delete`);
      check((await storage.delete([])).length === 0, "delete of nothing had outcomes");
    },
  }),
  ...cases(["write", "delete", "uniqueVersions"], {
    async "an object created anew after its delete has a version of its own"(storage) {
      const before = await mustPut(storage, "object", pattern(10));
      await storage.delete(["object"]);
      const after = await mustPut(storage, "object", pattern(10));
      check(!sameVersion(before, after), "it has the deleted one's version");
    },
  }),
  ...casesWithout(["write"], [], {
    async "a storage that cannot write says so and changes nothing"(storage, writer) {
      await mustPut(writer, "object", pattern(10));
      await checkRejects(put(storage, "object", pattern(5)), ["read-only-storage"], "put");
      await checkRejects(storage.copy("object", "to", {}), ["read-only-storage"], "copy");
      await checkRejects(storage.delete(["object"]), ["read-only-storage"], "delete");
      checkBytes(await storage.get("object"), pattern(10), "the object after refused writes");
    },
  }),
];
