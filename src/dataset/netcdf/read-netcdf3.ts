/** Opens a NetCDF-3 file: reads its header, and gives every variable a source that reads on demand. */

import { netcdf3Attributes } from "./attribute-value.ts";
import type { ByteSource } from "./byte-source.ts";
import { charSource } from "./char-source.ts";
import { readNetcdf3Header } from "./netcdf3-header.ts";
import { netcdf3Source } from "./netcdf3-source.ts";
import type { RawDataset } from "./raw-variable.ts";

/** The variables of a NetCDF-3 file. One request, as a rule. @throws {invalid-file-format} */
export async function readNetcdf3(file: ByteSource, signal?: AbortSignal): Promise<RawDataset> {
  const header = await readNetcdf3Header(file, signal);
  return {
    attributes: netcdf3Attributes(header.attributes),
    variables: header.variables.map((variable) => {
      const source = netcdf3Source(file, variable);
      const attributes = netcdf3Attributes(variable.attributes);
      if (variable.type.name !== "char") {
        return { name: variable.name, dims: variable.dims, source, attributes, encoding: {} };
      }
      const charDimension = variable.dims.at(-1);
      return {
        name: variable.name,
        dims: variable.dims.slice(0, -1),
        source: charSource(source),
        attributes,
        encoding: charDimension === undefined ? {} : { char_dim_name: charDimension },
      };
    }),
    unlimited: header.dimensions.filter(({ isRecord }) => isRecord).map(({ name }) => name),
    refused: [],
    warnings: [],
    close: () => file.close(),
  };
}
