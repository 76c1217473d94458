/** Floors, sizes and banned words of `src/`: rules that no compiler and no linter knows. */
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { codeOf, cyclesOf, filesUnder, importsOf, textOf } from "./source-tree.ts";

/** A folder imports itself and folders on lower floors; never sideways, never up. */
const FLOORS: readonly (readonly string[])[] = [
  ["base"],
  ["codec"],
  ["format"],
  ["storage"],
  ["assets"],
  ["session"],
  ["repository"],
  ["zarr", "testing"],
  ["parallel"],
  ["dataset"],
  ["index.ts"],
];
/**
 * The rooms of `session/`: each imports itself and those before it. Files beside the rooms, which
 * users hold, stand above all of them.
 */
const SESSION_ROOMS: readonly string[] = [
  "changes",
  "state",
  "view",
  "store",
  "virtual",
  "fork",
  "merge",
  "rebase",
  "commit",
];
const FLOOR_OF = new Map(FLOORS.flatMap((names, floor) => names.map((name) => [name, floor])));

const LINES_MAX = 400;
const HEADER_FROM_LINES = 60;

const AMBIENT: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\b/, "Date.now: take a Runtime"],
  [/\bnew Date\(\s*\)/, "new Date(): take a Runtime"],
  [/\bMath\.random\b/, "Math.random: take a Runtime"],
  [/\bgetRandomValues\b|\brandomUUID\b/, "random bytes: take a Runtime"],
  [/\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b/, "timers: take a Runtime"],
  [/\bperformance\.(now|timeOrigin)\b/, "performance: take a Runtime"],
];
const BANNED: readonly (readonly [RegExp, string])[] = [
  [/\bBuffer\b(?!\.allocUnsafeSlow\()/, "Buffer: use Uint8Array"], // But for memory that nobody zeroes.
  [/\bconsole\b/, "console: a library does not print"],
  [/\bcatch\s*\{\s*\}/, "an empty catch hides failures"],
];
const BANNED_WORDS: readonly (readonly [RegExp, string])[] = [
  [/\bFIXME\b/, "FIXME: mend it before it lands"],
  [/\bTODO\b(?!\(#\d+\))/, "TODO without an issue: TODO(#12)"],
  [/@ts-ignore|@ts-nocheck/, "type errors are mended, or expected with @ts-expect-error"],
];
const RUNTIME = "base/runtime.ts";
const DRAWERS = /(^|[/-])(utils?|helpers?|common|misc|types|part-?\d+)([-.]|$)/;

/** May this file import `node:` modules? The core runs where there are none. */
function isForNode(file: string): boolean {
  return file.startsWith("storage/local/") || /(^|\/)node(\/|\.ts$)/.test(file);
}

const files = filesUnder("src", ".ts").map((name) => ({ name, text: textOf(`src/${name}`) }));

function floorOf(file: string): number | undefined {
  return FLOOR_OF.get(file.split("/")[0] as string);
}

function isEntry(file: string): boolean {
  return file === "index.ts" || file.endsWith("/index.ts");
}

/** The place of a file of `session/` among its rooms; `undefined` for a room that has none. */
function roomOf(file: string): number | undefined {
  const parts = file.split("/");
  if (parts.length === 2) return SESSION_ROOMS.length;
  const room = SESSION_ROOMS.indexOf(parts[1] as string);
  return room < 0 ? undefined : room;
}

/** What a file of `session/` imports of rooms after its own. */
function roomFaults(file: string, targets: readonly string[]): string[] {
  const room = roomOf(file);
  if (room === undefined) return ["is in no room: see SESSION_ROOMS"];
  return targets
    .filter((target) => target.startsWith("session/") && (roomOf(target) ?? Infinity) > room)
    .map((target) => `may not import ${target}`);
}

/** One line per file and fault; an empty list is a tidy tree. */
function faults(check: (file: string, text: string) => readonly string[]): string[] {
  return files.flatMap(({ name, text }) => check(name, text).map((fault) => `${name}: ${fault}`));
}

describe("the source tree", () => {
  test("has the floors that are named here, and in ARCHITECTURE", () => {
    const named = FLOORS.flat();
    const folders = files.map(({ name }) => name.split("/")[0] as string);
    const drawn = /```\nsrc\/\n([\s\S]*?)```/.exec(textOf("ARCHITECTURE.md"))?.[1] ?? "";

    expect([...new Set(folders)].sort()).toEqual([...named].sort());
    expect(named.filter((name) => !drawn.includes(` ${name}`))).toEqual([]);
  });

  test("imports only from lower floors", () => {
    const found = faults((file, text) => {
      const floor = floorOf(file);
      if (floor === undefined) return ["stands on no floor: see FLOORS"];
      return importsOf(file, text)
        .filter((target) => target.endsWith(".ts"))
        .filter((target) => {
          const below = floorOf(target);
          const isSameFolder = target.split("/")[0] === file.split("/")[0];
          return !isSameFolder && (below === undefined || below >= floor);
        })
        .map((target) => `may not import ${target}`);
    });

    expect(found).toEqual([]);
  });

  test("imports inside session/ only from rooms before", () => {
    const found = faults((file, text) =>
      file.startsWith("session/") ? roomFaults(file, importsOf(file, text)) : [],
    );

    expect(found).toEqual([]);
  });

  test("has no cycles of imports, those of types and of files loaded later included", () => {
    const graph = new Map(files.map(({ name, text }) => [name, importsOf(name, text)]));

    expect(cyclesOf(graph)).toEqual([]);
  });

  test("imports the file that defines a thing, not an entry file", () => {
    const found = faults((file, text) =>
      importsOf(file, text)
        .filter((target) => target.endsWith("/index.ts") && !isEntry(file))
        .map((target) => `imports the entry file ${target}`),
    );

    expect(found).toEqual([]);
  });

  test("re-exports by name, and only in entry files", () => {
    const found = faults((file, text) => {
      const code = codeOf(text);
      const list: string[] = [];
      // Types have no weight, and the list of public names shows them one by one.
      if (/\bexport\s+\*/.test(code)) list.push("export *: name what is exported");
      if (!isEntry(file) && /\bexport\s+type\s+\*/.test(code)) list.push("export type *");
      if (!isEntry(file) && /^export\s+(type\s+)?\{[^}]*\}\s+from\b/m.test(code))
        list.push("re-exports: only entry files do");
      return list;
    });

    expect(found).toEqual([]);
  });

  test("loads files of its own later by lazyPart, so that a failure is typed and can be repeated", () => {
    const found = faults((_file, text) =>
      [...text.matchAll(/^(?! \*).*\bimport\(\s*"\.[^"]*"/gm)]
        .filter(
          ({ index }) => !/lazyPart\(\s*\(\) => import\(/.test(text.slice(index - 80, index + 120)),
        )
        .map(([line]) => line.trim()),
    );

    expect(found).toEqual([]);
  });

  test("reaches node: modules only where Node is required", () => {
    const found = faults((file, text) =>
      importsOf(file, text)
        .filter((target) => target.startsWith("node:") && !isForNode(file))
        .map((target) => `imports ${target}`),
    );

    expect(found).toEqual([]);
  });

  test("has no file for Node below the public entry", () => {
    const textOfFile = new Map(files.map(({ name, text }) => [name, text]));
    const reached = new Set<string>();
    const queue = ["index.ts"];
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      if (reached.has(file)) continue;
      reached.add(file);
      queue.push(...importsOf(file, textOfFile.get(file) ?? "").filter((t) => t.endsWith(".ts")));
    }

    expect([...reached].filter(isForNode)).toEqual([]);
  });

  test(`keeps files at or below ${LINES_MAX} lines`, () => {
    const found = faults((_, text) => {
      const lines = text.split("\n").length - 1;
      return lines > LINES_MAX ? [`${lines} lines`] : [];
    });

    expect(found).toEqual([]);
  });

  test("opens every longer file with a comment that says what it owns", () => {
    const found = faults((_, text) => {
      if (text.split("\n").length <= HEADER_FROM_LINES) return [];
      return text.startsWith("/**") ? [] : ["no header comment"];
    });

    expect(found).toEqual([]);
  });

  test("reads no clock, dice or timer outside the runtime", () => {
    const found = faults((file, text) => {
      if (file === RUNTIME) return [];
      const code = codeOf(text);
      return AMBIENT.filter(([pattern]) => pattern.test(code)).map(([, advice]) => advice);
    });

    expect(found).toEqual([]);
  });

  test("adds listeners to signals only by onAbort, which adds one for all who wait", () => {
    const found = faults((file, text) =>
      file !== "base/on-abort.ts" && /EventListener\(\s*"abort"/.test(text)
        ? ["listens itself"]
        : [],
    );

    expect(found).toEqual([]);
  });

  test("uses no banned name and no banned word", () => {
    const found = faults((_, text) => {
      const code = codeOf(text);
      return [
        ...BANNED.filter(([pattern]) => pattern.test(code)),
        ...BANNED_WORDS.filter(([pattern]) => pattern.test(text)),
      ].map(([, advice]) => advice);
    });

    expect(found).toEqual([]);
  });

  test("names files in kebab-case, by what they hold", () => {
    const found = faults((file) => {
      const list: string[] = [];
      if (!/^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(file))
        list.push("not kebab-case");
      if (DRAWERS.test(file)) list.push("a drawer: name what is inside");
      return list;
    });

    expect(found).toEqual([]);
  });
});

describe("the unit tests", () => {
  test("lie in the folders of src, each in one that holds code", () => {
    const holdCode = new Set(
      files.filter(({ name }) => !isEntry(name)).map(({ name }) => dirname(name)),
    );
    const elsewhere = filesUnder("test/unit", ".test.ts").filter((name) => {
      const folder = dirname(name);
      return folder !== "." && !holdCode.has(folder);
    });

    expect(elsewhere).toEqual([]);
  });
});

describe("the checks themselves", () => {
  test("find a cycle, and nothing where there is none", () => {
    const line = new Map([
      ["a", ["b", "c"]],
      ["b", ["c", "node:fs"]],
      ["c", []],
    ]);

    expect(cyclesOf(line)).toEqual([]);
    expect(cyclesOf(new Map([...line, ["c", ["a"]]]))).toEqual([["a", "b", "c"]]);
    expect(cyclesOf(new Map([["a", ["a"]]]))).toEqual([["a"]]);
  });

  test("find an import of a later room, and nothing else", () => {
    const early = ["base/bytes.ts", "session/changes/dot.ts", "session/view/nodes.ts"];

    expect(roomFaults("session/view/chunks.ts", early)).toEqual([]);
    expect(roomFaults("session/session.ts", ["session/commit/commit.ts"])).toEqual([]);
    expect(roomFaults("session/view/chunks.ts", ["session/store/key.ts"])).toHaveLength(1);
    expect(roomFaults("session/view/chunks.ts", ["session/store.ts"])).toHaveLength(1);
    expect(roomFaults("session/view/chunks.ts", ["session/attic/x.ts"])).toHaveLength(1);
    expect(roomFaults("session/attic/x.ts", [])).toHaveLength(1);
  });

  test("see through comments and strings", () => {
    expect(codeOf('a("// no") // Date.now()\n/* console */ b')).not.toMatch(/no"|Date|console/);
  });

  test("find static, side-effect and dynamic imports", () => {
    const text =
      'import { a } from "../base/a.ts";\nimport "./b.ts";\nconst c = await import("./c.ts");\nexport {\n  d,\n} from "node:d";\n';

    expect(importsOf("session/x.ts", text).sort()).toEqual(
      ["base/a.ts", "node:d", "session/b.ts", "session/c.ts"].sort(),
    );
  });

  test("know a drawer by its name", () => {
    expect(
      ["base/utils.ts", "format/string-helpers.ts", "format/x-part2.ts"].every((f) =>
        DRAWERS.test(f),
      ),
    ).toBe(true);
    expect(DRAWERS.test("format/repo-info-parts.ts")).toBe(false);
  });
});
