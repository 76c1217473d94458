/**
 * The way between a process and its storage: requests and replies take time, get lost, come twice
 * or late, and processes die on the way.
 */
import { type IcefloeError, makeError } from "../../src/base/errors.ts";
import { interceptStorage, type StorageRequest } from "../../src/storage/intercept.ts";
import type { ListEntry, Storage } from "../../src/storage/port.ts";
import { withRetry } from "../../src/storage/with-retry.ts";
import type { Clock, Scheduler } from "./scheduler.ts";

/** How often each thing goes wrong, per 1000 requests. */
export interface Weather {
  readonly failBefore: number;
  readonly throttle: number;
  readonly lostReply: number;
  /** The client is told that the reply was lost; the request arrives long after. */
  readonly late: number;
  readonly duplicate: number;
  readonly slow: number;
  readonly death: number;
}

export const CALM: Weather = {
  failBefore: 0,
  throttle: 0,
  lostReply: 0,
  late: 0,
  duplicate: 0,
  slow: 20,
  death: 0,
};
export const ROUGH: Weather = {
  failBefore: 20,
  throttle: 10,
  lostReply: 25,
  late: 10,
  duplicate: 15,
  slow: 60,
  death: 6,
};
export const STORM: Weather = {
  failBefore: 50,
  throttle: 30,
  lostReply: 70,
  late: 40,
  duplicate: 40,
  slow: 120,
  death: 15,
};

const TRIP_MS = 12;
const SLOW_MS = 5000;
const LATE_MS = 30_000;
const SKEW_MS = 2000;

/** The process died: what it was doing stays undone, and nobody is told. */
export class Death extends Error {}

/** A process with its own clock and its own line to the storage. */
export interface Process {
  readonly name: string;
  readonly runtime: Clock;
  readonly storage: Storage;
  /** Rejects with `Death` when the process dies. */
  readonly death: Promise<never>;
}

type Effect = keyof Weather | "none";

/** All lines to one storage. */
export class Network {
  readonly #scheduler: Scheduler;
  readonly #target: Storage;
  readonly #weather: Weather;
  #processes = 0;
  #isOver = false;
  /** Runs after each request that reached the storage. */
  onApplied: ((request: StorageRequest) => Promise<void>) | undefined;
  /** How often each fault struck. */
  readonly injected: Record<string, number> = {};

  constructor(scheduler: Scheduler, target: Storage, weather: Weather) {
    this.#scheduler = scheduler;
    this.#target = target;
    this.#weather = weather;
  }

  /** From now on nothing goes wrong any more. */
  calmDown(): void {
    this.#isOver = true;
  }

