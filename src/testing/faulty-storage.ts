/**
 * A storage that fails on purpose: by script (the third put of a snapshot), or by dice thrown
 * with the runtime, so that one seed gives one history.
 */
import { type IcefloeError, makeError } from "../base/errors.ts";
import { anything, checkOptions } from "../base/options.ts";
import { type Runtime, randomFraction, systemRuntime } from "../base/runtime.ts";
import type { Interceptor, StorageOperation, StorageRequest } from "../storage/intercept.ts";
import type { ListEntry, ObjectKind, Storage } from "../storage/port.ts";
import { wrapStorage } from "../storage/wrap-storage.ts";

/**
 * What goes wrong with a request:
 * - `fail-before`: it is not made, and fails with a retryable `object-store` error;
 * - `throttle`: the same, as a server does that asks for patience (status 503);
 * - `lost-reply`: it is made, and fails with `unknown-outcome` (a put), else retryably;
 * - `duplicate`: it is made twice, and the second reply is reported, as when a proxy repeats it;
 * - `delay`: it is made after a pause of up to `delayMs`;
 * - `stop-before`, `stop-after`: it is the last one before, or after, which the storage is dead:
 *   that request and every later one fail, as if the process had been killed;
 * - `stale-list`: a listing shows what an earlier listing of the same prefix showed (nothing, if
 *   there was none).
 */
export type FaultEffect =
  | "fail-before"
  | "throttle"
  | "lost-reply"
  | "duplicate"
  | "delay"
  | "stop-before"
  | "stop-after"
  | "stale-list";

/** A rule that makes requests go wrong. All its filters must match. */
export interface Fault {
  readonly effect: FaultEffect;
  /** Which operations; default all. */
  readonly operations?: readonly StorageOperation[] | undefined;
  /** Which paths: a regular expression, or a test; default all. */
  readonly path?: RegExp | ((path: string) => boolean) | undefined;
  /** Which object kinds (of puts and copies); default all, requests without one included. */
  readonly objectKinds?: readonly ObjectKind[] | undefined;
  /** Only conditional puts, or only the others; default both. */
  readonly conditional?: boolean | undefined;
  /** By script: which of the matching requests, counted from 1. */
  readonly nth?: number | readonly number[] | undefined;
  /** By dice: how likely a matching request is to go wrong, in [0, 1]. Without it and `nth`: always. */
  readonly probability?: number | undefined;
  /** How often at most; default without limit. */
  readonly timesMax?: number | undefined;
  /** The longest pause of `delay`; default 100. */
  readonly delayMs?: number | undefined;
}

/** One request that went wrong. */
export interface InjectedFault {
  readonly effect: FaultEffect;
  readonly operation: StorageOperation;
  readonly path: string;
}

/** A storage that fails on purpose. */
export interface FaultyStorage extends Storage {
  /** What went wrong so far, in order. */
  readonly injected: readonly InjectedFault[];
  /** How many requests were made, failed ones included. */
  readonly requestCount: number;
  /** Whether a `stop-…` fault has struck. */
  readonly isStopped: boolean;
}

/** Options of `faultyStorage`. */
export interface FaultyStorageOptions {
  /** Tried in order; the first that strikes decides, except that delays add to it. */
  readonly faults: readonly Fault[];
  /** Dice and pauses. Default: the system's, which repeats nothing. */
  readonly runtime?: Runtime | undefined;
}

const DELAY_MS = 100;

const retryable = (request: StorageRequest, reason: string, status?: number): IcefloeError =>
  makeError("object-store", `${request.operation} of ${request.path}: ${reason}`, {
    details: { path: request.path, retryable: true, injected: true, ...(status ? { status } : {}) },
  });

function lostReply(request: StorageRequest): IcefloeError {
  if (request.operation !== "put") return retryable(request, "the reply was lost");
  return makeError("unknown-outcome", `put of ${request.path}: the reply was lost`, {
    details: { path: request.path, injected: true },
  });
}

const stopped = (request: StorageRequest): IcefloeError =>
  makeError("storage-other", `${request.operation} of ${request.path}: the storage has stopped`, {
    details: { path: request.path, injected: true, stopped: true },
  });

