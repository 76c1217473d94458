/** Seeds whose simulations failed once. */
export const REGRESSION_SEEDS: readonly number[] = [];
