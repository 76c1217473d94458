import { expect, test } from "vitest";
import { loadPackage } from "../../../src/base/optional-package.ts";

test("a package that cannot be loaded is named, with what needs it", async () => {
  const missing = () => Promise.reject(new Error("not found"));

  await expect(loadPackage("numcodecs", "the codec blosc needs", missing)).rejects.toMatchObject({
    kind: "missing-dependency",
    message: expect.stringContaining('the codec blosc needs the package "numcodecs"'),
    details: { package: "numcodecs" },
  });
});
