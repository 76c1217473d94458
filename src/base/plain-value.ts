/** Values as people and JSON can read them: bytes as text where they are text, times as ISO. */

const TEXT_BYTES_MAX = 80;
const HEX_BYTES_MAX = 16;
const ITEMS_MAX = 1000;
const DEPTH_MAX = 8;

/** Bytes: the text that they are in UTF-8, or how many, and the first of them in hexadecimal. */
export function describeBytes(bytes: Uint8Array): string {
  const text = textIn(bytes.subarray(0, TEXT_BYTES_MAX));
  const isWhole = bytes.length <= TEXT_BYTES_MAX;
  if (text !== undefined) return `bytes ${JSON.stringify(isWhole ? text : `${text}…`)}`;
  const hex = Array.from(bytes.subarray(0, HEX_BYTES_MAX), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join(" ");
  const count = bytes.length === 1 ? "1 byte" : `${bytes.length} bytes`;
  return `${count} ${hex}${bytes.length > HEX_BYTES_MAX ? " …" : ""}`;
}

/** The printable text that `bytes`, perhaps the first of more, stand for. */
function textIn(bytes: Uint8Array): string | undefined {
  try {
    // As a stream: the last character may go on behind them.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return /[^\P{C}\t\r\n]/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** A Date, with the time that it says as ISO text. */
export function describeDate(date: Date): string {
  return isValid(date) ? `the Date ${date.toISOString()}` : "an invalid Date";
}

function isValid(date: Date): boolean {
  return !Number.isNaN(date.getTime());
}

/** Microseconds since 1970 as ISO text with all six digits; beyond what dates can say, the number. */
export function describeMicros(micros: number): string {
  const milliseconds = Math.floor(micros / 1000);
  const date = new Date(milliseconds);
  if (!isValid(date)) return `${micros} µs`;
  const rest = String(Math.floor(micros) - milliseconds * 1000).padStart(3, "0");
  return date.toISOString().replace("Z", `${rest}Z`);
}

/**
 * A copy of `value` that JSON can say: what it has no form for becomes text, lists keep their first
 * 1,000 items, and what contains itself ends there.
 */
export function plainValue(value: unknown, above: readonly object[] = []): unknown {
  if (typeof value === "bigint" || typeof value === "symbol") return String(value);
  if (typeof value === "function") return "a function";
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return isValid(value) ? value.toISOString() : describeDate(value);
  if (value instanceof Uint8Array) return describeBytes(value);
  if (above.includes(value)) return "itself";
  if (above.length >= DEPTH_MAX) return "…";
  const inside = [...above, value];
  const { toJSON } = value as { readonly toJSON?: unknown };
  if (typeof toJSON === "function") return plainValue(toJSON.call(value), inside);
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (isList(value)) return plainList(value, inside);
  const entries = value instanceof Map ? value.entries() : Object.entries(value);
  return Object.fromEntries(
    Array.from(entries, ([name, member]) => [String(name), plainValue(member, inside)]),
  );
}

function isList(value: object): value is Iterable<unknown> & object {
  const isTyped = ArrayBuffer.isView(value) && !(value instanceof DataView);
  return Array.isArray(value) || isTyped || value instanceof Set;
}

function plainList(list: Iterable<unknown>, inside: readonly object[]): unknown[] {
  const items: unknown[] = [];
  let count = 0;
  for (const item of list) {
    if (count++ < ITEMS_MAX) items.push(plainValue(item, inside));
  }
  return count > ITEMS_MAX ? [...items, `and ${count - ITEMS_MAX} more`] : items;
}
