import type { Mismatch } from '@mm/golden';

/** Longer values are cut: the path says where to look. */
const VALUE_CHARS_MAX = 400;

const shown = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > VALUE_CHARS_MAX
    ? `${text.slice(0, VALUE_CHARS_MAX)}… (${text.length} characters)`
    : text;
};

/** A mismatch with what Linux did above what happened here. */
export function formatMismatch(file: string, index: number, mismatch: Mismatch): string {
  return [
    `${file} case ${index}: ${mismatch.path}`,
    `  Linux  ${shown(mismatch.expected)}`,
    `  here   ${shown(mismatch.actual)}`,
  ].join('\n');
}
