/** The public surface as the compiler sees it: names per entry, and what lacks documentation. */
import { join } from "node:path";
import ts from "typescript";
import { ROOT, textOf } from "./source-tree.ts";

/** One name that an entry exports. */
export interface PublicName {
  readonly name: string;
  readonly isValue: boolean;
  readonly symbol: ts.Symbol;
}

/** The compiler's view of all entries. */
export interface PublicSurface {
  readonly checker: ts.TypeChecker;
  readonly names: ReadonlyMap<string, readonly PublicName[]>;
}

/** Names per entry, values and types apart, sorted. */
export function namesByEntry({
  names,
}: PublicSurface): Record<string, { values: string[]; types: string[] }> {
  const pick = (list: readonly PublicName[], isValue: boolean) =>
    list
      .filter((one) => one.isValue === isValue)
      .map(({ name }) => name)
      .sort();
  return Object.fromEntries(
    [...names].map(([entry, list]) => [
      entry,
      { values: pick(list, true), types: pick(list, false) },
    ]),
  );
}

/** Entries of the exports map and the source file behind each. */
export function entrySources(): Map<string, string> {
  const { exports } = JSON.parse(textOf("package.json")) as {
    exports: Record<string, string | { default: string }>;
  };
  const entries = Object.entries(exports).flatMap(([entry, target]) => {
    if (typeof target === "string") return [];
    const source = target.default.replace("./dist/", "src/").replace(/\.js$/, ".ts");
    return [[entry, source] as const];
  });
  return new Map(entries);
}

/** Reads all entries with the compiler; takes a few seconds. */
export function readPublicSurface(): PublicSurface {
  const config = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT, undefined);
  const sources = entrySources();
  const program = ts.createProgram(
    [...sources.values()].map((source) => join(ROOT, source)),
    options,
  );
  const checker = program.getTypeChecker();
  const names = new Map<string, readonly PublicName[]>();
  for (const [entry, source] of sources) {
    const file = program.getSourceFile(join(ROOT, source));
    const symbol = file === undefined ? undefined : checker.getSymbolAtLocation(file);
    if (symbol === undefined) throw new Error(`${entry}: ${source} exports nothing`);
    names.set(
      entry,
      checker
        .getExportsOfModule(symbol)
        .map((exported) => describeExport(checker, exported, typeOnlyModules(checker, file))),
    );
  }
  return { checker, names };
}

/** Source files that an entry re-exports with `export type *`: nothing of them is a value there. */
function typeOnlyModules(checker: ts.TypeChecker, entry: ts.SourceFile | undefined): Set<string> {
  const files = new Set<string>();
  for (const statement of entry?.statements ?? []) {
    if (!ts.isExportDeclaration(statement) || !statement.isTypeOnly) continue;
    if (statement.exportClause !== undefined || statement.moduleSpecifier === undefined) continue;
    const module = checker.getSymbolAtLocation(statement.moduleSpecifier);
    for (const declaration of module?.declarations ?? []) {
      files.add(declaration.getSourceFile().fileName);
    }
  }
  return files;
}

function describeExport(
  checker: ts.TypeChecker,
  exported: ts.Symbol,
  typeOnly: ReadonlySet<string>,
): PublicName {
  const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
  const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
  const isTypeOnly = (exported.declarations ?? []).some((declaration) =>
    ts.isExportSpecifier(declaration)
      ? ts.isTypeOnlyExportDeclaration(declaration)
      : typeOnly.has(declaration.getSourceFile().fileName),
  );
  const isValue = (symbol.flags & ts.SymbolFlags.Value) !== 0 && !isTypeOnly;
  return { name: exported.name, isValue, symbol };
}

/** Names of exports, and of public members of exported classes, that have no docstring. */
export function undocumented({ checker, names }: PublicSurface): string[] {
  const found: string[] = [];
  const seen = new Set<ts.Symbol>();
  for (const [entry, list] of names) {
    for (const { name, symbol } of list) {
      if (seen.has(symbol)) continue;
      seen.add(symbol);
      if (!isOurs(symbol)) continue;
      if (!hasDocs(checker, symbol)) found.push(`${entry}: ${name}`);
      for (const member of publicMembers(checker, symbol)) {
        if (!hasDocs(checker, member)) found.push(`${entry}: ${name}.${nameOf(member)}`);
      }
    }
  }
  return found.sort();
}

function isOurs(symbol: ts.Symbol): boolean {
  return (symbol.declarations ?? []).some((declaration) =>
    declaration.getSourceFile().fileName.startsWith(join(ROOT, "src")),
  );
}

function hasDocs(checker: ts.TypeChecker, symbol: ts.Symbol): boolean {
  return symbol.getDocumentationComment(checker).length > 0;
}

/** Static and instance members of a class that users see; its own, not its ancestors'. */
function publicMembers(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol[] {
  const declaration = symbol.declarations?.find(ts.isClassDeclaration);
  if (declaration === undefined) return [];
  const members = declaration.members.filter((member) => {
    if (ts.isConstructorDeclaration(member) || ts.isClassStaticBlockDeclaration(member))
      return false;
    if (member.name !== undefined && ts.isPrivateIdentifier(member.name)) return false;
    if (ts.getJSDocTags(member).some((tag) => tag.tagName.text === "internal")) return false;
    const flags = ts.getCombinedModifierFlags(member);
    return (flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) === 0;
  });
  const symbols = members.flatMap((member) => {
    const found = member.name === undefined ? undefined : checker.getSymbolAtLocation(member.name);
    return found === undefined ? [] : [found];
  });
  return [...new Set(symbols)];
}

function nameOf(symbol: ts.Symbol): string {
  return symbol.name.replace(/^__@(\w+)@\d+$/, "[Symbol.$1]");
}
