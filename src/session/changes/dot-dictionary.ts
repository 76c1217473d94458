/** The dots of a chunk table, numbered: a small number per row instead of an object. */
import { assert } from "../../base/errors.ts";
import type { Dot } from "./dot.ts";

/** Distinct dots (by value) with stable numbers 0, 1, 2 ... */
export class DotDictionary {
  #dots: Dot[] = [];
  #codes = new Map<string, number>();
  #last: Dot | undefined;
  #lastCode = 0;

  /** The number of `dot`. Asking for the same object again and again is cheap. */
  codeOf(dot: Dot): number {
    if (dot === this.#last) return this.#lastCode;
    const key = `${dot.epoch}:${dot.origin}`;
    let code = this.#codes.get(key);
    if (code === undefined) {
      code = this.#dots.push(dot) - 1;
      this.#codes.set(key, code);
    }
    this.#last = dot;
    this.#lastCode = code;
    return code;
  }

  /** Dot number `code`. */
  at(code: number): Dot {
    const dot = this.#dots[code];
    assert(dot !== undefined, "every row has a dot");
    return dot;
  }

  /** All dots, by number. */
  all(): readonly Dot[] {
    return this.#dots;
  }

  clone(): DotDictionary {
    const copy = new DotDictionary();
    copy.#dots = this.#dots.slice();
    copy.#codes = new Map(this.#codes);
    return copy;
  }
}
