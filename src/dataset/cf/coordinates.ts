/**
 * Which variables are coordinates: read from `coordinates` attributes, and written into them.
 * Spec: CF "Coordinate Systems"; the group's own attribute is xarray's.
 */
import { compareUtf8 } from "../../base/bytes.ts";
import type { JsonValue } from "../../codec/json.ts";

/** A variable as far as coordinates need it. */
interface CoordinateUser {
  readonly name: string;
  readonly dims: readonly string[];
  readonly encoding: Readonly<Record<string, unknown>>;
}

const ATTRIBUTE = "coordinates";

/** Names in the text of an attribute. */
function namesIn(text: unknown): string[] {
  return typeof text === "string" ? text.split(/\s+/).filter((name) => name !== "") : [];
}

/** Names of the coordinates of a dataset that was read: those named by an attribute, or a dimension. */
export function coordinateNames(
  variables: readonly CoordinateUser[],
  groupText: JsonValue | undefined,
): Set<string> {
  const names = new Set<string>(namesIn(groupText));
  for (const { dims, encoding } of variables) {
    for (const name of namesIn(encoding[ATTRIBUTE])) names.add(name);
    for (const dim of dims) names.add(dim);
  }
  return names;
}

/** What is written: the text per variable, and of the group. */
export interface CoordinateTexts {
  readonly ofVariable: ReadonlyMap<string, string>;
  readonly ofGroup: string | undefined;
}

/**
 * The `coordinates` attributes of a dataset that is written. A variable's encoding wins over what
 * is computed (`null`: none); coordinates that no variable names go to the group.
 */
export function coordinateTexts(
  coordinates: readonly CoordinateUser[],
  variables: readonly CoordinateUser[],
): CoordinateTexts {
  const isIndex = ({ name, dims }: CoordinateUser): boolean => dims.includes(name);
  // Names with a space cannot be told apart in a list: they are written as data variables.
  const listed = coordinates.filter((user) => !isIndex(user) && !/\s/.test(user.name));
  const ofVariable = new Map<string, string>();
  const written = new Set<string>();
  for (const { name, dims, encoding } of variables) {
    if (encoding[ATTRIBUTE] === null) continue;
    const own = encoding[ATTRIBUTE];
    const fitting = listed.filter((user) => user.dims.every((dim) => dims.includes(dim)));
    const text = typeof own === "string" && own !== "" ? own : joined(fitting.map((u) => u.name));
    if (text === "") continue;
    ofVariable.set(name, text);
    for (const named of namesIn(text)) written.add(named);
  }
  const left = listed.map(({ name }) => name).filter((name) => !written.has(name));
  return { ofVariable, ofGroup: left.length === 0 ? undefined : joined(left) };
}

function joined(names: readonly string[]): string {
  return [...names].sort(compareUtf8).join(" ");
}
