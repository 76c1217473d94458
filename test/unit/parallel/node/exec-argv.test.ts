/** Which of node's own arguments worker processes inherit. */
import { expect, test } from "vitest";
import {
  inheritedArguments,
  withoutInputType,
  withoutProgram,
} from "../../../../src/parallel/node/exec-argv.ts";

test.each<[string, string[]]>([
  ["a text to run", ["-e", "run()"]],
  ["a text to run, by its long name", ["--eval", "run()"]],
  ["a text to run, in one argument", ["--eval=run()"]],
  ["a text to print", ["-p", "run()"]],
  ["a text to print, with two options", ["-p", "-e", "run()"]],
  ["a text to print, with both in one", ["-pe", "run()"]],
  ["a text to print, by its long name", ["--print", "run()"]],
  ["the kind of the text", ["--input-type=module", "-e", "run()"]],
  ["the kind of the text, apart", ["--input-type", "module", "--eval", "run()"]],
  ["a prompt", ["-i"]],
  ["a check of syntax", ["--check"]],
  ["tests", ["--test", "--test-name-pattern", "a", "--test-reporter=spec", "--test-only"]],
  ["coverage of tests", ["--experimental-test-coverage", "--test-coverage-include=src"]],
  ["watching", ["--watch", "--watch-path", "./src", "--watch-preserve-output"]],
  ["a script of package.json", ["--run", "build"]],
  ["a snapshot", ["--build-snapshot", "--snapshot-blob", "x.blob"]],
  ["a single executable", ["--experimental-sea-config", "x.json"]],
])("%s is not inherited, and what stands around it is", (_what, args) => {
  const around = ["--import", "tsx", ...args, "--enable-source-maps"];

  expect(inheritedArguments(around)).toEqual(["--import", "tsx", "--enable-source-maps"]);
  expect(withoutProgram(around)).toEqual(["--import", "tsx", "--enable-source-maps"]);
});

test.each<[string, string[]]>([
  ["loaders", ["--import", "tsx", "--loader=./l.mjs", "-r", "./hook.cjs", "--require", "x"]],
  ["conditions", ["-C", "development", "--conditions=development"]],
  ["limits", ["--max-old-space-size=64", "--stack-size", "2000"]],
  ["stripping of types", ["--experimental-strip-types", "--no-warnings"]],
  ["permissions", ["--permission", "--allow-fs-read=*"]],
])("%s are inherited", (_what, args) => {
  expect(inheritedArguments(args)).toEqual(args);
});

test("an inspector is not inherited, and may be asked for", () => {
  const args = ["--inspect-brk=9230", "--inspect", "--inspect-port", "0", "--debug-port=1"];

  expect(inheritedArguments([...args, "--no-warnings"])).toEqual(["--no-warnings"]);
  expect(withoutProgram(args)).toEqual(args);
});

test.each([
  ["--input-type=module", ""],
  [
    "--max-old-space-size=64 --input-type module --no-warnings",
    "--max-old-space-size=64 --no-warnings",
  ],
  ["--no-warnings", "--no-warnings"],
])("NODE_OPTIONS %j are inherited as %j", (given, inherited) => {
  expect(withoutInputType(given)).toBe(inherited);
});
