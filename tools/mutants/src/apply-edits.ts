import { OptionError } from '@mm/printk';

import type { Edit } from './mutant.js';

/**
 * Applies the edits of a file to its source.
 *
 * @throws OptionError naming the file and the text when it does not stand there exactly once: the code has changed, and the
 * mutant must follow.
 */
export function applyEdits(source: string, edits: readonly Edit[]): string {
  let text = source;
  for (const { file, find, replace } of edits) {
    const at = text.indexOf(find);
    const again = at === -1 ? -1 : text.indexOf(find, at + 1);
    if (at === -1 || again !== -1)
      throw new OptionError(file, `exactly one place that reads ${JSON.stringify(find)}`, at === -1 ? 0 : 2);
    text = text.slice(0, at) + replace + text.slice(at + find.length);
  }
  return text;
}
