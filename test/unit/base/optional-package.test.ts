import { expect, test } from "vitest";
import { missingPackage } from "../../../src/base/optional-package.ts";

test("a package that cannot be loaded is named, with what needs it", () => {
  const cause = new Error("not found");

  expect(missingPackage("numcodecs", "the codec blosc needs", cause)).toMatchObject({
    kind: "missing-dependency",
    message: expect.stringContaining('the codec blosc needs the package "numcodecs"'),
    details: { package: "numcodecs" },
    cause,
  });
});
