/** Finds out whether a storage keeps the conditions of a put, rather than believing it. */
import { hexOf } from "../base/bytes.ts";
import { isIcefloeError } from "../base/errors.ts";
import { abortSignal, anything, checkOptions } from "../base/options.ts";
import { type Runtime, systemRuntime } from "../base/runtime.ts";
import type { ObjectVersion, PutCondition, Storage } from "./port.ts";

/** What `probeConditionalWrites` found. */
export interface ConditionalWritesReport {
  /** A put with `ifAbsent` creates, and leaves what is there. */
  readonly conditionalCreate: boolean;
  /** A put with `ifMatch` replaces the version it names, and no other. */
  readonly conditionalUpdate: boolean;
  /** What was wrong, one sentence each. */
  readonly problems: readonly string[];
}

/** Options of `probeConditionalWrites`. */
export interface ProbeOptions {
  /** For the name of the object that is tried. Default: the system's. */
  readonly runtime?: Runtime | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Tries the conditions of a put on an object of its own, `icefloe-probe.<random>`, and deletes it
 * again. About eight requests, one after another: it shows whether conditions are honoured, not
 * that they are atomic. Failures of the storage reject; a refused or ignored condition is reported.
 */
export async function probeConditionalWrites(
  storage: Storage,
  options?: ProbeOptions,
): Promise<ConditionalWritesReport> {
  checkOptions("probeConditionalWrites", options, { runtime: anything, signal: abortSignal });
  const { runtime = systemRuntime(), signal } = options ?? {};
  const path = `icefloe-probe.${hexOf(runtime.randomBytes(8))}`;
  const problems: string[] = [];

  /** Whether a put on `condition` did what it should; the version it wrote. */
  const attempt = async (
    body: number,
    condition: PutCondition,
    expected: "written" | "condition-failed",
    what: string,
  ): Promise<{ holds: boolean; version?: ObjectVersion }> => {
    try {
      const done = await storage.put(path, new Uint8Array([body]), {
        objectKind: "other",
        condition,
        signal,
      });
      if (done.outcome === expected)
        return { holds: true, ...(done.outcome === "written" ? { version: done.version } : {}) };
      problems.push(`${what}: ${done.outcome}, expected ${expected}`);
    } catch (error) {
      if (!isIcefloeError(error, "condition-not-supported")) throw error;
      problems.push(`${what}: refused`);
    }
    return { holds: false };
  };

  try {
    const created = await attempt(1, { ifAbsent: true }, "written", "create where nothing is");
    const kept =
      created.holds &&
      (await attempt(2, { ifAbsent: true }, "condition-failed", "create where an object is")).holds;
    let current = created.version;
    if (current === undefined) {
      const done = await storage.put(path, new Uint8Array([1]), { objectKind: "other", signal });
      if (done.outcome === "written") current = done.version;
    }
    const stale = current ?? { etag: "none" };
    const updated = await attempt(
      3,
      { ifMatch: stale },
      "written",
      "update of the current version",
    );
    const refused =
      updated.holds &&
      (await attempt(4, { ifMatch: stale }, "condition-failed", "update of an old version")).holds;
    return { conditionalCreate: kept, conditionalUpdate: refused, problems };
  } finally {
    if (storage.capabilities.delete) await storage.delete([path]);
  }
}
