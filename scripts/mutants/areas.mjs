/** The areas of the mutation check: the bugs of each, and the tests in the order in which they are tried. */
import { COMMIT_MUTANTS } from "./commit.mjs";
import { CONFLICT_MUTANTS } from "./conflicts.mjs";
import { FORMAT_MUTANTS } from "./format.mjs";
import { SESSION_MUTANTS } from "./session.mjs";

const SESSIONS = ["test/unit/session", "test/unit/repository"];
/** What notices most, tried first: by area, a second or two each. */
const NEAREST = {
  commit: ["test/unit/session/commit/", "test/unit/session/session.test"],
  conflicts: ["test/unit/session/rebase/"],
  session: ["merge/", "fork/", "changes/", "session.test"].map(
    (name) => `test/unit/session/${name}`,
  ),
};
/** Operations of several steps, which the floors above call. */
const OPERATIONS = ["test/unit/zarr/in-flight", "test/unit/dataset/store/in-flight"];
const HISTORIES = [
  "test/property",
  "test/model/conflict-matrix",
  "test/model/merge-model",
  "test/model/session",
];

/** By name: the bugs, and stages of tests; each test is the beginning of file names. */
export const AREAS = {
  commit: {
    mutants: COMMIT_MUTANTS,
    tests: [NEAREST.commit, SESSIONS, HISTORIES, ["test/unit/session/commit/clock"]],
  },
  conflicts: { mutants: CONFLICT_MUTANTS, tests: [NEAREST.conflicts, SESSIONS, HISTORIES] },
  session: { mutants: SESSION_MUTANTS, tests: [NEAREST.session, SESSIONS, OPERATIONS, HISTORIES] },
  format: { mutants: FORMAT_MUTANTS, tests: [["test/unit/format"], ["test/fuzz"]] },
};
