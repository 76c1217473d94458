/**
 * Rows of characters as byte strings, where xarray takes them for that: the last dimension is a
 * string's length only if nothing but characters lies along it, and no coordinate has its name.
 */
import { charSource } from "../netcdf/char-source.ts";
import type { RawVariable } from "../netcdf/raw-variable.ts";

/** A variable as far as it says what its dimensions are. */
interface DimensionUser {
  readonly name: string;
  readonly dims: readonly string[];
  /** Whether its values are byte strings of a fixed width, single characters among them. */
  readonly isBytes: boolean;
}

/** A variable that is not read; without a word about it, its values are something else. */
export type OtherUser = Omit<DimensionUser, "isBytes"> & Partial<Pick<DimensionUser, "isBytes">>;

/** Answers whether a variable's last dimension counts characters. */
export function stringLengths(
  users: readonly DimensionUser[],
): (dims: readonly string[]) => boolean {
  const taken = new Set(users.map(({ name }) => name));
  for (const { dims, isBytes } of users) {
    for (const dim of dims) if (!isBytes || dim !== dims.at(-1)) taken.add(dim);
  }
  return (dims) => dims.length > 0 && !taken.has(dims.at(-1) as string);
}

/** `variables` with rows of characters put together; `others` share their dimensions. */
export function withStrings(
  variables: readonly RawVariable[],
  others: readonly OtherUser[],
): readonly RawVariable[] {
  if (variables.every(({ characters }) => characters === undefined)) return variables;
  const isLength = stringLengths([
    ...variables.map(({ name, dims, source }) => ({
      name,
      dims,
      isBytes: source.type.name === "bytes",
    })),
    ...others.map((other) => ({ isBytes: false, ...other })),
  ]);
  return variables.map((variable) => {
    const { characters, dims, encoding } = variable;
    if (characters === undefined || !isLength(dims)) return variable;
    return {
      ...variable,
      dims: dims.slice(0, -1),
      source: charSource(characters),
      encoding: { ...encoding, char_dim_name: dims.at(-1) },
    };
  });
}
