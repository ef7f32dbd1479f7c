/**
 * What has happened to the kernel that reports mention.
 * @see linux 6.1 include/linux/panic.h TAINT_BAD_PAGE, TAINT_WARN
 */
export type Taint = 'B' | 'W';

/** The letters there are. */
export const TAINTS: readonly Taint[] = ['B', 'W'];

/** Places of the letters behind `Tainted: `; the first is G as long as all modules are free software. */
const LETTERS = 19;
const PLACE: Readonly<Record<Taint, number>> = { B: 5, W: 9 };

/** The state in words, as it stands in the head of a report. @see linux 6.1 kernel/panic.c print_tainted */
export function taintText(taints: ReadonlySet<Taint>): string {
  if (taints.size === 0) return 'Not tainted';
  const letters: string[] = Array.from({ length: LETTERS }, (_, i) => (i === 0 ? 'G' : ' '));
  for (const taint of taints) letters[PLACE[taint]] = taint;
  return `Tainted: ${letters.join('')}`;
}
