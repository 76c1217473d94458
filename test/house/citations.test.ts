/**
 * What comments cite is there: pages of this repository with their headings, other documents by
 * the names that docs/format.md "Documents" gives them. Headings, never numbers of sections.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { filesUnder, ROOT, textOf } from "./source-tree.ts";

const CODE_FOLDERS = ["src", "test", "scripts", "bench", "examples"];
const PAGES = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  ...filesUnder("docs", ".md").map((name) => `docs/${name}`),
];

/**
 * The comments of a program, each in one line; line comments that follow each other are one. By
 * lines, not by tokens: quotes in regular expressions would lead those astray.
 */
function commentsOf(code: string): string[] {
  const comments: string[] = [];
  let open: "block" | "lines" | undefined;
  for (const line of code.split("\n")) {
    const starts = /^\s*(\/\*|\/\/)/.exec(line)?.[1];
    const behind = /^(?:[^"]|"[^"]*")*[;,{}()[\]] (\/\/ .*)$/.exec(line)?.[1];
    if (open === "block" || (open === "lines" && starts === "//")) {
      comments[comments.length - 1] += ` ${line}`;
    } else if (starts !== undefined || behind !== undefined) {
      comments.push(behind ?? line);
      open = starts === "/*" ? "block" : "lines";
    } else open = undefined;
    if (open === "block" && line.includes("*/")) open = undefined;
  }
  return comments.map((comment) =>
    inOneLine(comment.replace(/(?:^|\s)(?:\/\*\*?|\*\/?|\/\/)(?=\s|$)/g, " ")),
  );
}

/** The comments of a Python program. */
function pythonCommentsOf(code: string): string[] {
  return [...code.matchAll(/"""([\s\S]*?)"""|(?:^|\s)#([^\n]*)/g)].map(([, text, line]) =>
    inOneLine(text ?? line ?? ""),
  );
}

/** The prose of a page, paragraph by paragraph. */
function paragraphsOf(markdown: string): string[] {
  return markdown
    .replace(/^```[\s\S]*?^```/gm, "")
    .split(/\n{2,}/)
    .map(inOneLine);
}

function inOneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function headingsOf(page: string): string[] {
  const prose = textOf(page).replace(/^```[\s\S]*?^```/gm, "");
  return [...prose.matchAll(/^#+\s+(.+)$/gm)].map((match) => (match[1] as string).trim());
}

/** The section of docs/format.md that names other documents. */
const DOCUMENTS =
  textOf("docs/format.md")
    .split(/^## /m)
    .find((part) => part.startsWith("Doc")) ?? "";
/** Names of other documents. */
const DOCUMENT_NAMES = new Set(
  [...DOCUMENTS.matchAll(/^\| ([^|]+) \| .*https:/gm)].map((match) => match[1]),
);
/** Headings of the official specification. */
const OFFICIAL_HEADINGS = new Set(quotedIn(DOCUMENTS.split("Headings of v2")[1] ?? ""));

/** One or more quoted headings behind the name of a document. */
const HEADINGS = `(?:(?:,| and|, and)? ?"[^"]+")`;

function quotedIn(text: string): string[] {
  return [...text.matchAll(/"([^"]+)"/g)].map((match) => inOneLine(match[1] as string));
}

/** What a text cites, as it stands there, and what is wrong with that, if anything. */
function citationsIn(text: string, isPage = false): { cited: string; fault?: string }[] {
  const found: { cited: string; fault?: string }[] = [];
  const add = (cited: string, fault: string | false): void => {
    found.push(fault === false ? { cited } : { cited, fault });
  };
  for (const [, page = "", headings = ""] of text.matchAll(
    new RegExp(String.raw`\b(docs/[\w./-]+\.md)(${HEADINGS}*)`, "g"),
  )) {
    const exists = existsSync(join(ROOT, page));
    if (headings === "" || !exists) add(page, !exists && "no such page");
    const present = exists ? headingsOf(page) : [];
    for (const heading of quotedIn(headings)) {
      if (exists) add(`${page} "${heading}"`, !present.includes(heading) && "no such heading");
    }
  }
  for (const [, headings = ""] of text.matchAll(new RegExp(`\\bv2(${HEADINGS}+)`, "g"))) {
    for (const heading of quotedIn(headings))
      add(`v2 "${heading}"`, !OFFICIAL_HEADINGS.has(heading) && "no such heading");
  }
  for (const [, clause = ""] of text.matchAll(/\bSpec:((?: ?[^".;]|"[^"]*"|\.(?=\w))*)/g)) {
    const name = clause.split(/["›(,`]/)[0]?.trim() ?? "";
    if (name.startsWith("docs/") || name === "v2") continue;
    add(`Spec: ${name}`, !DOCUMENT_NAMES.has(name) && "unknown document");
  }
  for (const [name] of text.matchAll(/\bRFC \d+/g))
    if (!DOCUMENT_NAMES.has(name)) add(name, "unknown document");
  for (const [section] of text.matchAll(/\S* ?§ ?[\d.]*/g)) add(section, "cite a heading");
  for (const [words] of text.matchAll(
    /\b(?:semantics|format reference|design-docs|api reference) ?[:"/]|\b(?:Behaviour|Upstream|Grammar): (?!docs\/)/g,
  )) {
    add(words, 'cite as docs/<page>.md "Heading"');
  }
  if (isPage) return found;
  for (const [page] of text.matchAll(/(?<![\w./*<>-])[\w./-]+\.md\b/g)) {
    if (!page.startsWith("docs/") && !existsSync(join(ROOT, page))) add(page, "no such page");
  }
  return found;
}

interface Citation {
  readonly file: string;
  readonly cited: string;
  readonly fault?: string;
}

function allCitations(): Citation[] {
  const code = CODE_FOLDERS.flatMap((folder) =>
    filesUnder(folder, ".ts", ".mjs", ".py")
      .map((name) => `${folder}/${name}`)
      .filter((file) => !file.includes("node_modules/")),
  );
  const inCode = code.flatMap((file) => {
    const comments = file.endsWith(".py") ? pythonCommentsOf : commentsOf;
    return comments(textOf(file)).flatMap((text) =>
      citationsIn(text).map((citation) => ({ file, ...citation })),
    );
  });
  const inPages = PAGES.flatMap((file) =>
    paragraphsOf(textOf(file)).flatMap((text) =>
      citationsIn(text, true).map((citation) => ({ file, ...citation })),
    ),
  );
  return [...inCode, ...inPages];
}

const shown = ({ file, cited, fault }: Citation): string => `${file}: ${cited}: ${fault}`;

describe("citations", () => {
  test("name a document that is there, and a heading that it has", () => {
    const citations = allCitations();

    expect(citations.filter(({ fault }) => fault !== undefined).map(shown)).toEqual([]);
    expect(citations.length).toBeGreaterThan(100);
  });

  test("can name every heading: none occurs twice in a page", () => {
    const twice = ["docs/format.md", "docs/semantics.md"].flatMap((page) =>
      headingsOf(page).filter((heading, at, all) => all.indexOf(heading) !== at),
    );

    expect(twice).toEqual([]);
  });

  test("name only documents whose place is known", () => {
    expect([...DOCUMENT_NAMES]).toEqual(expect.arrayContaining(["v2", "RFC 8878", "Zarr v3"]));
    expect([...OFFICIAL_HEADINGS]).toEqual(expect.arrayContaining(["Chunk Manifest Files"]));
  });
});

describe("the checks themselves", () => {
  const faultsOf = (code: string): string[] =>
    commentsOf(code)
      .flatMap((text) => citationsIn(text))
      .flatMap(({ cited, fault }) => (fault === undefined ? [] : [`${cited}: ${fault}`]));

  test.each([
    ["/** Rules: semantics §2.3. */", "semantics §2.3.: cite a heading"],
    ["// Spec: format.md §7\n", "Spec: format.md §7: unknown document"],
    ["// See format.md for more.\n", "format.md: no such page"],
    [
      '// Spec: docs/format.md "Chunk\n// horses".\n',
      'docs/format.md "Chunk horses": no such heading',
    ],
    [
      '/**\n * Spec: docs/format.md "Envelope" and\n * "Horses".\n */',
      'docs/format.md "Horses": no such heading',
    ],
    ["/** Why: docs/decisions/0999-horses.md. */", "docs/decisions/0999-horses.md: no such page"],
    ['/** Spec: v2 "Horse Files" › Hoof. */', 'v2 "Horse Files": no such heading'],
    ['/** Spec: v9 "Chunk Files". */', "Spec: v9: unknown document"],
    ['/** Spec: "Chunk Files". */', "Spec: : unknown document"],
    ["/** As RFC 1 has it. */", "RFC 1: unknown document"],
    ["/** RFC 8878 §3.1. */", "8878 §3.1.: cite a heading"],
    ['/** Behaviour: semantics "Tags". */', 'semantics ": cite as docs/<page>.md "Heading"'],
  ])("see that %j is wrong", (code, fault) => {
    expect(faultsOf(code)).toContain(fault);
  });

  test("let pass what is right, and what is no comment", () => {
    expect(
      faultsOf(
        '/** Spec: v2 "Chunk Files"; docs/format.md "Envelope", "FlatBuffers" and "Limits". */\n' +
          'const text = "semantics §2"; // Spec: RFC 8878 "Blocks"; docs/errors.md.\n',
      ),
    ).toEqual([]);
  });
});
