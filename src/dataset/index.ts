/** icefloe/dataset: labelled arrays in the manner of xarray, in NetCDF files and Zarr stores. */
export type { DecodeOptions } from "./cf/decode-attributes.ts";
export type {
  Attributes,
  VariableBase,
  VariableData,
  VariableInput,
  VariableReader,
  VariableTemplate,
} from "./model/array-input.ts";
export { type AssertOptions, assertEqual, assertIdentical } from "./model/assert-identical.ts";
export type { Data, DataInput, Dtype, NestedData, TypedArray } from "./model/data.ts";
export { DataArray, type DataArrayInput, type LoadOptions } from "./model/data-array.ts";
export { Dataset, type DatasetInput } from "./model/dataset.ts";
export type { OpenOptions } from "./model/dataset-of-raw.ts";
export type { Encoding, EncodingCodec, FillValue, StoredDtype } from "./model/encoding.ts";
export type { Indexer, Indexers, PositionRange } from "./model/indexers.ts";
export type { Label, LabelIndexer, Labels, SelectOptions } from "./model/labels.ts";
export type { ReadRegion } from "./model/lazy-input.ts";
export { TimeArray } from "./model/time-array.ts";
export type { DatasetWarning } from "./model/warning.ts";
export { type NetcdfInput, type OpenNetcdfOptions, openNetcdf } from "./netcdf/open-netcdf.ts";
export { type OpenZarrOptions, openZarr } from "./store/open-zarr.ts";
export type { RegionOption } from "./store/region.ts";
export type { ToZarrOptions, WriteMode } from "./store/to-zarr-options.ts";
