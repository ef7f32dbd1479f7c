/** The largest integer whose square is at most `x`, for 0 ≤ x ≤ 2^53. @see linux 6.1 lib/math/int_sqrt.c */
export function intSqrt(x: number): number {
  const root = Math.floor(Math.sqrt(x));
  // The double may have been rounded up to the next integer.
  return root * root > x ? root - 1 : root;
}
