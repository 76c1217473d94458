/** Opens a NetCDF-3 file: reads its header, and gives every variable a source that reads on demand. */

import { netcdf3Attributes } from "./attribute-value.ts";
import type { ByteSource } from "./byte-source.ts";
import { singleCharSource } from "./char-source.ts";
import { type HeaderVariable, readNetcdf3Header } from "./netcdf3-header.ts";
import { netcdf3Source } from "./netcdf3-source.ts";
import type { RawDataset, RawVariable } from "./raw-variable.ts";

/** The variables of a NetCDF-3 file. One request, as a rule. @throws {invalid-file-format} */
export async function readNetcdf3(file: ByteSource, signal?: AbortSignal): Promise<RawDataset> {
  const header = await readNetcdf3Header(file, signal);
  return {
    attributes: netcdf3Attributes(header.attributes),
    variables: header.variables.map((variable) => rawVariable(file, variable)),
    unlimited: header.dimensions.filter(({ isRecord }) => isRecord).map(({ name }) => name),
    groups: [],
    refused: [],
    warnings: [],
    close: () => file.close(),
  };
}

function rawVariable(file: ByteSource, variable: HeaderVariable): RawVariable {
  const { name, dims } = variable;
  const source = netcdf3Source(file, variable);
  const attributes = netcdf3Attributes(variable.attributes);
  if (variable.type.name !== "char") return { name, dims, source, attributes, encoding: {} };
  const single = singleCharSource(source);
  return { name, dims, source: single, attributes, encoding: {}, characters: source };
}
