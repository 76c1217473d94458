/** The two commands say in one line what is wrong, before they install or build anything. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./source-tree.ts";

function run(args: readonly string[]) {
  return spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
}

function requirementOf(version: string, found: readonly string[]): string {
  const module = JSON.stringify(join(ROOT, "scripts", "check-node.mjs"));
  const program = `import(${module}).then(({ missingRequirement }) => {
    const found = ${JSON.stringify(found)};
    console.log(String(missingRequirement("${version}", (name) => found.includes(name))));
  })`;
  return run(["-e", program]).stdout.trim();
}

test.each([
  ["18.20.1", ["npm", "git"], "icefloe needs Node 20.19 or newer, this is Node 18.20.1"],
  ["20.18.3", ["npm", "git"], "icefloe needs Node 20.19 or newer, this is Node 20.18.3"],
  ["20.19.0", ["npm", "git"], "undefined"],
  ["24.1.0", ["git"], "icefloe needs npm, which is not on the path"],
  ["22.0.0", ["npm"], "icefloe needs git, which is not on the path"],
])("Node %s with %j on the path: %s", (version, found, expected) => {
  expect(requirementOf(version, found)).toBe(expected);
});

test.each([
  [["no-such-file.nc"], /^there is no file .*no-such-file\.nc\n$/],
  [["--fast"], /^usage: npm start \[-- \[s3:.*file\.nc .*\]\n$/],
  [["a.nc", "b.nc"], /^usage: npm start \[-- \[s3:.*file\.nc .*\]\n$/],
  [["s3://bucket/a", "s3://bucket/b"], /^usage: npm start \[-- \[s3:.*file\.nc .*\]\n$/],
  [["--s3", "no-such-file.nc"], /^there is no file .*no-such-file\.nc\n$/],
])("npm start -- %j is refused in one line, with code 2", (args, line) => {
  const { status, stderr, stdout } = run(["scripts/start.mjs", ...args]);

  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toMatch(line);
});
