/** Docstrings say which errors to expect in one form: `@throws {kind} when`; kinds without a `when` may share a line. */
import { expect, test } from "vitest";
import { ERROR_KINDS } from "../../src/base/error-kinds.ts";
import { filesUnder, textOf } from "./source-tree.ts";

const COLUMNS_MAX = 100;
const PROSE = /\b(?:throws?|rejects? with|kinds? thrown:) `([a-z-]+)`/gi;

const isKind = (name: string | undefined): boolean =>
  name !== undefined && Object.hasOwn(ERROR_KINDS, name);

/** What is wrong with a comment, in one line or several. */
function faultsOf(comment: string): string[] {
  const faults: string[] = [];
  for (const line of comment.split("\n")) {
    const [, ...tags] = line.split("@throws");
    const texts = tags.map((tag) => tag.replace(/^ \{[^}]*\}| ?(?:\*\/)?$/g, ""));
    if (tags.length > 1 && texts.join("") !== "") faults.push("a text beside several @throws");
    for (const tag of tags) {
      const [, kind, rest = ""] = /^ \{([^}]*)\}(.*)$/.exec(tag) ?? [];
      if (!isKind(kind)) faults.push(`@throws${tag}: no kind of ERROR_KINDS`);
      else if ([...rest.matchAll(/\{([a-z-]+)\}/g)].some(([, other]) => isKind(other)))
        faults.push(`@throws${tag}: several kinds`);
    }
  }
  if (comment.includes("@throws") && comment.includes("\n")) {
    const long = comment.split("\n").filter((line) => line.length > COLUMNS_MAX);
    faults.push(...long.map((line) => `too long: ${line}`));
  }
  const words = comment.replace(/\n\s*\*?/g, " ").replace(/ +/g, " ");
  for (const [found, kind] of words.matchAll(PROSE)) {
    if (isKind(kind)) faults.push(`${found}: write @throws {${kind}}`);
  }
  return faults;
}

test("comments name the kinds of errors in one form", () => {
  const faults = filesUnder("src", ".ts").flatMap((name) =>
    [...textOf(`src/${name}`).matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)].flatMap(([comment]) =>
      faultsOf(comment).map((fault) => `${name}: ${fault}`),
    ),
  );

  expect(faults).toEqual([]);
});

test("the check knows every other form", () => {
  const bad = [
    "/** @throws {branch-not-fond} */",
    "/** @throws FormatError */",
    "/** @throws branch-not-found */",
    "/** @throws {branch-not-found|tag-not-found} */",
    "/** @throws {branch-not-found} {tag-not-found} */",
    "/** @throws {branch-not-found} no branch; {tag-not-found} no tag */",
    "/** The tip. @throws {branch-not-found} no branch @throws {invalid-ref-name} */",
    "/** The tip. Throws `branch-not-found`. */",
    "/**\n * The tip, or throws\n * `branch-not-found`.\n */",
    "/** Rejects with `read-only-storage`. */",
    "/** Kinds thrown: `io`. */",
    `/**\n * @throws {io} ${"x".repeat(COLUMNS_MAX)}\n */`,
  ];
  const good = [
    "/** The tip of a branch. @throws {branch-not-found} if there is none */",
    "/** The tip. @throws {branch-not-found} @throws {invalid-ref-name} */",
    "/**\n * @throws {branch-not-found} no branch\n * @throws {invalid-ref-name}\n */",
    "/** Rejects with `signal.reason` on abort; a put may throw `UnknownOutcomeError`. */",
  ];

  expect(bad.map((comment) => faultsOf(comment).length)).toEqual(bad.map(() => 1));
  expect(good.flatMap(faultsOf)).toEqual([]);
});
