/** Conformance: get, ranges, getIfChanged, head, and who owns the bytes. */
import { sameVersion } from "../../storage/port.ts";
import {
  type CaseDefinition,
  cases,
  check,
  checkBytes,
  checkRejects,
  mustPut,
  pattern,
} from "./case.ts";

const ABSENT = { etag: "no-such-version" };

export const READING_CASES: readonly CaseDefinition[] = cases([], {
  async "an absent object is undefined, and so is a part of it"(storage) {
    const found = [
      await storage.get("absent"),
      await storage.get("folder/absent", { range: { start: 0, end: 4 } }),
      await storage.get("absent", { range: { suffix: 4 } }),
      await storage.getIfChanged("absent", ABSENT),
      await storage.head("absent"),
    ];
    check(
      found.every((value) => value === undefined),
      "an absent object was found",
    );
  },
  async "get returns what was put, and get, head and put agree on the version"(storage, writer) {
    const version = await mustPut(writer, "folder/object", pattern(1000));
    const found = await storage.get("folder/object");
    const info = await storage.head("folder/object");
    checkBytes(found, pattern(1000), "get");
    check(info !== undefined && info.sizeBytes === 1000, "head reports another size");
    check(sameVersion(found.version, info.version), "get and head report different versions");
    if (writer === storage)
      check(sameVersion(found.version, version), "put and get report different versions");
  },
  async "a name that is only a folder's is absent"(storage, writer) {
    await mustPut(writer, "folder/object", pattern(10));
    check((await storage.get("folder")) === undefined, "get found a folder");
    check((await storage.head("folder")) === undefined, "head found a folder");
    check((await storage.get("folder/object/below")) === undefined, "get found below an object");
  },
  async "an empty object is stored and read back"(storage, writer) {
    await mustPut(writer, "empty", new Uint8Array(0));
    checkBytes(await storage.get("empty"), new Uint8Array(0), "get");
    checkBytes(
      await storage.get("empty", { range: { suffix: 5 } }),
      new Uint8Array(0),
      "get of a suffix",
    );
  },
  async "a range yields the bytes from start up to end, none where they are equal"(
    storage,
    writer,
  ) {
    const body = pattern(1000);
    await mustPut(writer, "object", body);
    for (const [start, end] of [
      [0, 1000],
      [0, 1],
      [999, 1000],
      [10, 500],
      [7, 7],
      [1000, 1000],
    ] as const) {
      const found = await storage.get("object", { range: { start, end } });
      checkBytes(found, body.slice(start, end), `range [${start}, ${end})`);
    }
  },
  async "a suffix yields the last bytes, and all of them if it is longer"(storage, writer) {
    const body = pattern(1000);
    await mustPut(writer, "object", body);
    for (const suffix of [0, 1, 999, 1000, 1001, 1_000_000]) {
      const found = await storage.get("object", { range: { suffix } });
      checkBytes(found, body.slice(Math.max(0, 1000 - suffix)), `suffix ${suffix}`);
    }
  },
  async "a range past the end, or ill-formed, is refused"(storage, writer) {
    await mustPut(writer, "object", pattern(1000));
    for (const range of [
      { start: 0, end: 1001 },
      { start: 1001, end: 1001 },
      { start: 5, end: 4 },
      { start: -1, end: 4 },
      { start: 0.5, end: 4 },
      { start: 0, end: Number.NaN },
      { start: 0, end: Number.POSITIVE_INFINITY },
      { suffix: -1 },
      { suffix: 1.5 },
    ])
      await checkRejects(
        storage.get("object", { range }),
        ["invalid-byte-range"],
        `range ${JSON.stringify(range)}`,
      );
  },
  async "getIfChanged says unchanged for the current version, and returns any other state"(
    storage,
    writer,
  ) {
    await mustPut(writer, "object", pattern(100, 1));
    const first = (await storage.head("object"))?.version ?? ABSENT;
    check((await storage.getIfChanged("object", first)) === "unchanged", "it did not");
    await mustPut(writer, "object", pattern(101, 2));
    const changed = await storage.getIfChanged("object", first);
    checkBytes(changed, pattern(101, 2), "getIfChanged of an older version");
    check(!sameVersion(changed.version, first), "two states have one version");
    checkBytes(
      await storage.getIfChanged("object", ABSENT),
      pattern(101, 2),
      "getIfChanged of a foreign version",
    );
  },
  async "bytes returned belong to the caller: changing them changes nothing stored"(
    storage,
    writer,
  ) {
    await mustPut(writer, "object", pattern(100));
    const found = [
      await storage.get("object"),
      await storage.get("object", { range: { start: 10, end: 20 } }),
      await storage.get("object", { range: { suffix: 10 } }),
      await storage.getIfChanged("object", ABSENT),
    ];
    for (const value of found) {
      check(value !== undefined && value !== "unchanged", "get found nothing");
      value.bytes.fill(0xee);
    }
    checkBytes(await storage.get("object"), pattern(100), "get after its result was changed");
    checkBytes(
      await storage.get("object", { range: { start: 10, end: 20 } }),
      pattern(100).slice(10, 20),
      "get of a range after its result was changed",
    );
  },
  async "an object of several megabytes is read back, whole and in parts at once"(storage, writer) {
    const body = pattern(5_000_000);
    await mustPut(writer, "large", body);
    checkBytes(await storage.get("large"), body, "get");
    const starts = Array.from({ length: 10 }, (_, index) => index * 500_000);
    const parts = await Promise.all(
      starts.map((start) => storage.get("large", { range: { start, end: start + 500_000 } })),
    );
    for (const [index, part] of parts.entries()) {
      const start = starts[index] as number;
      checkBytes(part, body.subarray(start, start + 500_000), `part ${index}`);
    }
  },
});
