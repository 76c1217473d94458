/** Bytes of inline chunks. Overwritten ones stay until they are more than half of what is held. */
import { ByteArena } from "../../base/byte-arena.ts";

const GARBAGE_BYTES_MIN = 64 * 1024; // Less is not worth a copy.

/** An arena that knows its garbage. */
export class InlinePayloads {
  #arena = new ByteArena();
  #bytes = 0;
  #garbageBytes = 0;

  get bytesHeld(): number {
    return this.#arena.bytesHeld;
  }

  /** Whether `compact` is worth its time. */
  get isWasteful(): boolean {
    return this.#garbageBytes > GARBAGE_BYTES_MIN && this.#garbageBytes * 2 > this.#bytes;
  }

  /** Copies a payload in; answers its position. */
  append(payload: Uint8Array): number {
    this.#bytes += payload.length;
    return this.#arena.append(payload);
  }

  view(position: number, length: number): Uint8Array {
    return this.#arena.view(position, length);
  }

  /** What holds the payload at `position`, for reading in place from `offsetIn(position)` on. */
  slabOf(position: number): Uint8Array {
    return this.#arena.slabOf(position);
  }

  offsetIn(position: number): number {
    return this.#arena.offsetIn(position);
  }

  /** A payload of that length is not needed any more. */
  discard(length: number): void {
    this.#garbageBytes += length;
  }

  /** Starts over; answers what reads the old positions, for copying over what is still needed. */
  compact(): (position: number, length: number) => Uint8Array {
    const old = this.#arena;
    this.#arena = new ByteArena();
    this.#bytes = 0;
    this.#garbageBytes = 0;
    return (position, length) => old.view(position, length);
  }

  clone(): InlinePayloads {
    const copy = new InlinePayloads();
    copy.#arena = this.#arena.clone();
    copy.#bytes = this.#bytes;
    copy.#garbageBytes = this.#garbageBytes;
    return copy;
  }
}
