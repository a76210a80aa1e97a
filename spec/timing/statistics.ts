/**
 * The statistics of the timing test.
 * @module
 */

/**
 * The probability that a draw from `a` is larger than one from `b`, ties counting half: the area under
 * the ROC curve (Mann–Whitney U). 0.5: one measurement says nothing about its kind.
 */
export function areaUnderCurve(a: readonly number[], b: readonly number[]): number {
  const all = [
    ...a.map((value) => ({ value, own: true })),
    ...b.map((value) => ({ value, own: false })),
  ]
    .sort((one, other) => one.value - other.value);
  let ranks = 0;
  for (let first = 0; first < all.length;) {
    let next = first;
    let own = 0;
    for (; next < all.length && all[next]?.value === all[first]?.value; next++) {
      if (all[next]?.own) own++;
    }
    ranks += own * (first + next + 1) / 2; // ranks count from 1, and equal values share theirs
    first = next;
  }
  return (ranks - a.length * (a.length + 1) / 2) / (a.length * b.length);
}

/** The value in the middle. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
