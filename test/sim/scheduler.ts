/**
 * Time and order, both decided by dice: whatever happens is an event with a time of a virtual
 * clock, and the next event runs when nobody has anything left to do. One seed, one history.
 */
import { createHash } from "node:crypto";
import type { Runtime } from "../../src/base/runtime.ts";
import { Dice } from "../fuzz/dice.ts";

const START_MICROS = Date.UTC(2026, 0, 1) * 1000;
const MICROS_PER_MS = 1000;
/** Looks at the clock that find nothing to do, before the run is called stuck. */
const STUCK_LOOKS = 5000;

interface Event {
  readonly atMicros: number;
  readonly number: number;
  readonly run: () => void | Promise<void>;
}

/** What one actor sees of the world: its own clock, which may be wrong, and its own dice. */
export interface Clock extends Runtime {
  /** Ends every sleep with an error, now and from now on. */
  stop(reason: Error): void;
}

export class Scheduler {
  readonly dice: Dice;
  readonly #seed: number;
  readonly #events: Event[] = []; // A heap: the earliest first, the oldest among equals.
  readonly #hash = createHash("sha256");
  readonly #trace: string[] | undefined;
  #nowMicros = START_MICROS;
  #count = 0;

  constructor(seed: number, keepTrace: boolean) {
    this.#seed = seed;
    this.dice = new Dice(seed);
    this.#trace = keepTrace ? [] : undefined;
  }

  get nowMicros(): number {
    return this.#nowMicros;
  }

  get eventCount(): number {
    return this.#count;
  }

  /** Every line of the trace, if it is kept. */
  get trace(): readonly string[] {
    return this.#trace ?? [];
  }

  /** The trace as one number: equal for equal histories. */
  digest(): string {
    return this.#hash.copy().digest("hex");
  }

  note(line: string): void {
    const stamped = `${this.#nowMicros - START_MICROS} ${line}\n`;
    this.#hash.update(stamped);
    this.#trace?.push(stamped);
  }

  /** Runs `run` after `delayMs` of virtual time. */
  after(delayMs: number, run: Event["run"]): void {
    const atMicros = this.#nowMicros + Math.max(0, Math.round(delayMs * MICROS_PER_MS));
    this.#push({ atMicros, number: this.#count++, run });
  }

  /** Runs events until `isOver`. Throws if nothing can happen any more. */
  async run(isOver: () => boolean): Promise<void> {
    for (let idle = 0; !isOver(); ) {
      await quiet();
      if (isOver()) return;
      const event = this.#pop();
      if (event === undefined) {
        // The first simulations of a process load modules, which takes real time.
        if (idle++ > STUCK_LOOKS) throw new Error("nothing can happen any more");
        await new Promise((resolve) => setTimeout(resolve, 1));
        continue;
      }
      idle = 0;
      this.#nowMicros = Math.max(this.#nowMicros, event.atMicros);
      await event.run();
    }
  }

  /** A clock that is `skewMs` ahead of the others. */
  clock(name: string, skewMs: number): Clock {
    const dice = new Dice(this.#seed, hashOf(name));
    let stopped: Error | undefined;
    const sleepers = new Set<(reason: Error) => void>();
    return {
      nowMicros: () => this.#nowMicros + Math.round(skewMs * MICROS_PER_MS),
      randomBytes: (byteCount) => Uint8Array.from({ length: byteCount }, () => dice.below(256)),
      sleep: (milliseconds, signal) =>
        new Promise((resolve, reject) => {
          if (stopped !== undefined) return; // The process is gone: nobody is woken.
          if (signal?.aborted) return reject(signal.reason);
          const fail = (reason: Error): void => {
            sleepers.delete(fail);
            reject(reason);
          };
          sleepers.add(fail);
          signal?.addEventListener("abort", () => fail(signal.reason), { once: true });
          this.after(milliseconds, () => {
            if (sleepers.delete(fail)) resolve();
          });
        }),
      stop(reason) {
        stopped = reason;
        sleepers.clear();
      },
    };
  }

  #push(event: Event): void {
    const events = this.#events;
    let at = events.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(events[parent] as Event, event)) break;
      events[at] = events[parent] as Event;
      at = parent;
    }
    events[at] = event;
  }

  #pop(): Event | undefined {
    const events = this.#events;
    const first = events[0];
    const last = events.pop();
    if (first === undefined || last === undefined || events.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= events.length) break;
      const right = events[child + 1];
      if (right !== undefined && isBefore(right, events[child] as Event)) child++;
      if (isBefore(last, events[child] as Event)) break;
      events[at] = events[child] as Event;
      at = child;
    }
    events[at] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMicros < b.atMicros || (a.atMicros === b.atMicros && a.number < b.number);
}

function hashOf(text: string): number {
  let hash = 17;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

/** Resolves when every promise that can go on has gone on. */
async function quiet(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  await new Promise<void>((resolve) => setImmediate(resolve));
}
