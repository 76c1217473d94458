import { expect, test } from "vitest";
import {
  UPDATE_LAYOUTS,
  type UpdateKind,
  type UpdateLayouts,
} from "../../../../src/format/repo/update.ts";

test("tags are the format's, one for each kind", () => {
  const tags = Object.values(UPDATE_LAYOUTS).map(({ tag }) => tag);

  expect(tags).toEqual(tags.map((_, at) => at + 1));
});

test("a kind without a layout does not compile, nor one whose fields are not all stored", () => {
  interface NeverWritten {
    readonly kind: "never-written";
    readonly from: string;
    readonly count: number;
  }
  type KnownUpdate = Exclude<UpdateKind, { kind: "unknown" }>;
  type NeverWrittenLayout = UpdateLayouts<NeverWritten>["never-written"];
  // @ts-expect-error: no layout for "never-written"
  const lacking: UpdateLayouts<KnownUpdate | NeverWritten> = UPDATE_LAYOUTS;
  // @ts-expect-error: "count" is not stored
  const partial: NeverWrittenLayout = { tag: 17, fields: { from: "text" } };
  // @ts-expect-error: "count" is a number
  const wrong: NeverWrittenLayout = { tag: 17, fields: { from: "text", count: "id" } };
  const foreign: NeverWrittenLayout = {
    tag: 17,
    // @ts-expect-error: there is no field "to"
    fields: { from: "text", count: "short", to: "text" },
  };
  const whole: NeverWrittenLayout = { tag: 17, fields: { from: "text", count: "short" } };

  expect([lacking, partial, wrong, foreign, whole]).toHaveLength(5);
});
