/** Makes a dataset of variables as they are stored: decodes attributes, finds the coordinates. */
import {
  abortSignal,
  checkOptions,
  functionKind,
  mustBe,
  type OptionKinds,
  trueOrFalse,
} from "../../base/options.ts";
import { type JsonValue, jsonToPlain } from "../../codec/json.ts";
import { coordinateNames } from "../cf/coordinates.ts";
import {
  type DecodedAttributes,
  type DecodeOptions,
  decodeAttributes,
} from "../cf/decode-attributes.ts";
import { isTimeUnits, readTimeUnits } from "../cf/time-units.ts";
import type { RawVariable } from "../netcdf/raw-variable.ts";
import { VariableParts } from "./array-input.ts";
import { type OtherUser, withStrings } from "./char-arrays.ts";
import { DataArray } from "./data-array.ts";
import { Dataset } from "./dataset.ts";
import type { Encoding } from "./encoding.ts";
import type { DatasetWarning } from "./warning.ts";

/** Options of everything that opens a dataset. */
export interface OpenOptions extends DecodeOptions {
  /** Variables to leave out, for example those that cannot be held. */
  readonly dropVariables?: readonly string[] | undefined;
  /**
   * Called for everything that cannot be read and is left out or left as it is stored, before the
   * opening resolves; `Dataset.warnings` lists the same. What it throws, the opening rejects with.
   */
  readonly onWarning?: ((warning: DatasetWarning) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const KNOWN: OptionKinds = {
  decodeTimes: trueOrFalse,
  maskAndScale: trueOrFalse,
  dropVariables: listOfNames,
  onWarning: functionKind,
  signal: abortSignal,
};

function listOfNames(value: unknown): string | undefined {
  const isList = Array.isArray(value) && value.every((name) => typeof name === "string");
  return isList ? undefined : mustBe("a list of names", value);
}

/** @throws {invalid-option} for an unknown option */
export function checkOpenOptions(
  operation: string,
  options: unknown,
  more: OptionKinds = {},
): void {
  checkOptions(operation, options, { ...KNOWN, ...more });
}

/** What a reader found. */
interface RawGroup {
  readonly variables: readonly RawVariable[];
  /** What else lies along the dimensions. */
  readonly others: readonly OtherUser[];
  readonly attributes: ReadonlyMap<string, JsonValue>;
  readonly encoding: Record<string, unknown>;
  /** Paths of the groups right below. */
  readonly groups: readonly string[];
  readonly warnings: readonly DatasetWarning[];
  close(): Promise<void>;
}

/** The dataset. Times that cannot be decoded stay numbers, with a warning. */
export function datasetOfRaw(group: RawGroup, options: OpenOptions): Dataset {
  const isKept = (name: string): boolean => !options.dropVariables?.includes(name);
  const kept = withStrings(group.variables, group.others).filter(({ name }) => isKept(name));
  const warnings = group.warnings.filter(
    ({ variable }) => variable === undefined || isKept(variable),
  );
  const arrays = withBoundsUnits(kept).map((variable) => {
    const decoded = decodeAttributes(variable, options);
    if (decoded.warning !== undefined) warnings.push(decoded.warning);
    return variableOf(variable, decoded);
  });
  for (const warning of warnings) options.onWarning?.(warning);
  const coordinates = coordinateNames(arrays, group.attributes.get("coordinates"));
  const spelling = new Map(group.attributes);
  spelling.delete("coordinates");
  const pick = (isCoordinate: boolean): Record<string, DataArray> =>
    Object.fromEntries(
      arrays
        .filter(({ name }) => coordinates.has(name) === isCoordinate)
        .map((array) => [array.name, array]),
    );
  return new Dataset(
    {
      variables: pick(false),
      coordinates: pick(true),
      attributes: jsonToPlain(spelling) as Record<string, unknown>,
    },
    {
      spelling,
      encoding: group.encoding,
      groups: group.groups,
      warnings,
      close: () => group.close(),
    },
  );
}

function variableOf(
  variable: RawVariable,
  { coding, attributes, encoding }: DecodedAttributes,
): DataArray {
  return new DataArray(
    new VariableParts({
      name: variable.name,
      dims: variable.dims,
      content: { source: variable.source, coding },
      attributes: jsonToPlain(attributes) as Record<string, unknown>,
      encoding: { ...encoding } as Encoding,
      spelling: attributes,
    }),
  );
}

/** Bounds of a time coordinate are times in its units, unless they have their own. */
function withBoundsUnits(variables: readonly RawVariable[]): readonly RawVariable[] {
  const borrowed = new Map<string, Map<string, JsonValue>>();
  for (const { attributes } of variables) {
    const bounds = attributes.values.get("bounds");
    const units = attributes.values.get("units");
    const calendar = attributes.values.get("calendar");
    if (typeof bounds !== "string" || !isTimeUnits(units)) continue;
    // What cannot be decoded is not lent: the bounds would keep it as an attribute of their own.
    if ("problem" in readTimeUnits(units, calendar)) continue;
    const values = new Map<string, JsonValue>([["units", units]]);
    if (calendar !== undefined) values.set("calendar", calendar);
    borrowed.set(bounds, values);
  }
  return variables.map((variable) => {
    const values = borrowed.get(variable.name);
    if (values === undefined || variable.attributes.values.has("units")) return variable;
    return {
      ...variable,
      attributes: {
        ...variable.attributes,
        values: new Map([...variable.attributes.values, ...values]),
      },
    };
  });
}
