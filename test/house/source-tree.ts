/** The source tree as the house tests see it: files, their imports, their text. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";

/** The repository's root folder. */
export const ROOT: string = findRoot();

/** Names of the files below `folder` that end in one of `endings`, relative to it, with `/`. */
export function filesUnder(folder: string, ...endings: readonly string[]): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .sort();
}

/** The folder above this file that holds package.json, also when this file has been bundled. */
function findRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}

/** The text of a file, by its path from the root. */
export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** Text without comments and without the contents of strings: what the code itself says. */
export function codeOf(text: string): string {
  const comments = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/;
  const strings = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/;
  return text.replace(new RegExp(`${strings.source}|${comments.source}`, "g"), (found) =>
    found.startsWith("/") ? found.replace(/[^\n]/g, " ") : '""',
  );
}

/** What a file imports: relative ones resolved from `src/`, others as they stand. */
export function importsOf(file: string, text: string): string[] {
  const specifiers = [
    ...text.matchAll(/^\s*(?:import|export)\b[^;"']*?\bfrom\s+"([^"]+)"/gm),
    ...text.matchAll(/^\s*import\s+"([^"]+)"/gm),
    ...text.matchAll(/\bimport\(\s*"([^"]+)"\s*\)/g),
  ].map((match) => match[1] as string);
  return specifiers.map((specifier) =>
    specifier.startsWith(".") ? posix.join(dirname(file), specifier) : specifier,
  );
}

/** Groups of files that reach one another by imports: each a cycle, or several that share files. */
export function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const reach = (start: string): Set<string> => {
    const reached = new Set<string>();
    const queue = [...(graph.get(start) ?? [])];
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      if (reached.has(file)) continue;
      reached.add(file);
      queue.push(...(graph.get(file) ?? []));
    }
    return reached;
  };
  const reached = new Map([...graph.keys()].map((file) => [file, reach(file)]));
  const groups = new Set<string>();
  for (const [file, from] of reached) {
    const group = [...from].filter((other) => reached.get(other)?.has(file)).sort();
    if (from.has(file)) groups.add(group.join("\n"));
  }
  return [...groups].map((group) => group.split("\n"));
}
