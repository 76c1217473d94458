/**
 * Frames that are fetched when they are looked at, neighbours together, each once. Who reads one
 * after the other gets more and more of them at a time. Loaded with the first such file.
 */
import { assert, makeError } from "../../base/errors.ts";
import type { Extent } from "../../base/extent.ts";
import type { SingleFlight } from "../../base/single-flight.ts";
import { type ContentWatch, type DecodeFrame, FramedContent } from "./framed-content.ts";
import type { SeekTable } from "./seek-table.ts";

/** Most frames that are fetched for one that is asked for. */
const TOGETHER_MAX = 16;
/**
 * Bytes that take about as long as a request. Once requests have taken as long as all that is
 * missing would, it comes at once: so nobody pays more than twice the better of the two ways.
 */
const REQUEST_WORTH_BYTES = 1024 * 1024;
/** Fetches whose end is remembered: readers go on there, several at once, and in lists beside. */
const RECENT_MAX = 4;

/** Stored bytes from `start` on. */
export interface FetchedBytes {
  readonly bytes: Uint8Array;
  readonly start: number;
}

/** Fetches the stored bytes of an extent, or more of them around it. */
type FetchBytes = (extent: Extent, signal: AbortSignal | undefined) => Promise<FetchedBytes>;

/** What content in frames is made of. */
interface FrameSource {
  readonly table: SeekTable;
  readonly bytesMax: number;
  readonly decode: DecodeFrame;
  readonly watch: ContentWatch;
  readonly fetch: FetchBytes;
  /** Fetches under way: one is shared among those who look at the same frames. */
  readonly flights: SingleFlight<void>;
}

/** Frames [start, end) that are fetched together. */
interface Run extends Extent {
  /** Waits for them, with all others who do. */
  wait(signal: AbortSignal | undefined): Promise<void>;
}

/** Content of which nothing is there yet, to be looked at by its `attempt`. */
export class FetchedFrames {
  readonly content: FramedContent;
  readonly #source: FrameSource;
  readonly #table: SeekTable;
  /** By frame: the run that it is being fetched with. */
  readonly #runs: (Run | undefined)[];
  /** What was fetched last. */
  readonly #recent: Extent[] = [];
  #requestCount = 0;
  /** By the error of a look that failed for want of frames: which. */
  readonly #wanted = new WeakMap<object, Extent>();