  /** Starts a process. Some storages retry by themselves, as clients of object stores do. */
  start(name: string): Process {
    const scheduler = this.#scheduler;
    const { dice } = scheduler;
    const unique = `${name}#${this.#processes++}`;
    const runtime = scheduler.clock(unique, dice.below(2 * SKEW_MS) - SKEW_MS);
    let die: (reason: Error) => void = () => {};
    const death = new Promise<never>((_, reject) => {
      die = reject;
    });
    death.catch(() => undefined);
    const line = new Line(this, unique, () => {
      scheduler.note(`${unique} dies`);
      const reason = new Death(`${unique} died`);
      runtime.stop(reason);
      die(reason);
    });
    const direct = interceptStorage(this.#target, {
      request: (request, run) => line.request(request, run),
      list: (request, run) => line.list(request, run),
    });
    const storage = dice.oneIn(2) ? withRetry(direct, { runtime }) : direct;
    return { name: unique, runtime, storage, death };
  }

  /** What happens to a request. */
  effect(request: StorageRequest): Effect {
    if (this.#isOver) return "none";
    const { dice } = this.#scheduler;
    let thrown = dice.below(1000);
    for (const [effect, weight] of Object.entries(this.#weather) as [keyof Weather, number][]) {
      if (thrown < weight) {
        if (effect === "late" && request.operation !== "put") return "lostReply";
        this.injected[effect] = (this.injected[effect] ?? 0) + 1;
        return effect;
      }
      thrown -= weight;
    }
    return "none";
  }

  note(line: string): void {
    this.#scheduler.note(line);
  }

  /** Waits for a trip over the network, to be resumed by the scheduler. */
  trip(delayMs: number, run: () => void | Promise<void>): void {
    this.#scheduler.after(delayMs, run);
  }

  tripMs(isSlow: boolean): number {
    return this.#scheduler.dice.below(isSlow ? SLOW_MS : TRIP_MS);
  }

  lateMs(): number {
    return this.#scheduler.dice.below(LATE_MS);
  }

  /** Lets a request reach the storage. */
  async apply<T>(request: StorageRequest, run: () => Promise<T>): Promise<T> {
    const result = await run();
    await this.onApplied?.(request);
    return result;
  }
}

type Result<T> = { readonly value: T } | { readonly error: unknown };

class Line {
  readonly #network: Network;
  readonly #name: string;
  readonly #die: () => void;
  #isDead = false;

  constructor(network: Network, name: string, die: () => void) {
    this.#network = network;
    this.#name = name;
    this.#die = die;
  }

  request<T>(request: StorageRequest, run: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#isDead) return;
      const network = this.#network;
      const effect = network.effect(request);
      const isSlow = effect === "slow";
      const arrive = async (): Promise<void> => {
        const result = await this.#arrive(effect, request, run);
        if (result === undefined) return;
        network.trip(network.tripMs(isSlow), () => {
          if (this.#isDead) return;
          if ("error" in result) reject(result.error);
          else resolve(result.value);
        });
      };
      network.trip(network.tripMs(isSlow), arrive);
    });
  }

  /** What the storage does, and what comes back; `undefined`: nobody waits any more. */
  async #arrive<T>(
    effect: Effect,
    request: StorageRequest,
    run: () => Promise<T>,
  ): Promise<Result<T> | undefined> {
    const network = this.#network;
    const { operation, path } = request;
    const say = (what: string): void => network.note(`${this.#name} ${operation} ${path}: ${what}`);
    const apply = async (): Promise<Result<T>> => {
      try {
        const value = await network.apply(request, run);
        say(outcomeOf(value));
        return { value };
      } catch (error) {
        say(`fails, ${error}`);
        return { error };
      }
    };
    if (this.#isDead) {
      // It was sent before the process died.
      await apply();
      return undefined;
    }
    switch (effect) {
      case "failBefore":
      case "throttle":
        say(effect);
        return { error: retryable(request, effect === "throttle" ? 503 : undefined) };
      case "lostReply":
        await apply();
        say("the reply is lost");
        return { error: lost(request) };
      case "late":
        say("comes late");
        network.trip(network.lateMs(), async () => {
          await apply();
        });
        return { error: lost(request) };
      case "duplicate":
        await apply();
        return apply();
      case "death": {
        const isDone = network.lateMs() % 2 === 0;
        if (isDone) await apply();
        this.#isDead = true;
        this.#die();
        return undefined;
      }
      default:
        return apply();
    }
  }

  async *list(
    request: StorageRequest,
    run: () => AsyncIterable<ListEntry>,
  ): AsyncIterable<ListEntry> {
    const entries = await this.request(request, async () => {
      const found: ListEntry[] = [];
      for await (const entry of run()) found.push(entry);
      return found;
    });
    yield* entries;
  }
}

function outcomeOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  return "outcome" in value ? String(value.outcome) : "done";
}

function retryable(request: StorageRequest, status?: number): IcefloeError {
  return makeError("object-store", `${request.operation} of ${request.path} failed`, {
    details: { path: request.path, retryable: true, ...(status ? { status } : {}) },
  });
}

function lost(request: StorageRequest): IcefloeError {
  if (request.operation !== "put") return retryable(request);
  return makeError("unknown-outcome", `put of ${request.path}: the reply was lost`, {
    details: { path: request.path },
  });
}
