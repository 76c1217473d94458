/** Conformance: conditional puts, alone and in races. */
import {
  type ObjectVersion,
  type PutCondition,
  type Storage,
  sameVersion,
} from "../../storage/port.ts";
import {
  bodyInParts,
  type CaseDefinition,
  cases,
  casesWithout,
  check,
  checkBytes,
  checkRejects,
  mustPut,
  pattern,
  put,
} from "./case.ts";

const RACERS = 16;
const RACE_ROUNDS = 8;
const COUNTERS = 6;
const INCREMENTS = 15;

/** Puts on one condition, all at once; exactly one may be written, and its body must stand. */
async function race(
  storage: Storage,
  condition: PutCondition,
  round: number,
): Promise<ObjectVersion> {
  const bodies = Array.from({ length: RACERS }, (_, index) => pattern(100, round * RACERS + index));
  const outcomes = await Promise.all(bodies.map((body) => put(storage, "object", body, condition)));
  const won = outcomes.flatMap((done, index) => (done.outcome === "written" ? [index] : []));
  check(won.length === 1, `${RACERS} puts on one condition: ${won.length} written, expected 1`);
  const winner = won[0] as number;
  const found = await storage.get("object");
  checkBytes(found, bodies[winner] as Uint8Array, "the object after a race");
  const done = outcomes[winner];
  check(
    done?.outcome === "written" && sameVersion(done.version, found.version),
    "the winner's version is not the object's",
  );
  return found.version;
}

/** Adds one to a counter `INCREMENTS` times, by read and conditional put until it is written. */
async function countUp(storage: Storage): Promise<void> {
  for (let done = 0; done < INCREMENTS; ) {
    const found = await storage.get("counter");
    check(found !== undefined, "the counter was absent");
    const next = new Uint8Array([((found.bytes[0] ?? 0) + 1) & 0xff, 0]);
    const { outcome } = await put(storage, "counter", next, { ifMatch: found.version });
    if (outcome === "written") done++;
  }
}

