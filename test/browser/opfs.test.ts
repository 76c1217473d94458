/** `opfsStorage` in a real browser: pages, workers, several tabs, and their ends. */
import { mkdtempSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { memoryStorage } from "../../src/storage/memory.ts";
import { storageConformance } from "../../src/testing/storage-conformance.ts";
import { IS_CAMPAIGN, runsOf } from "../runs.ts";
import { openProfile, openTab, type ProgramServer, serveBundled, type Tab } from "./site.ts";

const WRITERS_PER_CONTEXT = [7, 7, 6]; // Two tabs and a worker: 20 in all.
const ROUNDS = 10;
const KILLS = runsOf("OPFS_KILLS", 3, 20);
const CASES = storageConformance(async () => ({ storage: memoryStorage() })).map(
  ({ name }) => name,
);
/** It takes seconds, and what a wrapper does to a listing does not depend on its length. */
const LONG_CASE = "list is complete beyond a thousand objects";
const WRAPPERS = [
  "as it is",
  "withPrefix",
  "withRetry",
  "traced",
  "counted",
  "retried over a faulty one",
  "readOnly",
];

let server: ProgramServer;
let profile: string;
let browser: BrowserContext;
let tabs: readonly [Tab, Tab];

beforeAll(async () => {
  server = await serveBundled({ page: "opfs-page.ts", worker: "opfs-worker.ts" });
  profile = mkdtempSync(join(server.folder, "..", "profile-"));
  await launch();
});
afterAll(async () => {
  await browser.close();
  await server.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
});

async function launch(): Promise<void> {
  browser = await openProfile(profile);
  tabs = [await openTab(browser, server.url), await openTab(browser, server.url)];
}

/** Calls a function of `opfs-program.ts` in a page. */
function call<T = unknown>(page: Page, name: string, ...parameters: unknown[]): Promise<T> {
  return page.evaluate(`icefloePage.${name}(...${JSON.stringify(parameters)})`) as Promise<T>;
}

function callInWorker<T = unknown>(page: Page, name: string, ...parameters: unknown[]): Promise<T> {
  return call<T>(page, "callWorker", name, parameters);
}

describe("conformance", () => {
  test("each way to wrap a storage is tried below", async () => {
    expect(await call(tabs[0].page, "conformanceNames")).toEqual({
      wrappers: WRAPPERS,
      cases: CASES,
    });
  });

  for (const wrapper of WRAPPERS) {
    const isLong = wrapper === "as it is" || IS_CAMPAIGN;
    describe(wrapper, () => {
      test.each(CASES.filter((name) => isLong || name !== LONG_CASE))("%s", async (name) => {
        const result = await call<string>(tabs[0].page, "conformanceCase", wrapper, name);

        expect(result).toMatch(/^(?:passed|the storage (?:lacks|has) )/);
      });
    });
  }

  describe("in a worker", () => {
    test.each(CASES.filter((name) => name !== LONG_CASE))("%s", async (name) => {
      const result = await callInWorker<string>(tabs[0].page, "conformanceCase", "as it is", name);

      expect(result).toMatch(/^(?:passed|the storage (?:lacks|has) )/);
    });
  });
});

describe("conditions between tabs and workers", () => {
  /** Twenty puts on one condition, from two tabs and a worker at once: how many were written. */
  async function race(path: string, condition: object): Promise<number> {
    const [first, second, third] = WRITERS_PER_CONTEXT;
    const won = await Promise.all([
      call<number>(tabs[0].page, "race", path, first, condition),
      call<number>(tabs[1].page, "race", path, second, condition),
      callInWorker<number>(tabs[1].page, "race", path, third, condition),
    ]);
    return won.reduce((sum, each) => sum + each);
  }

  test("of twenty creates exactly one is written, round after round", async () => {
    for (let round = 0; round < ROUNDS; round++)
      expect(await race(`create/${round}`, { ifAbsent: true })).toBe(1);
  });

  test("of twenty updates exactly one is written, round after round", async () => {
    await race("update", { ifAbsent: true });
    for (let round = 0; round < ROUNDS; round++) {
      const ifMatch = await call<object>(tabs[0].page, "versionOf", "update");

      expect(await race("update", { ifMatch })).toBe(1);
    }
  });

  test("a version is the same below two folders, and so is its lock", async () => {
    expect(await call(tabs[0].page, "putThroughTwoFolders")).toEqual({
      first: "written",
      second: "condition-failed",
    });
  });

  test("an abort ends the wait for another's lock with its reason", async () => {
    expect(await call(tabs[0].page, "abortWaiting")).toEqual({ reason: "enough", isAbsent: true });
  });

  test("the probe finds that conditions hold", async () => {
    expect(await call(tabs[0].page, "probe")).toMatchObject({
      conditionalCreate: true,
      conditionalUpdate: true,
    });
  });

  test("without locks the storage says so, and refuses conditions", async () => {
    expect(await call(tabs[0].page, "withoutLocks")).toEqual({
      plain: "written",
      capabilities: { conditionalCreate: false, conditionalUpdate: false },
      refused: ["condition-not-supported", expect.stringContaining("navigator.locks")],
    });
  });
});

describe("a repository", () => {
  test("is created, written and committed, and read in a fresh page", async () => {
    await call(tabs[0].page, "createRepository", "flow");
    await call(tabs[0].page, "commitRows", "flow", 0, 2);
    const { page } = await openTab(browser, server.url);

    const found = await call<{ messages: string[]; rows: number[] }>(
      page,
      "readRepository",
      "flow",
    );
    await page.close();

    expect(found.messages).toEqual(["row 1", "row 0", "array", "Repository initialized"]);
    expect(found.rows.slice(0, 3)).toEqual([1, 2, 0]);
  });

  test("has every commit that two tabs and a worker were told of", async () => {
    await call(tabs[0].page, "createRepository", "shared");

    const acknowledged = await Promise.all([
      call<string[]>(tabs[0].page, "commitRows", "shared", 0, 8),
      call<string[]>(tabs[1].page, "commitRows", "shared", 8, 8),
      callInWorker<string[]>(tabs[1].page, "commitRows", "shared", 16, 8),
    ]);
    const found = await call<{ messages: string[]; rows: number[] }>(
      tabs[1].page,
      "readRepository",
      "shared",
    );

    expect(found.messages.filter((message) => message.startsWith("row")).sort()).toEqual(
      acknowledged.flat().sort(),
    );
    expect(found.rows.slice(0, 25)).toEqual([...Array.from({ length: 24 }, (_, i) => i + 1), 0]);
  });

  test("is written by web workers that open it from its hint", async () => {
    await call(tabs[0].page, "createRepository", "parallel");

    const done = await call(tabs[0].page, "writeInParallel", "parallel", 6);
    const found = await call<{ rows: number[] }>(tabs[1].page, "readRepository", "parallel");

    expect(done).toBe(6);
    expect(found.rows.slice(0, 7)).toEqual([1, 2, 3, 4, 5, 6, 0]);
  });
});

describe("files", () => {
  test("hold objects and nothing else, in the official layout", async () => {
    expect(await call(tabs[0].page, "namesIn", "names")).toEqual({
      files: ["chunks", "repo"],
      listed: [],
    });
  });

  test("an object there is no room for leaves the old one, and an error with its size", async () => {
    const session = await browser.newCDPSession(tabs[0].page);
    const origin = server.url;
    const { usage } = await session.send("Storage.getUsageAndQuota", { origin });
    await session.send("Storage.overrideQuotaForOrigin", {
      origin,
      quotaSize: Math.ceil(usage) + 2_000_000,
    });

    const result = await call(tabs[0].page, "putTooMuch", 5_000_000); // More than a pipe holds.
    await session.send("Storage.overrideQuotaForOrigin", { origin });

    expect(result).toMatchObject({
      error: {
        kind: "object-store",
        message: expect.stringContaining("no room for 5000000 bytes"),
        details: { sizeBytes: 5_000_000, path: "object", code: "QuotaExceededError" },
      },
      newKind: "object-store",
      isOld: true,
      isSameVersion: true,
      hasNew: false,
      drafts: 0,
    });
  });
});

describe("a page that ends while it writes", () => {
  interface Look {
    readonly listed: readonly string[];
    readonly torn: readonly string[];
    readonly repoTurn: number;
  }

  /** Lets a tab write until `end` ends it; the last turn it was told of. */
  async function writeUntil(path: string, end: (page: Page) => Promise<void>): Promise<number> {
    const { page } = await openTab(browser, server.url);
    let last = -1;
    const enough = new Promise<void>((resolve) => {
      void page.exposeFunction("acknowledged", (turn: number) => {
        last = turn;
        if (turn === 5) resolve();
      });
    });
    await page.waitForFunction("globalThis.acknowledged !== undefined");
    call(page, "writeUntilTheEnd", path, 0).catch(() => undefined); // It never returns.
    await enough;
    await end(page);
    return last;
  }

  function expectWhole(found: Look, last: number): void {
    const acknowledged = Array.from({ length: last + 1 }, (_, turn) => turn);
    expect(found.torn).toEqual([]);
    expect(found.repoTurn).toBeGreaterThanOrEqual(last);
    expect(found.listed).toEqual(
      expect.arrayContaining(acknowledged.flatMap((t) => [`objects/${t}`, `chunks/${t}`])),
    );
  }

  test("closed: objects are old or new, and the lock is free", async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      const last = await writeUntil(`closed-${kill}`, (page) => page.close());

      expectWhole(await call<Look>(tabs[0].page, "lookAfterEnd", `closed-${kill}`), last);
    }
  });

  test("crashed: objects are old or new, and the lock is free", async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      const last = await writeUntil(`crashed-${kill}`, async (page) => {
        const crashed = page.waitForEvent("crash");
        page.goto("chrome://crash").catch(() => undefined); // The navigation fails: it crashes.
        await crashed;
      });

      expectWhole(await call<Look>(tabs[0].page, "lookAfterEnd", `crashed-${kill}`), last);
    }
  });

  test("with its browser killed: objects are old or new in the next one", async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      const last = await writeUntil(`killed-${kill}`, async () => {
        const closed = browser.waitForEvent("close");
        // The lock of a profile is a link to `<host>-<process id>`.
        const id = Number(/-(\d+)$/.exec(readlinkSync(join(profile, "SingletonLock")))?.[1]);
        process.kill(id, "SIGKILL");
        await closed;
      });
      rmSync(join(profile, "SingletonLock"), { force: true });
      await launch();

      expectWhole(await call<Look>(tabs[0].page, "lookAfterEnd", `killed-${kill}`), last);
    }
  });
});
