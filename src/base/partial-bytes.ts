/** Bytes that are made when they are asked for: a large file of which little may be read. */

/**
 * What `look` gives, at once unless bytes that it asks for have yet to be fetched; then it looks
 * again, after each fetch. All of `look` is repeated.
 */
export type Attempt = <T>(look: () => T, signal?: AbortSignal) => T | Promise<T>;

/** Bytes of which some are still to be made. */
export interface PartialBytes {
  /** All of them, at their places; zeros where they have not been made. Nobody may write to them. */
  readonly bytes: Uint8Array;
  /** Whether nothing is left to be made. */
  readonly isWhole: boolean;
  /** Memory held, about: what has been made, and what the rest is made of. */
  readonly sizeBytes: number;
  /** How to look at them while some have yet to be fetched: outside of it, `ensure` throws. */
  readonly attempt?: Attempt | undefined;
  /** Makes bytes [start, end), as far as they exist; throws what is wrong with them, every time. */
  ensure(start: number, end: number): void;
  /** Makes what is left. */
  ensureAll(): void;
}
