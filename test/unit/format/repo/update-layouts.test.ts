import { expect, test } from "vitest";
import {
  UPDATE_LAYOUTS,
  type UpdateKind,
  type UpdateLayouts,
} from "../../../../src/format/repo/update.ts";

test("tags are the format's, one for each kind", () => {
  const tags = Object.values(UPDATE_LAYOUTS).map(({ tag }) => tag);

  expect(tags).toEqual(Array.from({ length: 16 }, (_, at) => at + 1));
});

test("a kind without a layout does not compile, nor one whose fields are not all stored", () => {
  interface Renamed {
    readonly kind: "branch-renamed";
    readonly from: string;
    readonly count: number;
  }
  type KnownUpdate = Exclude<UpdateKind, { kind: "unknown" }>;
  type RenamedLayout = UpdateLayouts<Renamed>["branch-renamed"];
  // @ts-expect-error: no layout for "branch-renamed"
  const lacking: UpdateLayouts<KnownUpdate | Renamed> = UPDATE_LAYOUTS;
  // @ts-expect-error: "count" is not stored
  const partial: RenamedLayout = { tag: 17, fields: { from: "text" } };
  // @ts-expect-error: "count" is a number
  const wrong: RenamedLayout = { tag: 17, fields: { from: "text", count: "id" } };
  const foreign: RenamedLayout = {
    tag: 17,
    // @ts-expect-error: there is no field "to"
    fields: { from: "text", count: "short", to: "text" },
  };
  const whole: RenamedLayout = { tag: 17, fields: { from: "text", count: "short" } };

  expect([lacking, partial, wrong, foreign, whole]).toHaveLength(5);
});
