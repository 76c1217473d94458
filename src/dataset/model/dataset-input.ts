/** Makes the variables of a dataset of what a user gives, and checks that they fit together. */
import { makeError } from "../../base/errors.ts";
import { checkOption, isPlainObject, mustBe } from "../../base/options.ts";
import { inferShape, partsOfInput, type VariableInput } from "./array-input.ts";
import { flattenData } from "./data.ts";
import { DataArray } from "./data-array.ts";

type Inputs = Readonly<Record<string, VariableInput | DataArray>>;

/** Variables by name; made without a prototype, so that no name finds what it should not. */
type Arrays = Record<string, DataArray>;

/** Variables and coordinates. @throws {invalid-option} a name twice, contradicting sizes */
export function makeVariables(
  variables: Inputs,
  coordinates: Inputs,
): { variables: Arrays; coordinates: Arrays; sizes: Record<string, number> } {
  for (const [option, inputs] of Object.entries({ variables, coordinates })) {
    checkOption("Dataset", option, inputs, (value) =>
      isPlainObject(value) ? undefined : mustBe("an object", value),
    );
  }
  const twice = Object.keys(variables).find((name) => Object.hasOwn(coordinates, name));
  if (twice !== undefined) {
    throw makeError("invalid-option", `Dataset: ${twice} is a variable and a coordinate`, {
      details: { variable: twice },
    });
  }
  const inputs = [...Object.entries(coordinates), ...Object.entries(variables)];
  const known = knownSizes(inputs);
  const made = inputs.map(([name, input]) => makeArray(name, input, known));
  const sizes = sizesOf(made);
  const dataNames = new Set(Object.keys(variables));
  const isCoordinate = ({ name }: DataArray): boolean =>
    !dataNames.has(name) || Object.hasOwn(sizes, name);
  return {
    variables: byName(made.filter((array) => !isCoordinate(array))),
    coordinates: byName(made.filter(isCoordinate)),
    sizes,
  };
}

function byName(arrays: readonly DataArray[]): Arrays {
  const named = Object.create(null) as Arrays;
  for (const array of arrays) named[array.name] = array;
  return named;
}

function makeArray(
  name: string,
  input: VariableInput | DataArray,
  known: ReadonlyMap<string, number>,
): DataArray {
  if (!(input instanceof DataArray)) return new DataArray(partsOfInput(name, input, known));
  return input.name === name ? input : input.with({ name });
}

/** Sizes that some variable tells by itself, then those that follow from these. */
function knownSizes(inputs: readonly [string, VariableInput | DataArray][]): Map<string, number> {
  const known = new Map<string, number>();
  const flat = inputs.map(([name, input]) => shapeHint(name, input));
  // Each round makes at least one size known, or nothing more can be learnt.
  for (let before = -1; before !== known.size; ) {
    before = known.size;
    for (const { dims, shape, count } of flat) {
      const sizes = shape ?? (count === undefined ? undefined : inferShape(count, dims, known));
      sizes?.forEach((size, d) => {
        const dim = dims[d];
        if (dim !== undefined && !known.has(dim)) known.set(dim, size);
      });
    }
  }
  return known;
}

function shapeHint(
  name: string,
  input: VariableInput | DataArray,
): { dims: readonly string[]; shape?: readonly number[] | undefined; count?: number } {
  if (input instanceof DataArray) return { dims: input.dims, shape: input.shape };
  const dims = Array.isArray(input?.dims) ? input.dims : [];
  if (input?.shape !== undefined) return { dims, shape: input.shape };
  const { data } = input ?? {};
  if (ArrayBuffer.isView(data)) return { dims, count: (data as Uint8Array).length };
  if (data === undefined) return { dims };
  const flat = flattenData(data, `variable ${name}`);
  return { dims, shape: flat.shape, count: flat.values.length };
}

function sizesOf(arrays: readonly DataArray[]): Record<string, number> {
  const sizes = Object.create(null) as Record<string, number>;
  const owners = new Map<string, string>();
  for (const { name, dims, shape } of arrays) {
    dims.forEach((dim, d) => {
      const size = shape[d] as number;
      const other = sizes[dim];
      if (other !== undefined && other !== size) {
        throw makeError(
          "invalid-option",
          `conflicting sizes for dimension ${dim}: ${other} in ${owners.get(dim)}, ${size} in ${name}`,
          { details: { dimension: dim, variable: name, sizes: [other, size] } },
        );
      }
      sizes[dim] = size;
      if (!owners.has(dim)) owners.set(dim, name);
    });
  }
  return sizes;
}
