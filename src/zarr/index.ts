/** icefloe/zarr: makes and changes Zarr 3 groups and arrays in any store. */
export { type JsonNumber, jsonFloat } from "../codec/json.ts";
export { type AppendOptions, append } from "./append.ts";
export { defaultChunkShape } from "./chunk-shape.ts";
export type { DataTypeName, NumberTypeName, SizedDataType } from "./codecs/data-type.ts";
export type { ArrayValues, ElementValue, Scalar } from "./codecs/element-values.ts";
export type { Elements, Numbers } from "./codecs/elements.ts";
export {
  type Attributes,
  type CodecMetadata,
  type CreateArrayOptions,
  type CreateGroupOptions,
  createArray,
  createGroup,
} from "./create.ts";
export type { RegionDimension, Span } from "./region.ts";
export { resize, type UpdateOptions, updateAttributes } from "./update.ts";
export { type WriteRegionOptions, writeRegion } from "./write-region.ts";
export type { Awaitable, ZarrStore, ZarrStoreOptions } from "./zarr-store.ts";
