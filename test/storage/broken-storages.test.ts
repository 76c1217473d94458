import { describe, expect, test } from "vitest";
import { memoryStorage } from "../../src/storage/memory.ts";
import { type PutOutcome, type Storage, sameVersion } from "../../src/storage/port.ts";
import { storageConformance } from "../../src/testing/storage-conformance.ts";

/** The memory storage with some methods replaced. */
function broken(change: (inner: Storage) => Partial<Storage>): () => Promise<{ storage: Storage }> {
  return async () => {
    const inner = memoryStorage();
    const storage: Storage = {
      id: inner.id,
      capabilities: inner.capabilities,
      describe: () => inner.describe(),
      get: (path, options) => inner.get(path, options),
      getIfChanged: (path, version, options) => inner.getIfChanged(path, version, options),
      put: (path, body, options) => inner.put(path, body, options),
      head: (path, options) => inner.head(path, options),
      copy: (from, to, options) => inner.copy(from, to, options),
      list: (prefix, options) => inner.list(prefix, options),
      delete: (paths, options) => inner.delete(paths, options),
      close: () => inner.close(),
    };
    return { storage: Object.assign(storage, change(inner)) };
  };
}

/** The names of the cases that a storage breaks, with their messages. */
async function failures(makeStorage: () => Promise<{ storage: Storage }>): Promise<string[]> {
  const messages: string[] = [];
  for (const { run } of storageConformance(makeStorage)) {
    await run().catch((error: Error) => messages.push(error.message));
  }
  return messages;
}

const BROKEN: Record<string, [change: (inner: Storage) => Partial<Storage>, breaks: string[]]> = {
  "ignores conditions": [
    (inner) => ({
      put: (path, body, { condition: _, ...options }) => inner.put(path, body, options),
    }),
    [
      "ifAbsent creates once, and leaves what is there",
      "ifMatch replaces the version it names, and no other",
      "of many updates at once exactly one is written, round after round",
      "no increment is lost where many count by read and conditional put",
    ],
  ],
  "ignores only ifMatch": [
    (inner) => ({
      put: (path, body, options) =>
        inner.put(path, body, {
          ...options,
          condition:
            options.condition && "ifMatch" in options.condition ? undefined : options.condition,
        }),
    }),
    ["ifMatch replaces the version it names, and no other"],
  ],
  "checks a condition, waits, then writes": [
    (inner) => ({
      async put(path, body, { condition, ...options }): Promise<PutOutcome> {
        if (condition !== undefined) {
          const found = await inner.head(path);
          const holds =
            "ifAbsent" in condition
              ? found === undefined
              : found !== undefined && sameVersion(found.version, condition.ifMatch);
          if (!holds) return { outcome: "condition-failed" };
          await Promise.resolve();
        }
        return inner.put(path, body, options);
      },
    }),
    [
      "of many creates at once exactly one is written",
      "of many updates at once exactly one is written, round after round",
      "no increment is lost where many count by read and conditional put",
    ],
  ],
  "returns views of its own memory": [
    (inner) => {
      const views = new Map<string, Uint8Array>();
      return {
        async get(path, options) {
          const found = await inner.get(path, options);
          const key = JSON.stringify([path, options?.range, found?.version]);
          if (found !== undefined && !views.has(key)) views.set(key, found.bytes);
          return found && { ...found, bytes: views.get(key) as Uint8Array };
        },
      };
    },
    ["bytes returned belong to the caller: changing them changes nothing stored"],
  ],
  "keeps the body it was given": [
    (inner) => {
      const bodies = new Map<string, Uint8Array>();
      return {
        put: (path, body, options) => {
          if (body instanceof Uint8Array) bodies.set(path, body);
          return inner.put(path, body, options);
        },
        async get(path, options) {
          const found = await inner.get(path, options);
          const body = bodies.get(path);
          if (found === undefined || body === undefined || options?.range) return found;
          return { ...found, bytes: body.slice() };
        },
      };
    },
    ["put keeps no reference to its body, nor to the rest of the body's buffer"],
  ],
  "gives equal bytes equal versions": [
    (inner) => {
      const etagOf = async (path: string) => {
        const found = await inner.get(path);
        return { etag: found === undefined ? "" : String(found.bytes) };
      };
      return {
        async get(path, options) {
          const found = await inner.get(path, options);
          return found && { ...found, version: await etagOf(path) };
        },
        async head(path, options) {
          const found = await inner.head(path, options);
          return found && { ...found, version: await etagOf(path) };
        },
        async put(path, body, { condition, ...options }): Promise<PutOutcome> {
          const current = (await inner.head(path))?.version;
          if (condition && "ifMatch" in condition) {
            if (condition.ifMatch.etag !== (await etagOf(path)).etag || current === undefined)
              return { outcome: "condition-failed" };
            const done = await inner.put(path, body, {
              ...options,
              condition: { ifMatch: current },
            });
            return done.outcome === "written" ? { ...done, version: await etagOf(path) } : done;
          }
          const done = await inner.put(path, body, { ...options, condition });
          return done.outcome === "written" ? { ...done, version: await etagOf(path) } : done;
        },
      };
    },
    [
      "every write makes a new version, equal bytes or not",
      "an older state's version fails although equal bytes are back",
    ],
  ],
  "reports every failure as absent": [
    (inner) => ({ get: (path, options) => inner.get(path, options).catch(() => undefined) }),
    [
      "a range past the end, or ill-formed, is refused",
      "a path that is absolute, climbs or has an empty segment is refused everywhere",
    ],
  ],
  "clamps ranges": [
    (inner) => ({
      async get(path, options) {
        const whole = await inner.get(path, { signal: options?.signal });
        if (whole === undefined || options?.range === undefined) return inner.get(path, options);
        const bytes =
          "suffix" in options.range
            ? whole.bytes.slice(-options.range.suffix)
            : whole.bytes.slice(options.range.start, options.range.end);
        return { ...whole, bytes };
      },
    }),
    ["a range past the end, or ill-formed, is refused"],
  ],
  "lists by bare prefix": [
    (inner) => ({
      async *list(prefix) {
        for await (const entry of inner.list(""))
          if (entry.path.startsWith(prefix.slice(0, -1))) yield entry;
      },
    }),
    ["list yields what is in a folder and below, and nothing beside it"],
  ],
  "lists only the first thousand": [
    (inner) => ({
      async *list(prefix) {
        let count = 0;
        for await (const entry of inner.list(prefix)) if (count++ < 1000) yield entry;
      },
    }),
    ["list is complete beyond a thousand objects"],
  ],
  "claims metadata it drops": [
    (inner) => ({
      put: (path, body, { metadata: _, ...options }) => inner.put(path, body, options),
    }),
    ["user metadata is returned by head"],
  ],
};

describe("the conformance suite", () => {
  test.each(Object.entries(BROKEN))(
    "fails a storage that %s, naming the rule",
    async (_, entry) => {
      const [change, breaks] = entry;

      const messages = await failures(broken(change));

      for (const name of breaks)
        expect(messages.some((message) => message.includes(`breaks a rule: ${name}: `))).toBe(true);
    },
  );

  test("passes the storage that the broken ones are made of", async () => {
    expect(await failures(broken(() => ({})))).toEqual([]);
  });
});
