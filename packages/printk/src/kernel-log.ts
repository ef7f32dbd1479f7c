import { checkInteger, checkText } from './check-value.js';
import { OptionError } from './option-error.js';
import { TAINTS, type Taint, taintText } from './taint.js';

/** Log levels, most severe first. @see linux 6.1 include/linux/kern_levels.h */
export const LogLevel = {
  emerg: 0,
  alert: 1,
  crit: 2,
  err: 3,
  warning: 4,
  notice: 5,
  info: 6,
  debug: 7,
} as const;
/** A log level, 0..7. */
export type LogLevel = (typeof LogLevel)[keyof typeof LogLevel];

/** A line of the log. */
export interface LogLine {
  readonly level: LogLevel;
  readonly text: string;
}

/** A log at one moment. Opaque: made by `snapshot()`. */
export interface LogImage {
  readonly lines: readonly LogLine[];
  readonly taints: readonly Taint[];
}

/** Lines kept before the oldest are dropped, as a ring buffer would. */
const LINES_MAX = 65_536;

/**
 * The log of a machine: what the kernel would print, without time stamps, oldest line first.
 *
 * @example
 * log.write(LogLevel.err, 'kmem_cache_create failed');
 * log.dmesg(); // ['kmem_cache_create failed']
 */
export class KernelLog {
  #lines: LogLine[] = [];
  readonly #taints = new Set<Taint>();

  /**
   * Adds a line; text with newlines becomes several lines of one level.
   * @throws OptionError when `level` is no level or `text` no text.
   */
  write(level: LogLevel, text: string): void {
    checkInteger('level', level, LogLevel.emerg, LogLevel.debug);
    checkText('text', text);
    for (const line of text.split('\n')) this.#lines.push({ level, text: line });
    if (this.#lines.length > LINES_MAX) this.#lines = this.#lines.slice(-LINES_MAX / 2);
  }

  /** The lines held, oldest first. */
  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  /** The texts alone, oldest first. */
  dmesg(): string[] {
    return this.#lines.map((line) => line.text);
  }

  /** Returns the texts and empties the log. */
  take(): string[] {
    const texts = this.dmesg();
    this.#lines = [];
    return texts;
  }

  /** What the log holds, to {@link restore} later. */
  snapshot(): LogImage {
    return { lines: [...this.#lines], taints: [...this.#taints] };
  }

  /**
   * Brings back what {@link snapshot} returned.
   * @throws OptionError for what is no image; nothing has changed then.
   */
  restore(image: LogImage): void {
    const { lines, taints } = Object(image) as Partial<LogImage>;
    if (!Array.isArray(lines) || !Array.isArray(taints))
      throw new OptionError('image', 'what snapshot() of a log returned', image);
    this.#lines = [...(lines as readonly LogLine[])];
    this.#taints.clear();
    for (const taint of taints as readonly Taint[]) this.#taints.add(taint);
  }

  /**
   * Notes that something went wrong: `B` corrupted memory, `W` a warning. The first `B` of a boot says so.
   * @throws OptionError for another letter.
   * @see linux 6.1 kernel/panic.c add_taint
   */
  taint(what: Taint): void {
    if (!TAINTS.includes(what)) throw new OptionError('what', `one of ${TAINTS.join(', ')}`, what);
    if (what === 'B' && !this.#taints.has('B'))
      this.write(LogLevel.warning, 'Disabling lock debugging due to kernel taint');
    this.#taints.add(what);
  }

  /** The state as the heads of reports have it: `Not tainted`, or letters. */
  get taintText(): string {
    return taintText(this.#taints);
  }

  /**
   * A warning with the place that it came from, without its registers and call stack.
   *
   * @param place `mm/slab_common.c:321 kmem_cache_create_usercopy`.
   * @param what what the warning says, if anything.
   * @see linux 6.1 kernel/panic.c __warn
   */
  warn(place: string, what?: string): void {
    checkText('place', place);
    if (what !== undefined) checkText('what', what);
    this.write(LogLevel.warning, '------------[ cut here ]------------');
    if (what !== undefined) this.write(LogLevel.warning, what);
    this.write(LogLevel.warning, `WARNING: CPU: 0 PID: 1 at ${place}+0x0/0x0`);
    this.taint('W');
  }
}
