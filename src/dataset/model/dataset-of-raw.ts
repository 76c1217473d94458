/** Makes a dataset of variables as they are stored: decodes attributes, finds the coordinates. */
import {
  abortSignal,
  anything,
  checkOptions,
  type OptionKinds,
  trueOrFalse,
} from "../../base/options.ts";
import { type JsonValue, jsonToPlain } from "../../codec/json.ts";
import { coordinateNames } from "../cf/coordinates.ts";
import { type DecodeOptions, decodeAttributes } from "../cf/decode-attributes.ts";
import { isTimeUnits } from "../cf/time-units.ts";
import type { RawVariable } from "../netcdf/raw-variable.ts";
import { VariableParts } from "./array-input.ts";
import { DataArray } from "./data-array.ts";
import { Dataset } from "./dataset.ts";

/** Options of everything that opens a dataset. */
export interface OpenOptions extends DecodeOptions {
  /** Variables to leave out, for example those that cannot be held. */
  readonly dropVariables?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

const KNOWN: OptionKinds = {
  decodeTimes: trueOrFalse,
  maskAndScale: trueOrFalse,
  dropVariables: anything,
  signal: abortSignal,
};

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
  readonly attributes: ReadonlyMap<string, JsonValue>;
  readonly encoding: Record<string, unknown>;
  close(): Promise<void>;
}

/** The dataset. @throws {unimplemented} time units or a calendar, naming the variable */
export function datasetOfRaw(group: RawGroup, options: OpenOptions): Dataset {
  const kept = group.variables.filter(({ name }) => !options.dropVariables?.includes(name));
  const arrays = withBoundsUnits(kept).map((variable) => variableOf(variable, options));
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
    { spelling, encoding: group.encoding, close: () => group.close() },
  );
}

function variableOf(variable: RawVariable, options: OpenOptions): DataArray {
  const { coding, attributes, encoding } = decodeAttributes(variable, options);
  return new DataArray(
    new VariableParts({
      name: variable.name,
      dims: variable.dims,
      content: { source: variable.source, coding },
      attributes: jsonToPlain(attributes) as Record<string, unknown>,
      encoding: { ...encoding },
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
    if (typeof bounds !== "string" || !isTimeUnits(units)) continue;
    const calendar = attributes.values.get("calendar");
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
