/** The documents agree with the tree: tables in step, links that lead somewhere, files that exist. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { filesUnder, ROOT, textOf } from "./source-tree.ts";

const DOCUMENTS = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  ...filesUnder("docs", ".md").map((name) => `docs/${name}`),
];

/** Where the repository shows its files; only in README.md, whose links work on other sites too. */
const HOME = "https://github.com/icefloe/icefloe/blob/main/";

/** Text without fenced code: what is prose. */
function proseOf(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```/gm, "");
}

/** The anchors that a page's headings make, as GitHub does. */
function anchorsOf(markdown: string): string[] {
  return [...proseOf(markdown).matchAll(/^#+\s+(.+)$/gm)].map((match) =>
    (match[1] as string)
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-"),
  );
}

function brokenLinks(document: string): string[] {
  const targets = [...proseOf(textOf(document)).matchAll(/\]\(([^)\s]+)\)/g)].map(
    (match) => match[1] as string,
  );
  return targets
    .map((target) => (target.startsWith(HOME) ? target.slice(HOME.length) : target))
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path, anchor] = target.split("#") as [string, string | undefined];
      const file = path === "" ? document : join(dirname(document), path);
      if (!existsSync(join(ROOT, file))) return true;
      return anchor !== undefined && !anchorsOf(textOf(file)).includes(anchor);
    })
    .map((target) => `${document}: ${target}`);
}

test("every link between documents leads somewhere", () => {
  expect(DOCUMENTS.flatMap(brokenLinks)).toEqual([]);
});

test("every file that a document names in code exists", () => {
  const missing = DOCUMENTS.filter((document) => document !== "CHANGELOG.md").flatMap(
    (document) => {
      const named = [
        ...textOf(document).matchAll(
          /(?<![\w./-])(?:src|test|scripts|examples|docs|\.ci)\/[\w./-]*\w(?:\/(?![\w<*]))?/g,
        ),
      ].map((match) => match[0]);
      return [...new Set(named)]
        .filter((path) => !existsSync(join(ROOT, path)))
        .map((path) => `${document}: ${path}`);
    },
  );

  expect(missing).toEqual([]);
});

test("every decision page is listed in the index of decisions", () => {
  const index = textOf("docs/decisions/README.md");
  const pages = filesUnder("docs/decisions", ".md").filter((name) => name !== "README.md");

  expect(pages.filter((name) => !index.includes(`(${name})`))).toEqual([]);
});

test("every dependency has its sentence", () => {
  const page = textOf("docs/decisions/dependencies.md");
  const manifest = JSON.parse(textOf("package.json")) as Record<string, Record<string, string>>;
  const names = ["dependencies", "peerDependencies", "devDependencies"].flatMap((group) =>
    Object.keys(manifest[group] ?? {}),
  );

  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test("every version a dependency is pinned to is exact", () => {
  const manifest = JSON.parse(textOf("package.json")) as Record<string, Record<string, string>>;
  const versions = ["dependencies", "devDependencies"].flatMap((group) =>
    Object.entries(manifest[group] ?? {}),
  );

  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test("the table of error kinds is in step with the code", () => {
  const check = spawnSync(process.execPath, ["scripts/errors-doc.mjs", "--check"], {
    cwd: ROOT,
    encoding: "utf8",
  });

  expect(check.stderr).toBe("");
  expect(check.status).toBe(0);
});

test("docs/performance.md says why a figure misses its mark, and README.md how many do", () => {
  const check = spawnSync(process.execPath, ["bench/document.mjs", "--check"], {
    cwd: ROOT,
    encoding: "utf8",
  });

  expect(check.stderr).toBe("");
  expect(check.status).toBe(0);
});
