/** Names of types as an encoding gives them: ours, and numpy's short forms. */
import { makeError } from "../../base/errors.ts";
import { describe } from "../../base/options.ts";
import { isNumberTypeName } from "../../zarr/codecs/data-type.ts";
import type { ElementType } from "../array/elements.ts";

const KINDS: Readonly<Record<string, string>> = { i: "int", u: "uint", f: "float" };

/**
 * The type of that name: `int16`, `i2`, `<i2`, `float32`, `bool`, `string`, `<U5`, `S5`.
 * @throws {invalid-option} an unknown name
 */
export function parseTypeName(name: unknown, owner: string): ElementType {
  const type = typeof name === "string" ? findType(name) : undefined;
  if (type !== undefined) return type;
  throw makeError("invalid-option", `${owner}: there is no dtype ${describe(name)}`, {
    details: { owner, option: "dtype", found: describe(name) },
  });
}

function findType(name: string): ElementType | undefined {
  const plain = name.replace(/^[<>=|]/, "");
  if (isNumberTypeName(plain)) return { name: plain };
  if (plain === "string" || plain === "str" || plain === "object") return { name: "string" };
  if (plain === "?" || plain === "b1") return { name: "bool" };
  const sized = /^([US])(\d{1,9})$/.exec(plain);
  if (sized !== null) {
    const width = Math.max(1, Number(sized[2]));
    return { name: sized[1] === "U" ? "string" : "bytes", width };
  }
  const number = /^([iuf])([1248])$/.exec(plain);
  if (number === null) return undefined;
  const full = `${KINDS[number[1] as string]}${Number(number[2]) * 8}`;
  return isNumberTypeName(full) ? { name: full } : undefined;
}
