import type { SlabSystem } from './slab-system.js';

/** CPUs that are online: those by which the free objects of a cache are limited. @see linux 6.1 include/linux/topology.h nr_cpus_node */
export const onlineCount = ({ online }: SlabSystem): number =>
  online.reduce((sum, isOnline) => sum + isOnline, 0);

/** The CPUs that are online, ascending. */
export function onlineCpus({ online }: SlabSystem): number[] {
  const cpus: number[] = [];
  for (let cpu = 0; cpu < online.length; cpu++) if (online[cpu] === 1) cpus.push(cpu);
  return cpus;
}
