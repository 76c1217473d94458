/** The schemas of the metadata files, from docs/format.md, as far as spec 2 writes them. */
import type { FieldSchema, TableSchema } from "./flatbuffer-verifier.ts";

const u8: FieldSchema = { inline: 1, alignment: 1 };
const u16: FieldSchema = { inline: 2, alignment: 2 };
const u32: FieldSchema = { inline: 4, alignment: 4 };
const u64: FieldSchema = { inline: 8, alignment: 8 };
const objectId: FieldSchema = { inline: 12, alignment: 1 };
const text: FieldSchema = { text: true };
const blob: FieldSchema = { each: 1, alignment: 1 };
const u16s: FieldSchema = { each: 2, alignment: 2 };
const u32s: FieldSchema = { each: 4, alignment: 4 };
const nodeId: FieldSchema = { inline: 8, alignment: 1 };
const nodeIds: FieldSchema = { each: 8, alignment: 1 };
const must = (field: FieldSchema): FieldSchema => ({ ...field, required: true });
const tables = (schema: TableSchema): FieldSchema => ({ tables: schema });

const METADATA_ITEM: TableSchema = [must(text), must(blob)];

const ARRAY: TableSchema = [
  must({ each: 16, alignment: 8 }),
  tables([text]),
  must(tables([must(objectId), must({ each: 8, alignment: 4 })])),
  tables([u64, u32]),
];
const NODE: TableSchema = [
  must(nodeId),
  must(text),
  must(blob),
  u8,
  { union: { 1: ARRAY, 2: [] }, tag: 3 },
  blob,
];

/** Snapshot files. */
export const SNAPSHOT: TableSchema = [
  must(objectId),
  objectId,
  must(tables(NODE)),
  u64,
  must(text),
  must(tables(METADATA_ITEM)),
  must({ each: 32, alignment: 8 }),
  tables([must(objectId), u64, u32, blob]),
  blob,
];

/** Transaction logs. */
export const TRANSACTION_LOG: TableSchema = [
  must(objectId),
  must(nodeIds),
  must(nodeIds),
  must(nodeIds),
  must(nodeIds),
  must(nodeIds),
  must(nodeIds),
  must(tables([must(nodeId), must(tables([must(u32s)]))])),
  tables([must(text), must(text), must(nodeId), u8]),
  blob,
];

const REF: TableSchema = [must(text), u32];
const SNAPSHOT_INFO: TableSchema = [
  must(objectId),
  u32,
  u64,
  must(text),
  tables(METADATA_ITEM),
  { each: 12, alignment: 1 },
];
const STATUS: TableSchema = [u8, u64, text];
const NAME: TableSchema = [must(text)];
const NAME_AND_ID: TableSchema = [must(text), must(objectId)];
const UPDATES: Readonly<Record<number, TableSchema>> = {
  1: [],
  2: [u8, u8],
  3: [],
  4: [],
  5: NAME,
  6: NAME_AND_ID,
  7: NAME,
  8: NAME_AND_ID,
  9: NAME_AND_ID,
  10: NAME_AND_ID,
  11: [...NAME_AND_ID, must(objectId)],
  12: [must(objectId)],
  13: [],
  14: [],
  15: [u16, u8, u8],
  16: [must({ table: STATUS })],
};

/** The `repo` file. */
export const REPO: TableSchema = [
  u8,
  must(tables(REF)),
  must(tables(REF)),
  must({ texts: true }),
  must(tables(SNAPSHOT_INFO)),
  must({ table: STATUS }),
  tables(METADATA_ITEM),
  must(tables([u8, { union: UPDATES, tag: 0 }, u64, text])),
  text,
  blob,
  u16s,
  u16s,
  blob,
];
