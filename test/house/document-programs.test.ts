/**
 * The programs in the documents compile as they stand, in a strict project; `scripts/readme-walk.mjs`
 * runs them.
 */
import { join } from "node:path";
import ts from "typescript";
import { beforeAll, expect, test } from "vitest";
import { filesUnder, ROOT, textOf } from "./source-tree.ts";

const DOCUMENTS = ["README.md", ...filesUnder("docs", ".md").map((name) => `docs/${name}`)];

/** What the README asks of a TypeScript project, and all that is strict. */
const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
  skipLibCheck: true,
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  types: ["node"],
};

/** What a document quotes of these is compiled with them. */
const EXAMPLES = filesUnder("examples", ".ts").map((name) => textOf(`examples/${name}`));

const FORMAT: ts.CreateSourceFileOptions = {
  languageVersion: ts.ScriptTarget.ES2022,
  impliedNodeFormat: ts.ModuleKind.ESNext,
};

/**
 * Blocks of JavaScript and TypeScript, each as a module inside the package, where `icefloe` is found.
 * A first line such as `// worker.ts` names a module for the others of its document.
 */
function programsOf(document: string): [file: string, text: string][] {
  const blocks = textOf(document).matchAll(/^```(?:js|ts)\n(?:\/\/ (\w+)\.ts\n)?([\s\S]*?)^```$/gm);
  const folder = join(ROOT, ".cache", "documents", document.replaceAll(/\W/g, "-"));
  const own = [...blocks].filter(([, , text = ""]) => !EXAMPLES.some((all) => all.includes(text)));
  return Array.from(own, ([, name, text = ""], i) => [join(folder, `${name ?? i + 1}.ts`), text]);
}

/** What the compiler says of modules that lie in memory, as `file:line message`. */
function faultsOf(programs: ReadonlyMap<string, string>): string[] {
  const host = ts.createCompilerHost(OPTIONS);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => programs.has(name) || fileExists.call(host, name);
  host.directoryExists = () => true;
  host.getSourceFile = (name, ...rest) => {
    const text = programs.get(name);
    return text === undefined
      ? getSourceFile.call(host, name, ...rest)
      : ts.createSourceFile(name, text, FORMAT);
  };
  const program = ts.createProgram([...programs.keys()], OPTIONS, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1;
    return `${file?.fileName}:${line} ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
  });
}

let programs: Map<string, string>;
beforeAll(() => {
  programs = new Map(DOCUMENTS.flatMap(programsOf));
});

test("every program in the documents passes a strict compiler as it stands", () => {
  expect(programs.size).toBeGreaterThan(6);
  expect(faultsOf(programs)).toEqual([]);
});

test("a fault in a document would be found", () => {
  const file = join(ROOT, ".cache", "documents", "planted.ts");
  const text = 'import { nothing } from "icefloe";\nexport const f = (bytes) => bytes;\n';

  expect(faultsOf(new Map([[file, text]]))).toEqual([
    expect.stringContaining(`${file}:1 Module '"icefloe"' has no exported member 'nothing'.`),
    expect.stringContaining(`${file}:2 Parameter 'bytes' implicitly has an 'any' type.`),
  ]);
});
