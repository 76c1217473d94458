/**
 * Follows the README word for word in an empty folder: clones the repository there, runs every
 * command of its `sh` blocks in order, then every `js` and `ts` block, there and in `docs/`, as a
 * program of its own. With `--blocks-only` it runs the programs in this clone and no commands. Those
 * that use S3 get a server of their own, if it is installed (scripts/servers/install.mjs versitygw).
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleForNode } from "./bundle.mjs";
import { checkRequirements } from "./check-node.mjs";
import { finish } from "./lane.mjs";
import { prepare, ROOT } from "./prepare.mjs";

checkRequirements();
const blocksOnly = process.argv.includes("--blocks-only");
const folder = mkdtempSync(join(tmpdir(), "icefloe-readme-"));
const results = [];
let clone = ROOT;

function run(name, command, args, cwd, more = {}) {
  process.stdout.write(`\n# ${name}\n`);
  const env = { ...process.env, npm_config_loglevel: "error", ...more };
  const { status } = spawnSync(command, args, { cwd, stdio: "inherit", env });
  process.stdout.write(status === 0 ? "ok\n" : `FAILED with code ${status}\n`);
  results.push(status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
}

/** Fenced blocks of some languages, in order. */
function blocksOf(document, ...languages) {
  const text = readFileSync(join(clone, document), "utf8");
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, language]) => languages.includes(language))
    .map(([, language, body]) => ({ language, body }));
}

if (blocksOnly) prepare();
else {
  clone = join(folder, "icefloe");
  run("git clone", "git", ["clone", "--quiet", ROOT, clone], folder);
  for (const { body } of blocksOf("README.md", "sh"))
    run(body.trim(), "bash", ["-euc", body], clone);
}
// Programs lie in a folder of their own inside the clone, where `icefloe` means the package.
const programs = join(clone, ".cache", "readme");
rmSync(programs, { recursive: true, force: true });
mkdirSync(programs, { recursive: true });
const site = join(programs, "site.mjs"); // For what runs in a browser.
cpSync(join(ROOT, "scripts", "readme-site.mjs"), site);
const examples = readdirSync(join(clone, "examples")).map((name) =>
  readFileSync(join(clone, "examples", name), "utf8"),
);
const { transformSync } = await import("esbuild");
const load = async (entry) => import(pathToFileURL(await bundleForNode(entry, "readme-servers")));
const { startServer } = await load("test/servers/server.ts");
const { missingServers } = await load("test/servers/programs.ts");
const missing = missingServers("versitygw");
let server;

/** The environment of programs that use S3: a server with the buckets that the documents name. */
async function s3() {
  if (server === undefined) {
    server = await startServer("versitygw");
    for (const bucket of ["bucket", "climate"]) await server.createBucket(bucket);
  }
  return {
    AWS_ENDPOINT_URL: server.url,
    AWS_ALLOW_HTTP: "true",
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
  };
}

const pages = readdirSync(join(clone, "docs")).filter((name) => name.endsWith(".md"));
for (const document of ["README.md", ...pages.map((name) => `docs/${name}`)]) {
  for (const [i, { language, body }] of blocksOf(document, "js", "ts").entries()) {
    if (/^\/\/ \w+\.[jt]s\n/.test(body)) continue; // One of several files: test/parallel/page.ts runs those.
    if (examples.some((example) => example.includes(body))) continue; // test/examples runs those.
    const file = join(programs, `${document.replaceAll(/\W/g, "-")}-${i}.mjs`);
    // What is JavaScript runs as it stands; of the rest the types are taken away, as a compiler would.
    const text = language === "js" ? body : transformSync(body, { loader: "ts" }).code;
    writeFileSync(file, text);
    const before = text.includes("location.href") ? ["--import", pathToFileURL(site).href] : [];
    const name = `${document}, block ${i + 1}`;
    const isOnS3 = /s3Storage\(|"s3:\/\//.test(text);
    if (isOnS3 && missing !== undefined && !process.env.CI) {
      process.stdout.write(`\n# ${name}\nskipped: ${missing}\n`);
      continue;
    }
    run(name, process.execPath, [...before, file], programs, isOnS3 ? await s3() : {});
  }
}
await server?.stop();
rmSync(folder, { recursive: true, force: true });
finish(results);
