/** Finds out whether a storage keeps the conditions of a put, rather than believing it. */
import { equalBytes, hexOf } from "../base/bytes.ts";
import { isIcefloeError } from "../base/errors.ts";
import { abortSignal, anything, checkOptions } from "../base/options.ts";
import { type Runtime, systemRuntime } from "../base/runtime.ts";
import { type ObjectVersion, type PutCondition, type Storage, sameVersion } from "./port.ts";

/** What `probeConditionalWrites` found. */
export interface ConditionalWritesReport {
  /** A put with `ifAbsent` creates, and leaves what is there; of many at once exactly one creates. */
  readonly conditionalCreate: boolean;
  /** A put with `ifMatch` replaces the version it names, and no other; of many at once exactly one. */
  readonly conditionalUpdate: boolean;
  /** What was wrong, one sentence each. */
  readonly problems: readonly string[];
}

/** Options of `probeConditionalWrites`. */
export interface ProbeOptions {
  /** For the names and bytes of the objects that are tried. Default: the system's. */
  readonly runtime?: Runtime | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Who races in a round: a store that looks before it writes then nearly always lets several win. */
const WRITERS = 20;

/** Rounds of a race; a store may be lucky in one. */
const ROUNDS = 5;

/** No two bodies are equal: a version may be named by its bytes. */
const BODY_BYTES = 1024;

/**
 * Tries the conditions of a put on objects of its own, `icefloe-probe.<random>.<n>`, and deletes them
 * again: first one put after another, then twenty at once, of which one may win. About 220
 * requests. A store that passes has never been seen to let two writers win, which proves nothing
 * about what it does once in a million. Failures of the storage reject; a condition that is refused,
 * ignored or not atomic is reported.
 */
export async function probeConditionalWrites(
  storage: Storage,
  options?: ProbeOptions,
): Promise<ConditionalWritesReport> {
  checkOptions("probeConditionalWrites", options, { runtime: anything, signal: abortSignal });
  const { runtime = systemRuntime(), signal } = options ?? {};
  const name = `icefloe-probe.${hexOf(runtime.randomBytes(8))}`;
  const paths = Array.from({ length: ROUNDS + 1 }, (_, round) => `${name}.${round}`);
  const problems: string[] = [];
  const probe: Probe = { storage, runtime, signal, problems };
  try {
    let { conditionalCreate, conditionalUpdate } = await tryInTurn(probe, paths[0] as string);
    for (const path of paths.slice(1)) {
      if (conditionalCreate)
        conditionalCreate = await race(probe, path, { ifAbsent: true }, "creators");
      if (!conditionalUpdate) continue;
      const current = await put(probe, path, undefined);
      if (current.outcome === "written")
        conditionalUpdate = await race(probe, path, { ifMatch: current.version }, "updaters");
    }
    return { conditionalCreate, conditionalUpdate, problems };
  } finally {
    if (storage.capabilities.delete) await storage.delete(paths);
  }
}

/** A probe under way. */
interface Probe {
  readonly storage: Storage;
  readonly runtime: Runtime;
  readonly signal: AbortSignal | undefined;
  readonly problems: string[];
}

function put(
  { storage, runtime, signal }: Probe,
  path: string,
  condition: PutCondition | undefined,
  body: Uint8Array = runtime.randomBytes(BODY_BYTES),
): ReturnType<Storage["put"]> {
  return storage.put(path, body, { objectKind: "other", condition, signal });
}

/** Tries the conditions one put after another. */
async function tryInTurn(
  probe: Probe,
  path: string,
): Promise<Pick<ConditionalWritesReport, "conditionalCreate" | "conditionalUpdate">> {
  const { problems } = probe;
  /** Whether a put on `condition` did what it should; the version it wrote. */
  const attempt = async (
    condition: PutCondition,
    expected: "written" | "condition-failed",
    what: string,
  ): Promise<{ holds: boolean; version?: ObjectVersion }> => {
    try {
      const done = await put(probe, path, condition);
      if (done.outcome === expected)
        return { holds: true, ...(done.outcome === "written" ? { version: done.version } : {}) };
      problems.push(`${what}: ${done.outcome}, expected ${expected}`);
    } catch (error) {
      if (!isIcefloeError(error, "condition-not-supported")) throw error;
      problems.push(`${what}: refused`);
    }
    return { holds: false };
  };

  const absent = { ifAbsent: true } as const;
  const created = await attempt(absent, "written", "create where nothing is");
  const kept =
    created.holds && (await attempt(absent, "condition-failed", "create where an object is")).holds;
  let current = created.version;
  if (current === undefined) {
    const done = await put(probe, path, undefined);
    if (done.outcome === "written") current = done.version;
  }
  const stale = { ifMatch: current ?? { etag: "none" } };
  const updated = await attempt(stale, "written", "update of the current version");
  const refused =
    updated.holds && (await attempt(stale, "condition-failed", "update of an old version")).holds;
  return { conditionalCreate: kept, conditionalUpdate: refused };
}

/** Whether of many puts on one condition, sent at once, one alone won, and is what stands there. */
async function race(
  probe: Probe,
  path: string,
  condition: PutCondition,
  who: string,
): Promise<boolean> {
  const bodies = Array.from({ length: WRITERS }, () => probe.runtime.randomBytes(BODY_BYTES));
  const puts = await Promise.allSettled(bodies.map((body) => put(probe, path, condition, body)));
  const winners: ObjectVersion[] = [];
  /** Bodies that may stand there: of the winners, else those whose replies were lost. */
  let candidates: Uint8Array[] = [];
  const unknown: Uint8Array[] = [];
  for (const [writer, ended] of puts.entries()) {
    const body = bodies[writer] as Uint8Array;
    if (ended.status === "rejected") {
      if (!isIcefloeError(ended.reason, "unknown-outcome")) throw ended.reason;
      unknown.push(body);
    } else if (ended.value.outcome === "written") {
      winners.push(ended.value.version);
      candidates.push(body);
    }
  }
  if (winners.length === 0) candidates = unknown;
  const stored = await probe.storage.get(path, { signal: probe.signal });
  const isOurs = candidates.some((body) => stored !== undefined && equalBytes(body, stored.bytes));
  const [version = stored?.version] = winners;
  const isVersion = version !== undefined && sameVersion(version, stored?.version ?? {});
  if (winners.length <= 1 && isOurs && isVersion) return true;
  const found =
    winners.length > 1
      ? `${winners.length} were told that they had won`
      : `what stands there is not what ${winners.length === 0 ? "any of them" : "the winner"} wrote`;
  probe.problems.push(`${WRITERS} ${who} at once: ${found}`);
  return false;
}