  /** @throws {deserialization} above `bytesMax` */
  constructor(source: FrameSource) {
    const { table, bytesMax, decode, watch } = source;
    this.content = new FramedContent(table, bytesMax, decode, watch, (first, end) => {
      const error = makeError("internal", `frame ${first} has not been fetched`);
      this.#wanted.set(error, { start: first, end });
      return error;
    });
    this.content.attempt = (look, signal) => {
      try {
        return look();
      } catch (error) {
        if (!this.#wanted.has(error as object)) throw error;
        return this.read(look, signal);
      }
    };
    this.#source = source;
    this.#table = table;
    this.#runs = new Array(table.frames.length).fill(undefined);
  }

  /** As `attempt`, of what may be a promise. */
  async read<T>(look: () => T, signal?: AbortSignal): Promise<Awaited<T>> {
    // Each round fetches a frame that was missing.
    for (let round = 0; round <= this.#table.frames.length; round++) {
      try {
        return await look();
      } catch (error) {
        const wanted = this.#wanted.get(error as object);
        if (wanted === undefined) throw error;
        await this.fetch(wanted, signal);
      }
    }
    return assert(false, "what has been fetched is still missing") as never;
  }

  /** Fetches those of the frames that are neither there nor on their way, and waits for all. */
  async fetch({ start, end }: Extent, signal?: AbortSignal): Promise<void> {
    const runs = new Set<Run>();
    const missing: Extent[] = [];
    for (let frame = start; frame < end; frame++) {
      const run = this.#runs[frame];
      if (run !== undefined) runs.add(run);
      else if (!this.content.has(frame)) addFrame(missing, frame);
    }
    if (missing.length > 0) for (const run of this.#runsFor(missing)) runs.add(this.#begin(run));
    await Promise.all([...runs].map((run) => run.wait(signal)));
  }

  /** Keeps stored bytes that came otherwise. */
  store({ bytes, start }: FetchedBytes): void {
    this.content.store(bytes, start);
    if (this.#table.frames.every((_, frame) => this.content.has(frame)))
      this.content.attempt = undefined;
  }

  #isSeen(frame: number): boolean {
    return this.content.has(frame) || this.#runs[frame] !== undefined;
  }

  /** What is fetched for frames that are missing: runs of frames, a request each. */
  #runsFor(missing: readonly Extent[]): readonly Extent[] {
    const [only] = missing;
    const { frames } = this.#table;
    if (only === undefined || missing.length > 1) return joined(missing, frames);
    const rest = this.#unseen();
    const restBytes = rest.reduce((sum, run) => sum + bytesOf(frames, run.start, run.end), 0);
    return this.#requestCount * REQUEST_WORTH_BYTES >= restBytes
      ? joined(rest, frames)
      : [{ start: only.start, end: Math.max(only.end, this.#reach(only.start)) }];
  }

  /** All frames that are neither there nor on their way. */
  #unseen(): readonly Extent[] {
    const unseen: Extent[] = [];
    for (let frame = 0; frame < this.#runs.length; frame++)
      if (!this.#isSeen(frame)) addFrame(unseen, frame);
    return unseen;
  }

  /** Up to where frames are fetched from `start` on: twice as many as the reader got before. */
  #reach(start: number): number {
    const before = this.#recent.find(({ end }) => end === start);
    const length = before === undefined ? 1 : 2 * (before.end - before.start);
    const most = Math.min(start + Math.min(length, TOGETHER_MAX), this.#table.frames.length);
    let end = start + 1;
    while (end < most && !this.#isSeen(end)) end++;
    return end;
  }

  #begin({ start, end }: Extent): Run {
    const { flights, fetch } = this.#source;
    const { frames } = this.#table;
    const extent = { start: startOf(frames, start), end: endOf(frames, end) };
    const load = async (abandoned?: AbortSignal): Promise<void> => {
      try {
        this.store(await fetch(extent, abandoned));
      } catch (error) {
        this.#requestCount--; // What brought nothing is no reason to fetch more.
        throw error;
      } finally {
        for (let frame = start; frame < end; frame++)
          if (this.#runs[frame] === run) this.#runs[frame] = undefined;
      }
    };
    const wait: Run["wait"] = (signal) => flights.share(`${start}-${end}`, load, signal);
    const run: Run = { start, end, wait };
    this.#requestCount++;
    this.#recent.push(run);
    if (this.#recent.length > RECENT_MAX) this.#recent.shift();
    for (let frame = start; frame < end; frame++) if (!this.#isSeen(frame)) this.#runs[frame] = run;
    return run;
  }
}

type Frames = SeekTable["frames"];

const startOf = (frames: Frames, frame: number): number => (frames[frame] as Extent).start;
const endOf = (frames: Frames, end: number): number => (frames[end - 1] as Extent).end;
const bytesOf = (frames: Frames, start: number, end: number): number =>
  endOf(frames, end) - startOf(frames, start);

/** Adds a frame behind those of `runs`. */
function addFrame(runs: Extent[], frame: number): void {
  const last = runs.at(-1);
  if (last?.end === frame) runs[runs.length - 1] = { start: last.start, end: frame + 1 };
  else runs.push({ start: frame, end: frame + 1 });
}

/** `runs`, joined where what lies between two of them takes less time than a request. */
function joined(runs: readonly Extent[], frames: Frames): readonly Extent[] {
  const found: Extent[] = [];
  for (const run of runs) {
    const before = found.at(-1);
    if (before && bytesOf(frames, before.end, run.start) < REQUEST_WORTH_BYTES)
      found[found.length - 1] = { start: before.start, end: run.end };
    else found.push(run);
  }
  return found;
}
