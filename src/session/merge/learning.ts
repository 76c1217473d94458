/** What a merge asks and tells of pasts: `past.ts` says why that is enough. */
import { makeError } from "../../base/errors.ts";
import { type Dot, isCovered } from "../changes/dot.ts";
import type { Past } from "../changes/past.ts";

/** Generations that every write may be compared with; more of them are counted. */
const FREE_GENERATIONS = 16;
const GENERATIONS_MAX = 1_000_000;

/** How many generations the writes of one fork may still be compared with. */
interface Walk {
  generationsLeft: number;
}

export function startWalk(): Walk {
  return { generationsLeft: GENERATIONS_MAX };
}

/** Whether `dot.origin` held `write` when it closed `dot.epoch`; for dots that `past` holds. @throws {invalid-fork-bytes} */
export function contains(
  { births, lessons }: Past,
  dot: Dot | undefined,
  write: Dot,
  walk: Walk = startWalk(),
): boolean {
  let name = dot;
  // As many steps as there are generations; hostile bytes may lead in a circle.
  for (let left = births.size, seen = 0; name !== undefined; left--, seen++) {
    if (seen >= FREE_GENERATIONS && walk.generationsLeft-- <= 0) throw tooManyGenerations();
    const { origin: by, epoch } = name;
    if (by === write.origin && epoch >= write.epoch) return true;
    for (const [lesson, at] of lessons.from({ ...write, by })) {
      if (lesson.by === by && lesson.origin === write.origin && at <= epoch) return true;
      break;
    }
    name = left > 0 ? births.get(by) : undefined;
  }
  return false;
}

function tooManyGenerations(): Error {
  return makeError(
    "invalid-fork-bytes",
    "the fork has too many generations of parents to compare its writes with: commit between them",
  );
}

/**
 * Adds what `more` has, as learnt in the receiver's open epoch, `at`; whether anything was new.
 * Costs what is new, in one history.
 */
export function learn(past: Past, more: Past, at: Dot): boolean {
  const by = at.origin;
  let isNew = false;
  for (const [origin, epoch] of more.vector.entriesBeside(past.vector)) {
    if (isCovered(past.vector, { origin, epoch })) continue;
    past.vector.set(origin, epoch);
    past.lessons.set({ by, origin, epoch }, at.epoch);
    isNew = true;
  }
  for (const [origin, birth] of more.births.entriesBeside(past.births)) {
    if (!past.births.has(origin)) past.births.set(origin, birth);
  }
  for (const [lesson, when] of more.lessons.entriesBeside(past.lessons)) {
    if (lesson.by !== by && !past.lessons.has(lesson)) past.lessons.set(lesson, when);
  }
  return isNew;
}
