/** The public surface as a user's compiler sees it: the built declarations of every entry. */
import { join } from "node:path";
import ts from "typescript";
import { ROOT, textOf } from "./source-tree.ts";

/** One name that an entry exports. */
export interface PublicName {
  readonly name: string;
  readonly symbol: ts.Symbol;
}

/** The compiler's view of all entries. */
export interface PublicSurface {
  readonly checker: ts.TypeChecker;
  readonly names: ReadonlyMap<string, readonly PublicName[]>;
}

/** Entries of the exports map and the built declarations behind each. */
export function entryDeclarations(): Map<string, string> {
  const { exports } = JSON.parse(textOf("package.json")) as {
    exports: Record<string, string | { types: string }>;
  };
  return new Map(
    Object.entries(exports).flatMap(([entry, target]) =>
      typeof target === "string" ? [] : [[entry, target.types] as const],
    ),
  );
}

/** Reads all entries with the compiler; takes a few seconds. */
export function readPublicSurface(): PublicSurface {
  const config = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT, undefined);
  const entries = entryDeclarations();
  return surfaceOf(
    ts.createProgram(
      [...entries.values()].map((file) => join(ROOT, file)),
      options,
    ),
    new Map([...entries].map(([entry, file]) => [entry, join(ROOT, file)])),
  );
}

/** The surface of `program`, whose entries are these files. */
export function surfaceOf(
  program: ts.Program,
  entries: ReadonlyMap<string, string>,
): PublicSurface {
  const checker = program.getTypeChecker();
  const names = new Map<string, readonly PublicName[]>();
  for (const [entry, path] of entries) {
    const file = program.getSourceFile(path);
    const module = file === undefined ? undefined : checker.getSymbolAtLocation(file);
    if (module === undefined) throw new Error(`${entry}: ${path} exports nothing; is it built?`);
    names.set(
      entry,
      checker
        .getExportsOfModule(module)
        .map((symbol) => ({ name: symbol.name, symbol: targetOf(checker, symbol) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
  }
  return { checker, names };
}

/** What a name stands for, through imports and re-exports. */
export function targetOf(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
  return isAlias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** Where `symbol` is declared in what we build; of others' symbols nothing. */
export function ownDeclarations(symbol: ts.Symbol): ts.Declaration[] {
  return (symbol.declarations ?? []).filter(
    (declaration) => !/\/node_modules\//.test(declaration.getSourceFile().fileName),
  );
}

/** Whether users of a class cannot reach this member. */
export function isHidden(member: ts.Node): boolean {
  if (!ts.isClassElement(member)) return false;
  if (member.name !== undefined && ts.isPrivateIdentifier(member.name)) return true;
  if (ts.isConstructorDeclaration(member)) return false;
  return (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0;
}

/** Names of exports, and of public members of exported classes, that have no docstring. */
export function undocumented({ checker, names }: PublicSurface): string[] {
  const found = new Set<string>();
  for (const [entry, list] of names) {
    for (const { name, symbol } of list) {
      if (!hasDocs(checker, symbol)) found.add(`${entry}: ${name}`);
      for (const member of publicMembers(checker, symbol)) {
        if (!hasDocs(checker, member)) found.add(`${entry}: ${name}.${nameOf(member)}`);
      }
    }
  }
  return [...found].sort();
}

function hasDocs(checker: ts.TypeChecker, symbol: ts.Symbol): boolean {
  return symbol.getDocumentationComment(checker).length > 0;
}

/** Static and instance members of a class that users see; its own, not its ancestors'. */
function publicMembers(checker: ts.TypeChecker, symbol: ts.Symbol): Set<ts.Symbol> {
  const declaration = symbol.declarations?.find(ts.isClassDeclaration);
  const members = (declaration?.members ?? []).filter((member) => !isHidden(member));
  return new Set(
    members.flatMap(({ name }) => {
      const found = name === undefined ? undefined : checker.getSymbolAtLocation(name);
      return found === undefined ? [] : [found];
    }),
  );
}

function nameOf(symbol: ts.Symbol): string {
  return symbol.name.replace(/^__@(\w+)@\d+$/, "[Symbol.$1]");
}
