import { Watermark, type Zones } from '@mm/zones';

/** A zone in the form that recordings have. */
export function describeZone(zones: Zones, z: number, cpus: number): Record<string, unknown> {
  const pcp = { high: zones.pcpHigh[z]!, batch: zones.pcpBatch[z]!, stat_threshold: zones.statThreshold[z]! };
  return {
    name: zones.names[z],
    start_pfn: zones.startPfn[z]!,
    spanned: zones.spanned[z]!,
    present: zones.present[z]!,
    wmark: Object.values(Watermark).map((mark) => zones.wmark[z * 4 + mark]!),
    lowmem_reserve: [...zones.lowmemReserve.subarray(z * zones.count, (z + 1) * zones.count)],
    pcp_high: pcp.high,
    pcp_batch: pcp.batch,
    percpu_drift_mark: zones.driftMark[z]!,
    pcp: Array.from({ length: cpus }, () => pcp),
  };
}
