/** A worker for the tests: fails in the way that `task.how` names, or reports a lot. */
import { setTimeout as later } from "node:timers/promises";
import { defineWorker } from "icefloe/parallel";

class HttpError extends Error {
  name = "HttpError";
  status = 503;
}

function fail(how) {
  if (how === "chain") {
    const root = new HttpError("unavailable");
    throw new TypeError("no data", { cause: new Error("can't read", { cause: root }) });
  }
  if (how === "aggregate") throw new AggregateError([new RangeError("a"), new Error("b")], "both");
  if (how === "text") throw "a text";
  if (how === "message") throw Object.assign(new Error(), { message: { not: () => "a text" } });
}

export default defineWorker(async ({ fork, task, report }) => {
  report({ runs: 1 });
  fail(task.how);
  if (task.how === "commit") await fork.commit("a fork can't");
  if (task.how === "report") report({ not: () => "JSON" });
  if (task.how === "talk") for (let part = 0; part < 5000; part++) report({ part });
  if (task.how === "nothing, later") {
    setImmediate(() => {
      throw undefined;
    });
    await later(60_000);
  }
  if (task.how === "stray") {
    void Promise.reject(new RangeError("nobody waits for this"));
    await later(60_000);
  }
});
