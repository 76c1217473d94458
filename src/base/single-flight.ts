/** Joins concurrent requests for the same thing into one, which goes on while anybody waits for it. */
import { abortable } from "./on-abort.ts";

/** Does the work; its signal, if there is one, aborts when nobody waits any more. */
type Load<T> = (signal?: AbortSignal) => Promise<T>;

/** A load under way and those who wait for it. */
export interface Flight<T> {
  readonly result: Promise<T>;
  /** How many wait; those who have left do not count. Final when the result is there. */
  callers: number;
  /** Called once, when the last caller has left before the end. */
  abandon(reason: unknown): void;
}

/** Runs at most one load per key at a time; late callers share the running one. */
export interface SingleFlight<T> {
  /** The running flight for `key`, or a new one, for the caller of `signal` to join. */
  flight(key: string, load: Load<T>, signal?: AbortSignal): Flight<T>;
  /** The result of that flight, joined. */
  share(key: string, load: Load<T>, signal?: AbortSignal): Promise<T>;
}

/**
 * Starts a load for the caller of `signal`, who is the first to join it. Without a signal that
 * caller never leaves, so the load needs none either.
 */
export function startFlight<T>(
  load: Load<T>,
  signal: AbortSignal | undefined,
  onAbandoned: () => void,
): Flight<T> {
  const controller = signal && new AbortController();
  return {
    result: load(controller?.signal),
    callers: 0,
    abandon(reason) {
      onAbandoned();
      controller?.abort(reason);
    },
  };
}

/** The flight's result. An abort rejects at once, and ends the load if nobody else waits for it. */
export function joinFlight<T>(flight: Flight<T>, signal?: AbortSignal): Promise<T> {
  flight.callers++;
  return abortable(flight.result, signal, () => {
    if (--flight.callers === 0) flight.abandon(signal?.reason);
  });
}

/** A single-flight group. Loads that failed, or that everybody has left, are forgotten at once. */
export function createSingleFlight<T>(): SingleFlight<T> {
  const running = new Map<string, Flight<T>>();
  const flights: SingleFlight<T> = {
    flight(key, load, signal) {
      const found = running.get(key);
      if (found !== undefined) return found;
      const forget = (): void => {
        if (running.get(key) === flight) running.delete(key);
      };
      const run: Load<T> = async (abandoned) => {
        try {
          return await load(abandoned);
        } finally {
          forget();
        }
      };
      const flight = startFlight(run, signal, forget);
      running.set(key, flight);
      return flight;
    },
    share: (key, load, signal) => joinFlight(flights.flight(key, load, signal), signal),
  };
  return flights;
}