function matches(fault: Fault, request: StorageRequest): boolean {
  if (fault.effect === "stale-list" && request.operation !== "list") return false;
  if (fault.operations && !fault.operations.includes(request.operation)) return false;
  if (fault.objectKinds && !fault.objectKinds.some((kind) => kind === request.objectKind))
    return false;
  if (fault.conditional !== undefined && fault.conditional !== request.isConditional) return false;
  if (fault.path === undefined) return true;
  return typeof fault.path === "function"
    ? fault.path(request.path)
    : request.path.search(fault.path) >= 0; // Unlike `test`, it keeps no state between calls.
}

/** Decides, request by request, which faults strike. */
function createScript(faults: readonly Fault[], runtime: Runtime) {
  const matched = new Map<Fault, number>();
  const struck = new Map<Fault, number>();
  const strikes = (fault: Fault, request: StorageRequest): boolean => {
    if (!matches(fault, request)) return false;
    const count = (matched.get(fault) ?? 0) + 1;
    matched.set(fault, count);
    if (fault.nth !== undefined && ![fault.nth].flat().includes(count)) return false;
    if (fault.probability !== undefined && randomFraction(runtime) >= fault.probability)
      return false;
    const times = struck.get(fault) ?? 0;
    if (times >= (fault.timesMax ?? Number.POSITIVE_INFINITY)) return false;
    struck.set(fault, times + 1);
    return true;
  };
  return (request: StorageRequest): { delays: Fault[]; fault: Fault | undefined } => {
    // Every rule sees every request, so that its count does not depend on its neighbours.
    const found = faults.filter((fault) => strikes(fault, request));
    return {
      delays: found.filter((fault) => fault.effect === "delay"),
      fault: found.find((fault) => fault.effect !== "delay"),
    };
  };
}

/**
 * `storage`, going wrong as `faults` say.
 *
 * @example
 * faultyStorage(memoryStorage(), { faults: [{ effect: "lost-reply", objectKinds: ["repo"], nth: 2 }] })
 */
export function faultyStorage(storage: Storage, options: FaultyStorageOptions): FaultyStorage {
  checkOptions("faultyStorage", options, { faults: anything, runtime: anything });
  const runtime = options.runtime ?? systemRuntime();
  const decide = createScript(options.faults, runtime);
  const injected: InjectedFault[] = [];
  const listed = new Map<string, ListEntry[]>();
  let requestCount = 0;
  let isStopped = false;

  const note = (effect: FaultEffect, { operation, path }: StorageRequest): void => {
    injected.push({ effect, operation, path });
  };

  /** The fault that strikes, after its delays; throws what keeps the request from being made. */
  const before = async (request: StorageRequest): Promise<FaultEffect | undefined> => {
    requestCount++;
    if (isStopped) throw stopped(request);
    const { delays, fault } = decide(request);
    for (const delay of delays) {
      note("delay", request);
      const pauseMs = randomFraction(runtime) * (delay.delayMs ?? DELAY_MS);
      await runtime.sleep(pauseMs, request.signal);
      if (isStopped) throw stopped(request);
    }
    if (fault !== undefined) note(fault.effect, request);
    if (fault?.effect === "fail-before") throw retryable(request, "the connection failed");
    if (fault?.effect === "throttle") throw retryable(request, "the server asks to slow down", 503);
    if (fault?.effect === "stop-before") {
      isStopped = true;
      throw stopped(request);
    }
    return fault?.effect;
  };

  const after = (request: StorageRequest, effect: FaultEffect | undefined): void => {
    if (effect === "stop-after") isStopped = true;
    if (isStopped) throw stopped(request);
    if (effect === "lost-reply") throw lostReply(request);
  };

  const interceptor: Interceptor = {
    async request(request, run) {
      const effect = await before(request);
      let result = await run();
      if (effect === "duplicate") result = await run();
      after(request, effect);
      return result;
    },
    async *list(request, run) {
      const effect = await before(request);
      const entries: ListEntry[] = [];
      if (effect === "stale-list") entries.push(...(listed.get(request.path) ?? []));
      else for await (const entry of run()) entries.push(entry);
      listed.set(request.path, entries);
      after(request, effect);
      for (const entry of entries) {
        if (isStopped) throw stopped(request);
        yield entry;
      }
    },
  };
  return Object.defineProperties(wrapStorage(storage, interceptor), {
    injected: { get: () => [...injected] },
    requestCount: { get: () => requestCount },
    isStopped: { get: () => isStopped },
  }) as FaultyStorage;
}
