/**
 * What deleting takes away, case by case: `test/unit/session/store/delete.test.ts` holds icefloe to
 * it, `test/interop/deletions.test.ts` the official engine.
 */
import type { Store } from "../src/index.ts";
import { arrayDocument } from "./zarr-documents.ts";

/** A node of a hierarchy, by its path without slash; an array has a chunk at each coordinate of `chunks`. */
interface CaseNode {
  readonly path: string;
  readonly chunks?: readonly string[];
}

/** Key and text of one write. */
export type KeyAndText = readonly [key: string, text: string];

/** `delete` of a key, `deleteDir` of a prefix, or `clear`; `gone`: the keys that are not there any more. */
export interface DeletionCase {
  readonly operation: "delete" | "deleteDir" | "clear";
  readonly argument: string;
  readonly gone: "all" | readonly string[];
}

/** A hierarchy and what is deleted from it. */
export interface DeletionTable {
  readonly name: string;
  readonly nodes: readonly CaseNode[];
  readonly cases: readonly DeletionCase[];
}

const group = (path: string): CaseNode => ({ path });
const array = (path: string, ...chunks: string[]): CaseNode => ({ path, chunks });
const remove = (argument: string, ...gone: string[]): DeletionCase => ({
  operation: "delete",
  argument,
  gone,
});
const removeAll = (argument: string): DeletionCase => ({
  operation: "delete",
  argument,
  gone: "all",
});
const removeDir = (argument: string, ...gone: string[]): DeletionCase => ({
  operation: "deleteDir",
  argument,
  gone,
});
const removeDirAll = (argument: string): DeletionCase => ({
  operation: "deleteDir",
  argument,
  gone: "all",
});
const CLEAR: DeletionCase = { operation: "clear", argument: "", gone: "all" };

const G_H = ["g/h/zarr.json", "g/h/b/zarr.json", "g/h/b/c/1"];
const G_A = ["g/a/zarr.json", "g/a/c/0", "g/a/c/1"];
const G = ["g/zarr.json", ...G_A, ...G_H];
const A = ["a/zarr.json", "a/c/0/0", "a/c/0/1", "a/c/1/0"];
const A_G = ["a/g/zarr.json", "a/g/d/zarr.json", "a/g/d/c/0"];
const W_Y = ["w/y/zarr.json", "w/y/z/zarr.json", "w/y/z/c/0"];
const X = ["x/zarr.json", "x/c/0"];
const X_C = ["x/c/zarr.json", "x/c/c/0"];
const X_C_0 = ["x/c/0/zarr.json", "x/c/0/c/1"];

const TREE = [
  group("g"),
  array("g/a", "0", "1"),
  group("g/h"),
  array("g/h/b", "1"),
  group("g-h"),
  array("top", "0"),
];

