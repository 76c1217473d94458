/** The words of ARCHITECTURE.md against the tree: each is defined where it says, and kept to it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codeOf, filesUnder, ROOT, textOf } from "./source-tree.ts";

const section = /^## Words\n([\s\S]*?)^## /m.exec(textOf("ARCHITECTURE.md"))?.[1] ?? "";
const rows = [...section.matchAll(/^\| (.+) \|$/gm)]
  .map(([, row]) => (row as string).split(" | "))
  .filter(([first]) => first !== "word");
/** Words and the file that defines each. */
const defined = rows
  .filter((cells) => cells.length === 3)
  .map(([word, , path]) => [word as string, unquoted(path as string)[0] as string] as const);
/** Words and the only paths whose names may hold them. */
const kept = rows
  .filter((cells) => cells.length === 2)
  .flatMap(([words, where]) =>
    (words as string).split(", ").map((word) => [word, unquoted(where as string)] as const),
  );
const sources = filesUnder("src", ".ts").map((name) => `src/${name}`);

function unquoted(cell: string): string[] {
  return [...cell.matchAll(/`(src\/[^`]+)`/g)].map(([, path]) => path as string);
}

/** The words in the names of a program: `readVersionVector` has three. */
function wordsOf(text: string): Set<string> {
  const code = codeOf(text).replace(/`[^`]*`/g, (found) =>
    (found.match(/\$\{[^}]*\}/g) ?? []).join(),
  );
  const parts = code.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? [];
  return new Set(parts.map((part) => part.toLowerCase()));
}

/** Whether an export or a declaration's comment has `word`: to use it somewhere is not enough. */
function declares(text: string, word: string): boolean {
  const named = [
    ...text.matchAll(/^export [a-z ]*(?:function|class|const|interface|type) (\w+)/gm),
  ];
  const comments = [...text.matchAll(/^ {0,2}\/\*\*[\s\S]*?\*\//gm)].map(([comment]) => comment);
  const spoken = [...named.map(([, name]) => spaced(name as string)), ...comments];
  return spoken.some((said) =>
    said
      .toLowerCase()
      .replace(/[-\s*]+/g, " ")
      .includes(word),
  );
}

/** `changeSet` as `change Set`. */
function spaced(name: string): string {
  return name.replace(/(?=[A-Z])/g, " ");
}

/** Whether names hold `word`, as it is or inflected. */
function holds(words: ReadonlySet<string>, word: string): boolean {
  const stem = word.replace(/e$/, "");
  return [word, `${word}s`, `${word}es`, `${stem}ed`, `${stem}ing`].some((form) => words.has(form));
}

test("the glossary is in alphabetical order, and each word stands in it once", () => {
  const words = defined.map(([word]) => word);

  expect(words.length).toBeGreaterThan(15);
  expect(words).toEqual([...new Set(words)].sort());
});

test.each(defined)("'%s' is defined in %s", (word, path) => {
  expect(declares(textOf(path), word)).toBe(true);
});

test.each(kept)("'%s' names one thing, in %j", (word, paths) => {
  const wordsOfFile = new Map(sources.map((source) => [source, wordsOf(textOf(source))]));
  const isHome = (source: string): boolean => paths.some((path) => source.startsWith(path));
  const saying = sources.filter((source) => holds(wordsOfFile.get(source) as Set<string>, word));

  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  expect(paths.filter((path) => !saying.some((source) => source.startsWith(path)))).toEqual([]);
  expect(saying.filter((source) => !isHome(source))).toEqual([]);
});

test("a word is defined by an export or a comment, not by its use", () => {
  expect(declares("export interface ChangeSet {}", "change set")).toBe(true);
  expect(declares("/** What a dot is. */\nconst x = 1;", "dot")).toBe(true);
  expect(declares("const dot = 1; // a dot", "dot")).toBe(false);
});

test("a word is found in any name that it is a part of", () => {
  const words = wordsOf("const laneCount = 1; // place\nclass PlacedEntries { piecesOf() {} }");

  expect([...words].sort()).toEqual(
    ["class", "const", "count", "entries", "lane", "of", "pieces", "placed"].sort(),
  );
  expect(["lane", "piece", "place", "plan"].map((word) => holds(words, word))).toEqual([
    true,
    true,
    true,
    false,
  ]);
});
