/** What `src/` exports is imported in `src/`: by another file, or by a public entry. */
import { posix } from "node:path";
import { expect, test } from "vitest";
import { codeOf, filesUnder, textOf } from "./source-tree.ts";

/** Exports that no file of `src/` imports, and why they may stay. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  "format/repo/update.ts: UpdateLayouts": "a test shows what it keeps from compiling",
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

function exportsOf(text: string): string[] {
  return [...text.matchAll(EXPORT)].map((match) => match[1] as string);
}

function wordsOf(text: string): string[] {
  return codeOf(text).match(/\w+/g) ?? [];
}

test("every export is imported by another file or a public entry", () => {
  const names = filesUnder("src", ".ts");
  const files = new Map(names.map((name) => [name, textOf(`src/${name}`)]));

  expect(unusedExports(files)).toEqual(Object.keys(EXCEPTIONS));
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
