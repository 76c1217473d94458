/** Names of types as an encoding gives them: ours, and numpy's short forms. */
import { makeError } from "../../base/errors.ts";
import { describe } from "../../base/options.ts";
import { findDataType, isNotBuilt, isNumberTypeName } from "../../zarr/codecs/data-type.ts";
import type { ElementType } from "../array/elements.ts";

const KINDS: Readonly<Record<string, string>> = { i: "int", u: "uint", f: "float" };

const KNOWN =
  "bool, int8 to int64, uint8 to uint64, float16 to float64, string, and as numpy abbreviates: i2, <f4, U5, S8, …";

/**
 * The type of that name: `int16`, `i2`, `<i2`, `float32`, `bool`, `string`, `<U5`, `S5`.
 * @throws {invalid-option} an unknown name
 * @throws {unimplemented} a type of Zarr that datasets do not have
 */
export function parseTypeName(name: unknown, owner: string): ElementType {
  const type = typeof name === "string" ? findType(name) : undefined;
  if (type !== undefined) return type;
  const found = describe(name);
  if (typeof name === "string" && (isNotBuilt(name) || findDataType(name) !== undefined)) {
    throw makeError("unimplemented", `${owner}: dtype ${found} is not built for datasets`, {
      details: { owner, option: "dtype", found },
    });
  }
  throw makeError("invalid-option", `${owner}: there is no dtype ${found}; known: ${KNOWN}`, {
    details: { owner, option: "dtype", found },
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
