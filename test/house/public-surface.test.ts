/** The public surface: exactly the signatures we mean to export, each with a docstring. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { REPORTS, reportFile, signatureReports, unexportedNames } from "./public-signatures.ts";
import {
  entryDeclarations,
  type PublicSurface,
  readPublicSurface,
  surfaceOf,
  undocumented,
} from "./public-surface.ts";
import { ROOT, textOf } from "./source-tree.ts";

let surface: PublicSurface;

beforeAll(() => {
  surface = readPublicSurface();
});

describe("the public surface", () => {
  test.each([...entryDeclarations().keys()])(
    "of %s has exactly the recorded signatures",
    (entry) => {
      const now = signatureReports(surface).get(entry);

      expect(now, "meant? then run: node scripts/public-signatures.mjs").toBe(
        textOf(reportFile(entry)),
      );
    },
  );

  test("has a report for every entry, and none for an entry that is gone", () => {
    const expected = [...entryDeclarations().keys()].map((entry) => reportFile(entry));

    expect(
      readdirSync(join(ROOT, REPORTS))
        .map((name) => `${REPORTS}/${name}`)
        .sort(),
    ).toEqual(expected.sort());
  });

  test("names no type that users cannot import", () => {
    expect(unexportedNames(surface)).toEqual([]);
  });

  test("has a docstring on every export and every public member of a class", () => {
    expect(undocumented(surface)).toEqual([]);
  });
});

/** The surface of one entry with this text, importing `./other.d.ts`. */
function surfaceOfText(text: string, other: string): PublicSurface {
  const files = new Map([
    ["/entry.d.ts", text],
    ["/other.d.ts", other],
  ]);
  const options: ts.CompilerOptions = { noLib: true, module: ts.ModuleKind.NodeNext };
  const host = ts.createCompilerHost(options);
  host.fileExists = (name) => files.has(name);
  host.readFile = (name) => files.get(name);
  host.getSourceFile = (name, version) => {
    const found = files.get(name);
    return found === undefined ? undefined : ts.createSourceFile(name, found, version);
  };
  host.getCurrentDirectory = () => "/";
  const program = ts.createProgram([...files.keys()], options, host);
  return surfaceOf(program, new Map([[".", "/entry.d.ts"]]));
}

describe("the reader of the surface", () => {
  const other = `
    export interface Hidden<T> { readonly value: T }
    export interface Deep {}
    export declare const table: { readonly a: 1; readonly b: 2 };`;

  test("finds every unexported type that a signature names", () => {
    const found = unexportedNames(
      surfaceOfText(
        `import type { Deep, Hidden, table } from "./other.d.ts";
        export {};
        declare class Base {}
        interface Unused {}
        export declare class Shown<T> extends Base {
          #private;
          private constructor();
          private readonly secret: Unused;
          method(one: Hidden<T>): import("./other.d.ts").Deep;
        }
        export type Keys = keyof typeof table;
        export declare function f(): typeof table;`,
        other,
      ),
    );

    expect(found).toEqual(["Base: Shown", "Deep: Shown", "Hidden: Shown", "table: f"]);
  });

  test("writes signatures without comments, hidden members and layout", () => {
    const report = signatureReports(
      surfaceOfText(
        `import { table } from "./other.d.ts";
        /** Words. */
        export declare class Shown { #private; private x;
          private constructor(); /* more words */
          get   y(): number; }
        export type Keys = keyof typeof table;
        export declare const value: number, another: string;
        export { type Deep as Renamed } from "./other.d.ts";`,
        other,
      ),
    ).get(".");

    expect(report).toBe(`export type Keys =
    | "a"
    | "b";

// Renamed is Deep:
export interface Deep {
}

export declare class Shown {
    private constructor();
    get y(): number;
}

export declare const value: number, another: string;

export declare const value: number, another: string;
`);
  });
});
