/** Many fuzz inputs in a row, and what came of them. */
import type { Inputs, Target, Verdict } from "./inputs.ts";
import { readInput } from "./inputs.ts";

/** Memory that the buffers of one read may take; a payload and what it unpacks to fit easily. */
const BUFFER_BYTES_MAX = 32 * 1024 * 1024;
const FAILURES_MAX = 20;

/** An input that did what no input may. */
export interface Failure {
  readonly index: number;
  readonly target: Target;
  readonly message: string;
  readonly base64: string;
}

/** Counts of a campaign. */
export interface CampaignReport {
  readonly inputs: number;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly byTarget: Readonly<Record<string, number>>;
  readonly failures: readonly Failure[];
}

/** Reads inputs [start, start + runs) of `seed`; `onInput` is told of each before it is read. */
export async function runCampaign(
  inputs: Inputs,
  options: {
    readonly seed: number;
    readonly start: number;
    readonly runs: number;
    readonly onInput?: ((index: number) => void) | undefined;
  },
): Promise<CampaignReport> {
  const { seed, start, runs, onInput } = options;
  const verdicts = { refused: 0, read: 0, intact: 0 };
  const byTarget: Record<string, number> = {};
  const failures: Failure[] = [];
  let count = 0;
  for (let index = start; index < start + runs; index++) {
    onInput?.(index);
    const input = inputs.make(seed, index);
    const { target } = input;
    const before = process.memoryUsage().arrayBuffers;
    try {
      verdicts[await readInput(input, inputs.corpus)]++;
      const grown = process.memoryUsage().arrayBuffers - before;
      if (grown > BUFFER_BYTES_MAX) throw new Error(`it took ${grown} bytes of buffers`);
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const base64 = toBase64(input.bytes);
      failures.push({ index, target, message, base64 });
      if (failures.length >= FAILURES_MAX) break;
    }
    byTarget[target] = (byTarget[target] ?? 0) + 1;
    count++;
  }
  return { inputs: count, verdicts, byTarget, failures };
}

/** Bytes as base64. */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Bytes of base64. */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
