/**
 * What `src/` exports is imported in `src/`: by another file, or by a public entry. A name that is
 * exported stands for one thing.
 */
import { posix } from "node:path";
import { expect, test } from "vitest";
import { codeOf, filesUnder, textOf } from "./source-tree.ts";

/** Exports that no file of `src/` imports, and why they may stay. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  "format/repo/update.ts: UpdateLayouts": "a test shows what it keeps from compiling",
};

/** Names that two files of `src/` export, and why they may. */
const SHARED_NAMES: Readonly<Record<string, string>> = {
  "Attributes: dataset/model/array-input.ts, zarr/create.ts": "both are public, each in its entry",
  "openNetcdf: dataset/netcdf/open-netcdf.ts, dataset/node/open-file.ts":
    "both are public: of icefloe/dataset, and of icefloe/dataset/node, which takes paths too",
};

const EXPORT = /^export (?:abstract |async )?(?:function\*?|class|const|interface|type) (\w+)/gm;
const NAMED_IMPORT = /^(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s+from\s+"([^"]+)"/gm;
/** Files imported later, or whole. What is taken of those is anything that the importing file names. */
const WHOLE_IMPORT = /\bimport\(\s*"([^"]+)"\s*\)|^export type \* from "([^"]+)"/gm;

/** Exports that no other file imports, as `file: name`. */
function unusedExports(files: ReadonlyMap<string, string>): string[] {
  const used = new Set<string>();
  for (const [file, text] of files) {
    const resolve = (target: string): string => posix.join(posix.dirname(file), target);
    for (const [, names = "", target = ""] of text.matchAll(NAMED_IMPORT)) {
      for (const name of names.matchAll(/(?:^|,)\s*(?:type\s+)?(\w+)/g)) {
        used.add(`${resolve(target)}: ${name[1]}`);
      }
    }
    for (const [, later, whole] of text.matchAll(WHOLE_IMPORT)) {
      const target = resolve((later ?? whole) as string);
      const words = later === undefined ? exportsOf(files.get(target) ?? "") : wordsOf(text);
      for (const word of words) used.add(`${target}: ${word}`);
    }
  }
  return [...files]
    .filter(([file]) => posix.basename(file) !== "index.ts")
    .flatMap(([file, text]) => exportsOf(text).map((name) => `${file}: ${name}`))
    .filter((name) => !used.has(name));
}

/** Names that more than one file exports, as `name: files`. */
function sharedNames(files: ReadonlyMap<string, string>): string[] {
  const filesOf = new Map<string, string[]>();
  for (const [file, text] of files) {
    for (const name of new Set(exportsOf(text))) {
      filesOf.set(name, [...(filesOf.get(name) ?? []), file]);
    }
  }
  return [...filesOf]
    .filter(([, found]) => found.length > 1)
    .map(([name, found]) => `${name}: ${found.join(", ")}`)
    .sort();
}

function exportsOf(text: string): string[] {
  return [...text.matchAll(EXPORT)].map((match) => match[1] as string);
}

function wordsOf(text: string): string[] {
  return codeOf(text).match(/\w+/g) ?? [];
}

const sources = new Map(filesUnder("src", ".ts").map((name) => [name, textOf(`src/${name}`)]));

test("every export is imported by another file or a public entry", () => {
  expect(unusedExports(sources)).toEqual(Object.keys(EXCEPTIONS));
});

test("no two files export the same name", () => {
  expect(sharedNames(sources)).toEqual(Object.keys(SHARED_NAMES));
});

test("an export that nothing imports is found, however it stands", () => {
  const files = new Map([
    ["index.ts", 'export { type A, a } from "./a.ts";\nexport type * from "./d.ts";\n'],
    ["a.ts", 'import { b } from "./b/b.ts";\nexport const a = b;\nexport interface A {}\n'],
    ["b/b.ts", 'export const { c } = await import("../c.ts");\nexport function b() {}\n'],
    ["c.ts", "export const c = 1;\nexport async function* other() {} // not a, nor b\n"],
    ["d.ts", "export type D = 1;\nexport class E {}\n"],
  ]);
  expect(unusedExports(files)).toEqual(["c.ts: other"]);

  files.set("a.ts", `${files.get("a.ts")}export type Planted = "a";\n`);
  files.set("index.ts", 'export { type A, a } from "./a.ts";\n');

  expect(unusedExports(files)).toEqual(["a.ts: Planted", "c.ts: other", "d.ts: D", "d.ts: E"]);
});

test("a name that two files export is found; one that an entry exports again is not", () => {
  const files = new Map([
    ["index.ts", 'export { a } from "./a.ts";\nexport type * from "./b/b.ts";\n'],
    ["a.ts", "export function a(one: 1): void;\nexport function a(one: 2): void;\n"],
    ["b/b.ts", "export interface B {}\nconst c = 1; // c is not exported\n"],
    ["c.ts", "export const c = 1;\n"],
  ]);
  expect(sharedNames(files)).toEqual([]);

  files.set("d.ts", "export type B = 1;\nexport async function a() {}\n");

  expect(sharedNames(files)).toEqual(["B: b/b.ts, d.ts", "a: a.ts, d.ts"]);
});
