/** What an array holds, as plainly as it can be said: one value per element. */

/** Half-open positions of one dimension. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** A row-major array in memory. An element is one value, whatever its type. */
export class ModelArray {
  readonly shape: readonly number[];
  readonly values: unknown[];

  constructor(shape: readonly number[], fill: unknown) {
    this.shape = shape;
    this.values = new Array(shape.reduce((count, size) => count * size, 1)).fill(fill);
  }

  /** Sets the elements of a region, row-major. */
  write(region: readonly Extent[], values: readonly unknown[]): void {
    for (const [i, position] of this.#positions(region).entries())
      this.values[position] = values[i];
  }

  /** The elements of a region, row-major. */
  read(region: readonly Extent[]): unknown[] {
    return this.#positions(region).map((position) => this.values[position]);
  }

  /** Where the elements of a region lie. */
  #positions(region: readonly Extent[]): number[] {
    let positions = [0];
    for (const [d, { start, end }] of region.entries()) {
      const indices = Array.from({ length: end - start }, (_, i) => start + i);
      positions = positions.flatMap((before) =>
        indices.map((index) => before * (this.shape[d] as number) + index),
      );
    }
    return positions;
  }
}
