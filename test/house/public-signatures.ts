/** The public signatures as text, and what of them users cannot name. */
import ts from "typescript";
import {
  isHidden,
  ownDeclarations,
  type PublicName,
  type PublicSurface,
  readPublicSurface,
  targetOf,
} from "./public-surface.ts";

/** The folder of the reports. */
export const REPORTS = "test/house/signatures";

/** The report of an entry: `./parallel/node` is in `parallel-node.txt`. */
export function reportFile(entry: string): string {
  const name = entry === "." ? "icefloe" : entry.slice(2).replaceAll("/", "-");
  return `${REPORTS}/${name}.txt`;
}

/** For the script that rewrites the reports. */
export { readPublicSurface };

/**
 * A report per entry: every declaration that it exports, without comments and hidden members, by
 * name. What an entry before it exports as well is told in one line.
 */
export function signatureReports({ checker, names }: PublicSurface): Map<string, string> {
  const seenIn = new Map<ts.Symbol, string>();
  const reports = new Map<string, string>();
  for (const [entry, list] of names) {
    const texts = list.map(({ name, symbol }) => {
      const other = seenIn.get(symbol);
      if (other !== undefined) return `export ${name}; // as in ${other}`;
      seenIn.set(symbol, entry);
      return signatureOf(checker, { name, symbol });
    });
    reports.set(entry, `${texts.join("\n\n")}\n`);
  }
  return reports;
}

/**
 * Types, and values whose types are asked for, that exported signatures name and no entry exports,
 * as `name: exports that name it`.
 */
export function unexportedNames({ checker, names }: PublicSurface): string[] {
  const exported = [...names.values()].flat();
  const known = new Set(exported.map(({ symbol }) => symbol));
  const leaks = new Map<string, Set<string>>();
  for (const { name, symbol } of exported) {
    for (const declaration of ownDeclarations(symbol)) {
      if (literalsOf(checker, declaration) !== undefined) continue;
      for (const named of namedIn(checker, declaration)) {
        if (known.has(named)) continue;
        leaks.set(named.name, (leaks.get(named.name) ?? new Set()).add(name));
      }
    }
  }
  return [...leaks].map(([name, users]) => `${name}: ${[...users].sort().join(", ")}`).sort();
}

/** Symbols of ours that a declaration names, leaving out what it declares itself. */
function namedIn(checker: ts.TypeChecker, declaration: ts.Declaration): Set<ts.Symbol> {
  const found = new Set<ts.Symbol>();
  const visit = (node: ts.Node): void => {
    if (isHidden(node)) return;
    const name = namePartOf(node);
    const symbol = name === undefined ? undefined : checker.getSymbolAtLocation(name);
    const target = symbol === undefined ? undefined : targetOf(checker, symbol);
    if (target !== undefined && isImportable(target)) found.add(target);
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  return found;
}

/** The part of a type that says which declaration it means. */
function namePartOf(node: ts.Node): ts.Node | undefined {
  if (ts.isTypeReferenceNode(node)) return node.typeName;
  if (ts.isExpressionWithTypeArguments(node)) return node.expression;
  if (ts.isTypeQueryNode(node)) return node.exprName;
  return ts.isImportTypeNode(node) ? node.qualifier : undefined;
}

/** Whether it is declared by a module of ours: not a parameter, nor a type of the platform. */
function isImportable(symbol: ts.Symbol): boolean {
  return ownDeclarations(symbol).some(
    ({ kind }) =>
      kind !== ts.SyntaxKind.TypeParameter &&
      kind !== ts.SyntaxKind.Parameter &&
      kind !== ts.SyntaxKind.MappedType,
  );
}

/** The texts that an alias comes down to where it is computed from the type of a value. */
function literalsOf(
  checker: ts.TypeChecker,
  declaration: ts.Declaration,
): readonly string[] | undefined {
  if (!ts.isTypeAliasDeclaration(declaration)) return undefined;
  const type = checker.getTypeAtLocation(declaration);
  const parts = type.isUnion() ? type.types : [type];
  if (!parts.every((part) => part.isStringLiteral())) return undefined;
  return parts.map(({ value }) => JSON.stringify(value)).sort();
}

function signatureOf(checker: ts.TypeChecker, { name, symbol }: PublicName): string {
  const texts = ownDeclarations(symbol).map((declaration) => {
    const literals = literalsOf(checker, declaration);
    if (literals === undefined) return printed(declaration);
    return `export type ${symbol.name} =\n${literals.map((text) => `    | ${text}`).join("\n")};`;
  });
  const alias = name === symbol.name ? [] : [`// ${name} is ${symbol.name}:`];
  return [...alias, ...texts].join("\n");
}

/** A declaration as the compiler prints it: independent of how the source is laid out. */
function printed(declaration: ts.Declaration): string {
  const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  const { transformed } = ts.transform(statement, [withoutHidden]);
  const printer = ts.createPrinter({ removeComments: true });
  return printer.printNode(
    ts.EmitHint.Unspecified,
    transformed[0] as ts.Node,
    declaration.getSourceFile(),
  );
}

/** Leaves hidden members of classes out. */
const withoutHidden: ts.TransformerFactory<ts.Node> = (context) => (root) => {
  const visit = (node: ts.Node): ts.Node | undefined =>
    isHidden(node) ? undefined : ts.visitEachChild(node, visit, context);
  return ts.visitEachChild(root, visit, context);
};
