/** The first position in [start, end) of which `isMet` is true, as of all after it; else `end`. */
export function firstPosition(
  start: number,
  end: number,
  isMet: (position: number) => boolean,
): number {
  let low = start;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isMet(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
