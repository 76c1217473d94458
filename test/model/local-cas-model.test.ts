/**
 * The design of src/storage/local/compare-and-swap.ts as an explicit-state model, explored whole:
 * every interleaving of three processes, each of which may die before any of its steps, with a
 * sweeper or a writer that knows nothing of tokens among them. One step is one file system call.
 *
 * Versions are numbers; 0 is the object's first state. A writer's own version is drawn when it
 * prepares its bytes, and carries a stamp (its modification time) later than that of its base.
 */
import { describe, expect, test } from "vitest";

/** What is on disk, and ghosts (`decided`, `published`) that only the invariants read. */
interface Disk {
  object: number;
  tokens: number[] | undefined; // The folder with names `current.<version>`; undefined: no folder.
  prepared: number[]; // Names `next.<version>`.
  stamps: Record<number, number>;
  bases: Record<number, number>;
  decided: number[];
  published: number[];
  foreignWrites: number;
  nextVersion: number;
}

interface Actor {
  role: "writer" | "sweeper" | "foreign";
  pc: string;
  putsLeft: number;
  expected: number;
  mine: number;
  token: number;
  laterThan: number; // A stamp that the prepared bytes must pass, besides their base's.
  settleTo: string; // Where the sub-steps of `settle` return to.
  dead: number[]; // The sweeper's list.
  results: [version: number, outcome: "written" | "failed" | "unknown"][];
}

interface State {
  disk: Disk;
  actors: Actor[];
}

/** Deliberate mistakes, each of which the model must find. */
type Mistake =
  | "publish-keeps-the-prepared-name"
  | "swap-from-unpublished"
  | "first-token-not-exclusive"
  | "sweep-ignores-stamps"
  | "acknowledge-before-publishing";

const makeActor = (role: Actor["role"], puts: number): Actor => ({
  role,
  pc: role === "writer" ? "read" : role,
  putsLeft: puts,
  expected: -1,
  mine: -1,
  token: -1,
  laterThan: 0,
  settleTo: "",
  dead: [],
  results: [],
});

const remove = (names: number[], name: number): boolean => {
  const at = names.indexOf(name);
  if (at >= 0) names.splice(at, 1);
  return at >= 0;
};

function settle(actor: Actor, returnTo: string): void {
  actor.settleTo = returnTo;
  actor.pc = "settle-list";
}

function finish(actor: Actor, outcome: "written" | "failed" | "unknown"): void {
  actor.results.push([actor.mine, outcome]);
  actor.putsLeft--;
  actor.pc = actor.putsLeft > 0 ? "read" : "done";
}

function publish(disk: Disk, version: number, mistake: Mistake | undefined): void {
  const there =
    mistake === "publish-keeps-the-prepared-name"
      ? disk.prepared.includes(version)
      : remove(disk.prepared, version);
  if (!there) return; // ENOENT: somebody helped.
  disk.object = version;
  disk.published.push(version);
}

