import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { ERROR_KINDS } from "../../../src/base/error-kinds.ts";
import { IcefloeError, makeError } from "../../../src/base/errors.ts";

const ROOT = join(import.meta.dirname, "../../..");
const ADVICE = ERROR_KINDS["region-not-aligned"].advice;

/** Runs a program with `error` in it; what it prints. */
function printedBy(program: string, before = ""): string {
  const text = `${before}
    const { makeError } = await import("./dist/base/errors.js");
    const error = makeError("region-not-aligned", "the region covers a chunk in part");
    ${program}`;
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", text], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return run.stdout + run.stderr;
}

describe("a printed error", () => {
  it.each([
    ["console.log", "console.log(error);"],
    ["a crash", "throw error;"],
    ["a promise that nobody awaited", "Promise.reject(error); await new Promise(() => {});"],
    ["an error that it caused", 'throw new Error("outer", { cause: error });'],
  ])("says once what to do, in %s", (_, program) => {
    const printed = printedBy(program);

    expect(printed).toContain("InvalidInputError: the region covers a chunk in part");
    expect(printed.split(ADVICE)).toHaveLength(2);
  });

  it("says what to do in its stack where consoles print nothing else, as in a browser", () => {
    const printed = printedBy(
      "print(error.stack);",
      "const { stdout } = process; const print = (text) => stdout.write(text); delete globalThis.process;",
    );

    expect(printed).toMatch(
      new RegExp(`^InvalidInputError: the region covers a chunk in part\\n {2}${ADVICE}\\n {4}at `),
    );
  });

  it("keeps its message free of advice", () => {
    expect(makeError("region-not-aligned", "cut").message).toBe("cut");
  });
});

describe("how an operation may be tried again", () => {
  it.each([
    ["a connection that broke", "object-store", { retryable: true }, "at-once"],
    ["a server that names a pause", "object-store", { retryable: true, retryAfterMs: 70 }, 70],
    ["a server that throttles", "object-store", { retryable: true, status: 503 }, 1000],
    ["a refusal of the server", "object-store", { status: 403 }, "never"],
    ["a write that may have landed", "unknown-outcome", { retryable: true }, "never"],
    ["a lost race", "commit-conflict", {}, "at-once"],
    ["too many writers", "update-attempts-exhausted", { attempts: 9 }, 1000],
    ["a failed rebase", "rebase-failed", {}, "never"],
    ["a base that is gone", "base-not-in-ancestry", {}, "never"],
    ["a wrong argument", "invalid-path", {}, "never"],
  ] as const)("is told of %s", (_, kind, details, expected) => {
    const error = makeError(kind, "message", { details });

    expect(error.retry).toEqual(typeof expected === "number" ? { afterMs: expected } : expected);
    expect(IcefloeError.fromJSON(error.toJSON()).retry).toEqual(error.retry);
  });
});

describe("an error as JSON", () => {
  it("comes back equal, with its details", () => {
    const error = makeError("merge-overlap", "both wrote /a", {
      details: { overlaps: [{ path: "/a", total: 2 }] },
      cause: makeError("io", "disk", { details: { code: "ENOSPC" } }),
    });
    const back = IcefloeError.fromJSON(JSON.parse(JSON.stringify(error)));

    expect(back).toEqual(error);
    expect(back.details).toEqual(error.details);
    expect((back.cause as IcefloeError).details).toEqual({ code: "ENOSPC" });
  });

  it("can be written whatever its details are", () => {
    const loop: Record<string, unknown> = { big: 1n, bytes: new Uint8Array(1e6).fill(255) };
    loop["self"] = loop;
    const error = makeError("io", "disk", { details: { loop, list: new Float64Array(1e6) } });

    expect(JSON.stringify(error).length).toBeLessThan(10_000);
    expect(inspect(error).length).toBeLessThan(10_000);
  });
});
