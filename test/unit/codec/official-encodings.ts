/**
 * Bytes that the official engine wrote, outside of whole files. Spec: docs/format.md
 * "FlexBuffers values" and "Location compression".
 */
import stored from "./official-encodings.json" with { type: "json" };

/** Bytes of lower-case hex. */
export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Lower-case hex of bytes. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const DICTIONARY: Uint8Array = fromHex(stored.dictionary);
/** Compressed locations and what they stand for. */
export const LOCATIONS: readonly (readonly [Uint8Array, string])[] = stored.locations.map(
  ([hex, text]) => [fromHex(hex as string), text as string] as const,
);
export const CONFIG_ALL_DEFAULTS: Uint8Array = fromHex(stored.configAllDefaults);
export const CONFIG_PARTIAL: Uint8Array = fromHex(stored.configPartial);
