/** Documents of a dataset's group and arrays, and writing whole variables. */
import { encodeUtf8 } from "../../base/bytes.ts";
import { mapConcurrent } from "../../base/concurrency.ts";
import { type JsonObject, printJson } from "../../codec/json.ts";
import { type NodeAddress, writeDocument } from "../../zarr/zarr-store.ts";
import { type CoordinateTexts, coordinateTexts } from "../cf/coordinates.ts";
import type { DatasetContent } from "../model/dataset-content.ts";
import { checkedDocument, spelledAttributes, type VariablePlan } from "./variable-plan.ts";

const DOCUMENTS_UNDER_WAY_MAX = 16;
const EMPTY_GROUP = { attributes: {}, zarr_format: 3, node_type: "group" };

/** The `coordinates` attributes of a dataset. */
export function textsOf(dataset: DatasetContent): CoordinateTexts {
  return coordinateTexts(Object.values(dataset.coordinates), Object.values(dataset.variables));
}

/** The document of the dataset's group. @throws {bad-metadata} attributes JSON cannot say */
export function groupDocument(dataset: DatasetContent, address: NodeAddress): JsonObject {
  const { ofGroup } = textsOf(dataset);
  const attributes = spelledAttributes(dataset.attributes, dataset.spelling);
  if (ofGroup !== undefined && !attributes.has("coordinates")) {
    attributes.set("coordinates", ofGroup);
  }
  return checkedDocument(address.path, undefined, { ...EMPTY_GROUP, attributes });
}

/** Writes one zarr.json. */
export async function writeJson(
  address: NodeAddress,
  document: JsonObject | Readonly<Record<string, unknown>>,
): Promise<void> {
  await writeDocument(address, encodeUtf8(printJson(document)));
}

/** Makes groups without attributes. */
export async function writeEmptyGroups(
  address: NodeAddress,
  paths: readonly string[],
): Promise<void> {
  for (const path of paths) await writeJson({ ...address, path }, EMPTY_GROUP);
}

/** Writes the documents of new arrays. */
export async function writeNewDocuments(
  address: NodeAddress,
  plans: readonly VariablePlan[],
): Promise<void> {
  const made = plans.filter(({ isNew }) => isNew);
  await mapConcurrent(made, DOCUMENTS_UNDER_WAY_MAX, ({ target }) =>
    writeJson({ ...address, path: target.path }, target.document),
  );
}

/** Whether all of an array lies in one chunk. */
export function isSingleChunk({ shape, chunkShape }: VariablePlan["target"]): boolean {
  return shape.every((size, d) => size <= (chunkShape[d] as number));
}

/**
 * What a call writes that is no region: everything; with `compute: false` coordinates, and what
 * fits in one chunk, unless it is a template.
 */
export function isWrittenAtOnce(
  dataset: DatasetContent,
  { compute }: { readonly compute?: boolean | undefined },
): (plan: VariablePlan) => boolean {
  if (compute !== false) return () => true;
  return ({ array, target }) =>
    !array.isTemplate && (dataset.coordinates[array.name] !== undefined || isSingleChunk(target));
}