/** Makes the actor's next step, on a state of its own. */
function step(state: State, index: number, mistake: Mistake | undefined): State {
  const next = JSON.parse(JSON.stringify(state)) as State; // Ten times as fast as structuredClone.
  const { disk } = next;
  const actor = next.actors[index] as Actor;
  const steps: Record<string, () => void> = {
    // get: what a caller learns of the object, by which it later puts.
    read: () => {
      actor.mine = -1;
      actor.laterThan = 0;
      actor.expected =
        mistake === "swap-from-unpublished" && disk.tokens?.length
          ? (disk.tokens[0] as number)
          : disk.object;
      actor.pc = mistake === "swap-from-unpublished" ? "prepare" : "check-published";
    },
    "check-published": () => {
      if (disk.object === actor.expected) actor.pc = "prepare";
      else settle(actor, "check-again");
    },
    "check-again": () => {
      if (disk.object === actor.expected) actor.pc = "prepare";
      else finish(actor, "failed");
    },
    // The draft is written elsewhere, then renamed to next.<version>: the folder may be missing.
    prepare: () => {
      if (disk.tokens === undefined) {
        actor.pc = "initialise";
        return;
      }
      actor.mine = disk.nextVersion++;
      // The earliest stamp allowed is the worst.
      disk.stamps[actor.mine] =
        Math.max(disk.stamps[actor.expected] as number, actor.laterThan) + 1;
      disk.bases[actor.mine] = actor.expected;
      disk.prepared.push(actor.mine);
      actor.token = actor.expected;
      actor.pc = "decide";
    },
    // A folder with the token in it is renamed to its place, if nothing is there.
    initialise: () => {
      if (mistake === "first-token-not-exclusive")
        disk.tokens = [...(disk.tokens ?? []), actor.expected];
      else disk.tokens ??= [actor.expected];
      actor.pc = "prepare";
    },
    decide: () => {
      const tokens = disk.tokens as number[];
      if (!remove(tokens, actor.token)) {
        actor.pc = "look-for-own-token";
        return;
      }
      tokens.push(actor.mine);
      disk.decided.push(actor.mine);
      actor.pc = mistake === "acknowledge-before-publishing" ? "acknowledge" : "publish";
    },
    "look-for-own-token": () => {
      actor.pc = disk.tokens?.includes(actor.mine) ? "publish" : "look-for-own-bytes";
    },
    "look-for-own-bytes": () => {
      if (!disk.prepared.includes(actor.mine)) finish(actor, "unknown");
      else settle(actor, "compare");
    },
    compare: () => {
      if (disk.object !== actor.expected) {
        actor.pc = "discard";
        return;
      }
      // Replaced by a writer without tokens: take the token of the older version, with bytes
      // that are later than that too.
      const tokenStamp = disk.stamps[actor.token] as number;
      if ((disk.stamps[actor.mine] as number) > tokenStamp) actor.pc = "decide";
      else {
        actor.laterThan = tokenStamp;
        actor.pc = "discard-and-prepare-anew";
      }
    },
    "discard-and-prepare-anew": () => {
      remove(disk.prepared, actor.mine);
      actor.pc = "check-published";
    },
    discard: () => {
      remove(disk.prepared, actor.mine);
      finish(actor, "failed");
    },
    publish: () => {
      publish(disk, actor.mine, mistake);
      finish(actor, "written");
    },
    acknowledge: () => {
      finish(actor, "written");
    },
    // settle: publish what is decided.
    "settle-list": () => {
      const token = disk.tokens?.[0];
      actor.token = token ?? -1;
      actor.pc = token === undefined ? actor.settleTo : "settle-look";
    },
    "settle-look": () => {
      actor.pc = disk.prepared.includes(actor.token) ? "settle-publish" : actor.settleTo;
    },
    "settle-publish": () => {
      publish(disk, actor.token, mistake);
      actor.pc = actor.settleTo;
    },
    // The sweeper lists the folder once and then removes name by name.
    sweeper: () => {
      const token = disk.tokens?.[0];
      actor.dead =
        token === undefined
          ? []
          : disk.prepared.filter(
              (version) =>
                version !== token &&
                (mistake === "sweep-ignores-stamps" ||
                  (disk.stamps[version] as number) <= (disk.stamps[token] as number)),
            );
      actor.pc = "sweep";
    },
    sweep: () => {
      const version = actor.dead.shift();
      if (version !== undefined) remove(disk.prepared, version);
      if (actor.dead.length === 0) actor.pc = --actor.putsLeft > 0 ? "sweeper" : "done";
    },
    // A writer without tokens replaces the object, whatever it is.
    foreign: () => {
      disk.object = disk.nextVersion++;
      disk.stamps[disk.object] = 0; // Its clock may be anywhere: the earliest is the worst.
      disk.foreignWrites++;
      actor.pc = "done";
    },
  };
  (steps[actor.pc] as () => void)();
  return next;
}

/** What is wrong with a state, or `undefined`. */
function violation({ disk, actors }: State): string | undefined {
  const { decided, published, tokens } = disk;
  if (tokens !== undefined && tokens.length !== 1) return `${tokens.length} tokens`;
  if (new Set(published).size !== published.length) return "a version was published twice";
  if (published.some((version, index) => version !== decided[index]))
    return "versions were published in another order than they were decided in";
  if (decided.length - published.length > 1) return "two decided versions wait to be published";
  const waiting = decided[published.length];
  if (waiting !== undefined && !disk.prepared.includes(waiting))
    return "a decided version can never be published";
  if (disk.foreignWrites === 0) {
    if (disk.object !== (published.at(-1) ?? 0)) return "the object is not the last published";
    for (const [index, version] of decided.entries())
      if (disk.bases[version] !== (index === 0 ? 0 : decided[index - 1]))
        return "a version was decided on another base than the one it replaced";
  }
  for (const [version, outcome] of actors.flatMap((actor) => actor.results)) {
    if (outcome === "written" && !published.includes(version))
      return "an acknowledged version was not published";
    if (outcome === "failed" && decided.includes(version))
      return "a version was reported as failed, and decided";
  }
  return undefined;
}

