/** The table of deletions, run by the official engine: it takes away what icefloe does. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  COMMITTED_SHARES,
  DELETION_TABLES,
  type DeletionCase,
  type KeyAndText,
  keysLeft,
  titleOf,
  writesOf,
} from "../deletion-cases.ts";
import { set } from "./content.ts";
import { type Oracle, pythonOracle, type Step } from "./oracle.ts";

let python: Oracle;
beforeAll(() => {
  python = pythonOracle();
});
afterAll(() => python.close());

const setsOf = (writes: readonly KeyAndText[]): Step[] =>
  writes.map(([key, text]) => set(key, text));

function stepOf({ operation, argument }: DeletionCase): Step {
  if (operation === "clear") return { clear: true };
  return operation === "delete" ? { delete: argument } : { deleteDir: argument };
}

describe.each(COMMITTED_SHARES)("with %s", (_, share) => {
  describe.each(DELETION_TABLES)("from $name", (table) => {
    test.each(table.cases.map((one) => [titleOf(one), one] as const))("%s", async (__, one) => {
      const { committed, pending } = writesOf(table, share);

      const keys = await python.call("keysAfter", {
        committed: setsOf(committed),
        steps: [...setsOf(pending), stepOf(one)],
      });

      expect(keys).toEqual(keysLeft(table, one));
    });
  });
});
