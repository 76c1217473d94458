/** The package as users get it: entries that resolve, and a core that any bundler can take. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import { expect, test } from "vitest";
import { entryDeclarations } from "./public-surface.ts";
import { filesUnder, ROOT, textOf } from "./source-tree.ts";

const manifest = JSON.parse(textOf("package.json")) as {
  name: string;
  homepage: string;
  repository: { type: string; url: string };
  files: string[];
  version: string;
  exports: Record<string, string | Record<string, string>>;
};

test("every entry names its types first, and both files come out of the build", () => {
  const targets = Object.values(manifest.exports).filter((target) => typeof target !== "string");

  expect(targets.filter((target) => Object.keys(target).join() !== "types,default")).toEqual([]);
  expect(
    targets.flatMap((t) => Object.values(t)).filter((f) => !existsSync(join(ROOT, f))),
  ).toEqual([]);
});

test("every entry can be imported by its public name, in a process of its own", () => {
  const specifiers = [...entryDeclarations().keys()].map((entry) =>
    entry.replace(".", manifest.name),
  );
  const program = `for (const name of ${JSON.stringify(specifiers)}) {
    const names = Object.keys(await import(name));
    if (names.length === 0) throw new Error(name + " exports nothing");
  }`;

  expect(() =>
    execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      cwd: ROOT,
      stdio: "pipe",
    }),
  ).not.toThrow();
});

test("every link of the documents in the package leads to a file in the package", () => {
  const inPackage = (path: string): boolean =>
    manifest.files.some((entry) => path === entry || path.startsWith(`${entry}/`));
  const documents = [
    "README.md",
    "CHANGELOG.md",
    ...filesUnder("docs", ".md").map((name) => `docs/${name}`),
  ];
  const broken = documents.flatMap((document) =>
    [...textOf(document).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map(([, target = ""]) => target)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => !inPackage(posix.join(posix.dirname(document), target)))
      .map((target) => `${document}: ${target}`),
  );

  expect(documents.length).toBeGreaterThan(10);
  expect(broken).toEqual([]);
});

test("says where the sources are", () => {
  const { url } = manifest.repository;

  expect(url).toBe("git+https://github.com/icefloe/icefloe.git");
  expect(manifest.homepage.startsWith(url.slice("git+".length, -".git".length))).toBe(true);
});

test("the changelog has a heading for this version or for what is unreleased", () => {
  expect(textOf("CHANGELOG.md")).toMatch(
    new RegExp(`^## (Unreleased|${manifest.version.replaceAll(".", "\\.")})`, "m"),
  );
});