export const CONDITION_CASES: readonly CaseDefinition[] = [
  ...cases(["write", "conditionalCreate"], {
    async "ifAbsent creates once, and leaves what is there"(storage) {
      await mustPut(storage, "folder/object", pattern(10, 1), { ifAbsent: true });
      const again = await put(storage, "folder/object", pattern(10, 2), { ifAbsent: true });
      check(again.outcome === "condition-failed", `a second create: ${again.outcome}`);
      checkBytes(await storage.get("folder/object"), pattern(10, 1), "the object");
    },
    async "ifAbsent holds for a body in parts"(storage) {
      for (const expected of ["written", "condition-failed"]) {
        const body = bodyInParts(pattern(100), [40, 100]);
        const options = { objectKind: "chunk", condition: { ifAbsent: true } } as const;
        const { outcome } = await storage.put("object", body, options);
        check(outcome === expected, `put: ${outcome}, expected ${expected}`);
        checkBytes(await storage.get("object"), pattern(100), "the object");
      }
    },
  }),
  ...cases(["write", "conditionalUpdate"], {
    async "ifMatch replaces the version it names, and no other"(storage) {
      const first = await mustPut(storage, "object", pattern(10, 1));
      const second = await mustPut(storage, "object", pattern(10, 2), { ifMatch: first });
      check(!sameVersion(first, second), "both states have one version");
      const stale = await put(storage, "object", pattern(10, 3), { ifMatch: first });
      check(stale.outcome === "condition-failed", `put on an old version: ${stale.outcome}`);
      checkBytes(await storage.get("object"), pattern(10, 2), "the object");
      await mustPut(storage, "object", pattern(10, 4), { ifMatch: second });
      checkBytes(await storage.get("object"), pattern(10, 4), "the object");
    },
    async "ifMatch takes the version that get, getIfChanged and head report"(storage) {
      await mustPut(storage, "object", pattern(10));
      const readers = [
        async () => (await storage.get("object"))?.version,
        async () => (await storage.head("object"))?.version,
        async () => {
          const found = await storage.getIfChanged("object", { etag: "another" });
          return found === "unchanged" ? undefined : found?.version;
        },
      ];
      for (const [index, readVersion] of readers.entries()) {
        const version = await readVersion();
        check(version !== undefined, "the version was not found");
        await mustPut(storage, "object", pattern(10, index), { ifMatch: version });
      }
    },
  }),
  ...cases(["write", "conditionalUpdate", "delete"], {
    async "ifMatch fails where the object is absent, deleted or another"(storage) {
      const version = await mustPut(storage, "object", pattern(10));
      const other = await mustPut(storage, "other", pattern(10, 2));
      const absent = await put(storage, "absent", pattern(5), { ifMatch: version });
      check(absent.outcome === "condition-failed", `put on an absent object: ${absent.outcome}`);
      check((await storage.get("absent")) === undefined, "a refused put created its object");
      const foreign = await put(storage, "object", pattern(5), { ifMatch: other });
      check(foreign.outcome === "condition-failed", `another object's version: ${foreign.outcome}`);
      await storage.delete(["object"]);
      const deleted = await put(storage, "object", pattern(5), { ifMatch: version });
      check(deleted.outcome === "condition-failed", `put on a deleted object: ${deleted.outcome}`);
      await mustPut(storage, "object", pattern(6), { ifAbsent: true });
      const again = await put(storage, "object", pattern(5), { ifMatch: version });
      check(again.outcome === "condition-failed", `the deleted one's version: ${again.outcome}`);
    },
  }),
  ...cases(["write", "conditionalUpdate", "uniqueVersions"], {
    async "an older state's version fails although equal bytes are back"(storage) {
      const first = await mustPut(storage, "object", pattern(10, 1));
      let current = first;
      for (let turn = 0; turn < 10; turn++) {
        current = await mustPut(storage, "object", pattern(10, 2), { ifMatch: current });
        current = await mustPut(storage, "object", pattern(10, 1), { ifMatch: current });
        const { outcome } = await put(storage, "object", pattern(10, 3), { ifMatch: first });
        check(outcome === "condition-failed", `after ${turn + 1} turns: ${outcome}`);
      }
    },
  }),
  ...cases(["write", "conditionalUpdate"], {
    async "an ifMatch without a version is refused"(storage) {
      await mustPut(storage, "object", pattern(10));
      const refused = put(storage, "object", pattern(5), { ifMatch: {} });
      await checkRejects(refused, ["condition-not-supported"], "put");
      checkBytes(await storage.get("object"), pattern(10), "the object");
    },
  }),
  ...cases(["write", "conditionalCreate"], {
    async "of many creates at once exactly one is written"(storage) {
      await race(storage, { ifAbsent: true }, 1);
    },
  }),
  ...cases(["write", "conditionalUpdate"], {
    async "of many updates at once exactly one is written, round after round"(storage) {
      let version = await mustPut(storage, "object", pattern(10));
      for (let round = 1; round <= RACE_ROUNDS; round++)
        version = await race(storage, { ifMatch: version }, round);
    },
    async "no increment is lost where many count by read and conditional put"(storage) {
      await mustPut(storage, "counter", new Uint8Array([0, 0]));
      await Promise.all(Array.from({ length: COUNTERS }, () => countUp(storage)));
      const total = (await storage.get("counter"))?.bytes[0];
      const expected = COUNTERS * INCREMENTS;
      check(total === expected, `the counter shows ${total}, expected ${expected}`);
    },
  }),
  ...casesWithout(["conditionalCreate"], ["write"], {
    async "a condition that is not supported is refused, never ignored: create"(storage) {
      await mustPut(storage, "object", pattern(10));
      const refused = put(storage, "object", pattern(5), { ifAbsent: true });
      await checkRejects(refused, ["condition-not-supported"], "put");
      checkBytes(await storage.get("object"), pattern(10), "the object");
    },
  }),
  ...casesWithout(["conditionalUpdate"], ["write"], {
    async "a condition that is not supported is refused, never ignored: update"(storage) {
      const version = await mustPut(storage, "object", pattern(10));
      const refused = put(storage, "object", pattern(5), { ifMatch: version });
      await checkRejects(refused, ["condition-not-supported"], "put");
      checkBytes(await storage.get("object"), pattern(10), "the object");
    },
  }),
];