/** One more process, alone, after everybody stopped: it must be able to write. */
function recovers(state: State, mistake: Mistake | undefined): boolean {
  let alone: State = { disk: state.disk, actors: [makeActor("writer", 3)] };
  for (let steps = 0; (alone.actors[0] as Actor).pc !== "done"; steps++) {
    if (steps > 100) return false;
    alone = step(alone, 0, mistake);
    if (violation({ disk: alone.disk, actors: [...state.actors, ...alone.actors] })) return false;
  }
  return (alone.actors[0] as Actor).results.some(([, outcome]) => outcome === "written");
}

interface Exploration {
  states: number;
  violation: string | undefined;
  outcomes: Set<string>;
}

/** Visits every reachable state; stops at the first violation. */
function explore(actors: Actor[], mistake?: Mistake): Exploration {
  const disk: Disk = {
    object: 0,
    tokens: undefined,
    prepared: [],
    stamps: { 0: 10 },
    bases: {},
    decided: [],
    published: [],
    foreignWrites: 0,
    nextVersion: 1,
  };
  const found: Exploration = { states: 0, violation: undefined, outcomes: new Set() };
  const seen = new Set<string>();
  const recovered = new Set<string>(); // What recovery depends on, where it succeeded.
  const pending: State[] = [{ disk, actors }];
  const visit = (state: State): void => {
    const key = JSON.stringify(state);
    if (!seen.has(key)) pending.push(state);
    seen.add(key);
  };
  for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
    found.states++;
    found.violation ??= violation(state);
    // A process that died takes no more steps: all that the others do then is explored anyway.
    // Everybody may have died here, so recovery is tried from every state.
    const left = JSON.stringify([state.disk, state.actors.map((actor) => actor.results)]);
    if (!found.violation && !recovered.has(left) && !recovers(state, mistake))
      found.violation = "nobody can write any more";
    recovered.add(left);
    if (found.violation) return found;
    for (const [index, actor] of state.actors.entries()) {
      for (const [, outcome] of actor.results) found.outcomes.add(outcome);
      if (actor.pc !== "done") visit(step(state, index, mistake));
    }
  }
  return found;
}

const writers = (...puts: number[]): Actor[] => puts.map((count) => makeActor("writer", count));

describe("compare and swap on the local file system, every interleaving and crash", () => {
  test("two writers that put twice, and a third, lose nothing", () => {
    const found = explore(writers(2, 1, 1));

    expect(found.violation).toBeUndefined();
    expect([...found.outcomes].sort()).toEqual(["failed", "written"]);
    expect(found.states).toBeGreaterThan(10_000);
  });

  test("a sweeper that removes what was left does no harm", () => {
    const found = explore([...writers(2, 1), makeActor("sweeper", 1)]);

    expect(found.violation).toBeUndefined();
    expect(found.outcomes).toContain("written");
  });

  test("a writer without tokens does not make ours lose each other's writes", () => {
    const found = explore([...writers(2, 1), makeActor("foreign", 1)]);

    expect(found.violation).toBeUndefined();
    expect(found.outcomes).toContain("written");
  });

  test.each<[Mistake, Actor[]]>([
    ["publish-keeps-the-prepared-name", writers(2, 1)],
    ["swap-from-unpublished", writers(1, 1)],
    ["first-token-not-exclusive", writers(1, 1)],
    ["sweep-ignores-stamps", [...writers(1), makeActor("sweeper", 1)]],
    ["acknowledge-before-publishing", writers(1)],
  ])("the mistake %s is found", (mistake, actors) => {
    expect(explore(actors, mistake).violation).toBeDefined();
  });
});
