/** Dice that a seed and a number decide: input 4711 of seed 1 is the same for ever. */
export class Dice {
  #state: [number, number, number, number];

  constructor(seed: number, index: number = 0) {
    let mixed = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
    const splitmix = (): number => {
      mixed = (mixed + 0x9e3779b9) >>> 0;
      let z = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return (z ^ (z >>> 15)) >>> 0;
    };
    this.#state = [splitmix(), splitmix(), splitmix(), splitmix() || 1];
  }

  /** A 32-bit word (xorshift128). */
  word(): number {
    let [a, b, c, d] = this.#state;
    let t = a ^ (a << 11);
    t ^= t >>> 8;
    a = b;
    b = c;
    c = d;
    d = (d ^ (d >>> 19) ^ t) >>> 0;
    this.#state = [a, b, c, d];
    return d;
  }

  /** An integer in [0, end); 0 if there is none. */
  below(end: number): number {
    return end <= 1 ? 0 : this.word() % end;
  }

  /** True once in `count` throws. */
  oneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  /** One of the items. */
  pick<T>(items: ArrayLike<T>): T {
    if (items.length === 0) throw new RangeError("nothing to pick from");
    return items[this.below(items.length)] as T;
  }
}
