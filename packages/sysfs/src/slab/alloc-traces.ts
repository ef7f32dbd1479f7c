import type { TrackedUser } from '@mm/slub';

/** The files of a tracked cache in debugfs, where they went from sysfs in 5.14 (`alloc_calls`, `free_calls`). */
export const TRACE_NAMES = ['alloc_traces', 'free_traces'] as const;
/** One of {@link TRACE_NAMES}. */
export type TraceName = (typeof TRACE_NAMES)[number];

interface Location {
  readonly caller: number;
  readonly waste: number;
  count: number;
  pidMin: number;
  pidMax: number;
  readonly cpus: Set<number>;
}

/**
 * Live objects by who allocated or freed them, the most frequent first. There is no clock: ages are 0. Call stacks are not
 * kept: the line of the caller stands alone.
 * @see linux 6.1 mm/slub.c slab_debugfs_show
 */
export function formatTraces(users: readonly TrackedUser[], onlineCpus: number): string {
  const locations = new Map<string, Location>();
  for (const { caller, cpu, pid, waste } of users) {
    const key = `${caller} ${waste}`;
    const at = locations.get(key);
    if (at === undefined) {
      locations.set(key, { caller, waste, count: 1, pidMin: pid, pidMax: pid, cpus: new Set([cpu]) });
      continue;
    }
    at.count++;
    at.pidMin = Math.min(at.pidMin, pid);
    at.pidMax = Math.max(at.pidMax, pid);
    at.cpus.add(cpu);
  }
  if (locations.size === 0) return 'No data\n';
  return [...locations.values()]
    .sort((a, b) => b.count - a.count)
    .map((location) => formatLocation(location, onlineCpus))
    .join('');
}

function formatLocation(
  { caller, waste, count, pidMin, pidMax, cpus }: Location,
  onlineCpus: number,
): string {
  const where = caller === 0 ? '<not-available>' : 'caller+0x0/0x0';
  const wasted = waste === 0 ? '' : ` waste=${count * waste}/${waste}`;
  const pid = pidMin === pidMax ? `${pidMin}` : `${pidMin}-${pidMax}`;
  const on = onlineCpus > 1 ? ` cpus=${formatList([...cpus].sort((a, b) => a - b))}` : '';
  return `${`${count}`.padStart(7)} ${where}${wasted} age=0 pid=${pid}${on}\n`;
}

/** Ascending numbers as the kernel prints sets of CPUs: `0-2,5`. @see linux 6.1 lib/vsprintf.c bitmap_list_string */
function formatList(numbers: readonly number[]): string {
  const runs: string[] = [];
  for (let i = 0; i < numbers.length;) {
    let end = i;
    while (numbers[end + 1] === numbers[end]! + 1) end++;
    runs.push(end === i ? `${numbers[i]}` : `${numbers[i]}-${numbers[end]}`);
    i = end + 1;
  }
  return runs.join(',');
}
