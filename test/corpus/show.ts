/** A dataset as we open it, written down for `judge.py`: a description, and the values as bytes. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DataArray, Dataset } from "../../src/dataset/node/index.ts";
import { TimeArray } from "../../src/dataset/node/index.ts";

/** Where the values of one variable are, and what they are. */
type Shown =
  | { readonly kind: "numbers"; readonly start: number; readonly end: number }
  | { readonly kind: "strings" | "bytes"; readonly values: readonly string[] }
  | { readonly kind: "times"; readonly calendar: string; readonly values: readonly string[] };

/** Writes `shown.json` and `shown.bin` into `folder`. */
export async function show(dataset: Dataset, folder: string): Promise<void> {
  const parts: Uint8Array[] = [];
  let offset = 0;
  const keep = (bytes: Uint8Array): { start: number; end: number } => {
    parts.push(bytes);
    offset += bytes.length;
    return { start: offset - bytes.length, end: offset };
  };
  const variables: unknown[] = [];
  for (const [role, members] of [
    ["variable", dataset.variables],
    ["coordinate", dataset.coordinates],
  ] as const) {
    for (const member of Object.values(members)) {
      const { name, dims, shape, dtype, attributes } = await member.load();
      const values = shownValues(member, keep);
      variables.push({ role, name, dims, shape, dtype, attributes, values });
    }
  }
  writeFileSync(join(folder, "shown.bin"), Buffer.concat(parts));
  writeFileSync(join(folder, "shown.json"), print({ attributes: dataset.attributes, variables }));
}

function shownValues(
  { values, shape }: DataArray,
  keep: (bytes: Uint8Array) => { start: number; end: number },
): Shown {
  if (values instanceof TimeArray) {
    const count = shape.reduce((product, size) => product * size, 1);
    const texts = Array.from({ length: count }, (_, i) => values.toISO(i));
    return { kind: "times", calendar: values.calendar, values: texts };
  }
  if (!Array.isArray(values)) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return { kind: "numbers", ...keep(bytes) };
  }
  if (values.every((value) => typeof value === "string")) return { kind: "strings", values };
  const hex = (value: Uint8Array) => Buffer.from(value).toString("hex");
  return { kind: "bytes", values: (values as Uint8Array[]).map(hex) };
}

/** JSON as Python reads it: NaN and infinities by name, integers of any size. */
function print(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(print).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}:${print(item)}`,
  );
  return `{${members.join()}}`;
}