/** All hierarchies. */
export const DELETION_TABLES: readonly DeletionTable[] = [
  {
    name: "groups and arrays",
    nodes: [group(""), ...TREE],
    cases: [
      removeAll("zarr.json"),
      remove("g/zarr.json", ...G),
      remove("g/h/zarr.json", ...G_H),
      remove("g/a/zarr.json", ...G_A),
      remove("g/a/c/1", "g/a/c/1"),
      remove("g/a/c/3"),
      remove("g/a/c/9"),
      remove("g/a/c/0/0"),
      remove("g/c/0"),
      remove("none/zarr.json"),
      remove("g/none/zarr.json"),
      remove("g/none/c/0"),
      remove("g/.zgroup"),
      removeDirAll(""),
      removeDirAll("/"),
      removeDir("g", ...G),
      removeDir("/g/", ...G),
      removeDir("g/h", ...G_H),
      removeDir("g/a/", ...G_A),
      removeDir("g/a/c", "g/a/c/0", "g/a/c/1"),
      removeDir("g/a/c/1/", "g/a/c/1"),
      removeDir("g/a/c/1/0"),
      removeDir("g/zarr.json"),
      removeDir("g/c"),
      removeDir("to"),
      removeDir("none"),
      removeDir("g/none/c"),
      CLEAR,
    ],
  },
  {
    name: "no root",
    nodes: TREE,
    cases: [
      remove("zarr.json"),
      remove("g/zarr.json", ...G),
      removeDir(""),
      removeDir("/"),
      removeDir("g", ...G),
      CLEAR,
    ],
  },
  {
    name: "nodes below a path where none is",
    nodes: [group(""), array("w/x", "0"), group("w/y"), array("w/y/z", "0")],
    cases: [
      removeAll("zarr.json"),
      remove("w/zarr.json"),
      remove("w/c/0"),
      remove("w/y/zarr.json", ...W_Y),
      removeDirAll(""),
      removeDir("w"),
      removeDir("w/"),
      removeDir("w/c"),
      removeDir("w/x/c", "w/x/c/0"),
      removeDir("w/y", ...W_Y),
      CLEAR,
    ],
  },
  {
    name: "nodes below an array",
    nodes: [
      group(""),
      array("a", "0/0", "0/1", "1/0"),
      array("a/b", "0"),
      group("a/g"),
      array("a/g/d", "0"),
    ],
    cases: [
      removeAll("zarr.json"),
      remove("a/zarr.json", ...A),
      remove("a/b/zarr.json", "a/b/zarr.json", "a/b/c/0"),
      remove("a/g/zarr.json", ...A_G),
      remove("a/c/0"),
      removeDir("a", ...A),
      removeDir("a/", ...A),
      removeDir("a/c", ...A.slice(1)),
      removeDir("a/c/0", "a/c/0/0", "a/c/0/1"),
      removeDir("a/g", ...A_G),
      removeDirAll(""),
      CLEAR,
    ],
  },
  {
    name: "an array as root",
    nodes: [array("", "0", "1"), array("b", "0"), group("g"), array("g/d", "0")],
    cases: [
      remove("zarr.json", "zarr.json", "c/0", "c/1"),
      remove("c/0", "c/0"),
      remove("c"),
      remove("g/zarr.json", "g/zarr.json", "g/d/zarr.json", "g/d/c/0"),
      removeDir("", "zarr.json", "c/0", "c/1"),
      removeDir("/", "zarr.json", "c/0", "c/1"),
      removeDir("c", "c/0", "c/1"),
      removeDir("c/0/", "c/0"),
      CLEAR,
    ],
  },
  {
    name: "nodes with the names of chunks",
    nodes: [
      group(""),
      group("c"),
      array("c/0", "1"),
      array("x", "0"),
      array("x/c", "0"),
      array("x/c/0", "1"),
    ],
    cases: [
      remove("c/zarr.json", "c/zarr.json", "c/0/zarr.json", "c/0/c/1"),
      remove("x/zarr.json", ...X),
      remove("x/c/zarr.json", ...X_C),
      remove("x/c/0", "x/c/0"),
      removeDir("c", "c/zarr.json", "c/0/zarr.json", "c/0/c/1"),
      removeDir("x", ...X),
      removeDir("x/c", ...X_C),
      removeDir("x/c/0", ...X_C_0),
      removeDir("x/c/0/c", "x/c/0/c/1"),
    ],
  },
];

/** How much of a hierarchy is committed when something is deleted from it. */
export const COMMITTED_SHARES = [
  ["all committed", 1],
  ["nothing committed", 0],
  ["half of it committed", 0.5],
] as const;

/** The writes that make a hierarchy, those to be committed before the deletion and those after. */
export function writesOf(
  { nodes }: DeletionTable,
  committedShare: number,
): { readonly committed: KeyAndText[]; readonly pending: KeyAndText[] } {
  const committedCount = Math.ceil(nodes.length * committedShare);
  const of = (some: readonly CaseNode[]): KeyAndText[] => some.flatMap(keysOf);
  return {
    committed: of(nodes.slice(0, committedCount)),
    pending: of(nodes.slice(committedCount)),
  };
}

function keysOf({ path, chunks }: CaseNode): KeyAndText[] {
  const prefix = path === "" ? "" : `${path}/`;
  if (chunks === undefined) {
    return [[`${prefix}zarr.json`, '{"zarr_format":3,"node_type":"group"}']];
  }
  const ones = (chunks[0] ?? "").split("/").map(() => 1);
  const document = arrayDocument(
    ones.map(() => 4),
    ones,
  );
  const texts = chunks.map((chunk): KeyAndText => [`${prefix}c/${chunk}`, "chunk"]);
  return [[`${prefix}zarr.json`, document], ...texts];
}

/** The keys that the case leaves, sorted. */
export function keysLeft(table: DeletionTable, { gone }: DeletionCase): string[] {
  if (gone === "all") return [];
  const keys = writesOf(table, 1).committed.map(([key]) => key);
  const missing = gone.filter((key) => !keys.includes(key));
  if (missing.length > 0) throw new Error(`${table.name} has no ${missing}`);
  return keys.filter((key) => !gone.includes(key)).sort();
}

/** Deletes as the case says. */
export function runDeletion(store: Store, { operation, argument }: DeletionCase): Promise<void> {
  if (operation === "clear") return store.clear();
  return operation === "delete" ? store.delete(argument) : store.deleteDir(argument);
}

/** What a test is called. */
export function titleOf({ operation, argument }: DeletionCase): string {
  return operation === "clear" ? "clear" : `${operation} ${JSON.stringify(argument)}`;
}
