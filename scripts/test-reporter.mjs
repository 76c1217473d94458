/**
 * What vitest prints here: a line per folder as it ends, with its tests and seconds, and what a
 * failing test needs to be understood, when it fails. Logs of tests that pass are dropped. The
 * names of failures come last: here, or from `lane.mjs`, which asks for them by ICEFLOE_REPORT.
 */
import { writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LOG_LINES_MAX = 200;
const MESSAGE_CHARACTERS_MAX = 200;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters.
const COLOURS = /\u001b\[[0-9;]*m/g;

/** The first line of a message, without colours, not too long. */
function firstLine(message) {
  const line = String(message).replaceAll(COLOURS, "").trim().split("\n")[0].trim();
  return line.length > MESSAGE_CHARACTERS_MAX ? `${line.slice(0, MESSAGE_CHARACTERS_MAX)}…` : line;
}

/** One failure a line, in order of names, to be read last. */
export function listFailures(failures) {
  return [...failures]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, message }) => `FAILED ${name}: ${message}\n`)
    .join("");
}

const countOf = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

export default class TestReporter {
  #vitest;
  #began = Date.now();
  #folders = new Map();
  #files = { ended: 0, all: 0 };
  #passed = 0;
  #failures = [];
  #logs = new Map();

  onInit(vitest) {
    this.#vitest = vitest;
  }

  onTestRunStart(specifications) {
    this.#began = Date.now();
    this.#files.all = specifications.length;
    for (const { moduleId } of specifications) this.#folderOf(moduleId).waiting++;
    const files = countOf(specifications.length, "file");
    this.#say(`${files} in ${countOf(this.#folders.size, "folder")}\n`);
  }

  onUserConsoleLog({ taskId, content }) {
    const lines = this.#logs.get(taskId) ?? [];
    if (lines.length < LOG_LINES_MAX) this.#logs.set(taskId, [...lines, content]);
  }

  onTestModuleEnd(module) {
    const file = relative(ROOT, module.moduleId);
    const folder = this.#folderOf(module.moduleId);
    const before = this.#failures.length;
    let passed = 0;
    for (const test of module.children.allTests()) {
      const { state, errors = [] } = test.result();
      if (state === "passed") passed++;
      else this.#fail(`${file} > ${test.fullName}`, state, errors, test, module);
    }
    // What went wrong outside of tests: the file itself, or the hooks of a group.
    for (const suite of [module, ...module.children.allSuites()]) {
      const name = suite === module ? file : `${file} > ${suite.fullName}`;
      const errors = suite.errors();
      if (errors.length > 0) this.#fail(name, "failed", errors, suite, module);
    }
    const failed = this.#failures.length - before;
    if (passed + failed === 0) this.#fail(file, "empty", [], module, module);
    this.#passed += passed;
    this.#files.ended++;
    folder.passed += passed;
    folder.failed += this.#failures.length - before;
    folder.ms += module.diagnostic().duration;
    folder.files++;
    folder.waiting--;
    if (folder.waiting === 0) this.#say(lineOf(folder));
    this.#showStatus();
    this.#logs.clear();
  }

  onTestRunEnd(_modules, unhandledErrors) {
    for (const error of unhandledErrors) this.#fail("outside of tests", "failed", [error]);
    const seconds = ((Date.now() - this.#began) / 1000).toFixed(1);
    this.#say(`${countOf(this.#files.ended, "file")} in ${seconds} s\n`);
    const report = { passed: this.#passed, failures: this.#failures };
    const target = process.env.ICEFLOE_REPORT;
    if (target !== undefined) writeFileSync(target, JSON.stringify(report));
    else {
      this.#say(listFailures(this.#failures));
      this.#say(`\n${this.#passed} passed, ${this.#failures.length} failed\n`);
    }
  }

  #folderOf(moduleId) {
    const name = dirname(relative(ROOT, moduleId));
    const known = this.#folders.get(name);
    if (known !== undefined) return known;
    const folder = { name, waiting: 0, files: 0, passed: 0, failed: 0, ms: 0 };
    this.#folders.set(name, folder);
    return folder;
  }

  /** Prints a failure with all that is known, and keeps its name. */
  #fail(name, state, errors, entity, module) {
    const reasons = { skipped: "was skipped", empty: "has no tests", pending: "did not end" };
    const message = errors[0]?.message ?? reasons[state] ?? state;
    this.#failures.push({ name, message: firstLine(message) });
    this.#say(`\nFAILED ${name}\n`);
    if (errors.length === 0) this.#say(`${message}\n`);
    for (const error of errors) this.#vitest.logger.printError(error, { project: module?.project });
    for (const line of this.#logs.get(entity?.id) ?? []) this.#say(`log: ${line.trimEnd()}\n`);
  }

  #say(text) {
    process.stdout.write(process.stdout.isTTY && text !== "" ? `\r\u001b[K${text}` : text);
  }

  /** On a terminal, a line that is written over: how far the run is. */
  #showStatus() {
    const { ended, all } = this.#files;
    if (!process.stdout.isTTY || ended === all) return;
    const seconds = Math.round((Date.now() - this.#began) / 1000);
    const failed = this.#failures.length;
    this.#say(`${ended} of ${all} files, ${this.#passed} passed, ${failed} failed, ${seconds} s`);
  }
}

function lineOf({ name, files, passed, failed, ms }) {
  const tests = countOf(passed + failed, "test");
  const count = countOf(files, "file");
  const end = failed === 0 ? "" : `   ${failed} FAILED`;
  return `  ${name.padEnd(34)}${count.padStart(9)}${tests.padStart(12)}${(ms / 1000).toFixed(1).padStart(8)} s${end}\n`;
}
