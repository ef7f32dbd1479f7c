export * from './gfp.js';
export { gfpMigratetype } from './gfp-migratetype.js';
export { formatGfp, parseGfp } from './gfp-names.js';
export { type GfpZoneTable, gfpZone, gfpZoneTable, isBadGfpZone } from './gfp-zone.js';
export { layOutZones, type ZoneBounds, type ZoneLimits } from './lay-out-zones.js';
export { defaultReserveRatio, setLowmemReserve } from './lowmem-reserve.js';
export { clipSpans, countPages, type PfnSpan, type RamRange, toPfnSpans } from './memory-map.js';
export { findMovableStart, type MovableOptions } from './movable-zone.js';
export { pcpBatchOf, setPcpSizes } from './pcp-size.js';
export { PRESET_NAMES, type PresetName, type ZonePreset, zonePreset } from './presets.js';
export { parseProcIomem } from './proc-iomem.js';
export { setStatThresholds, statThresholdOf } from './stat-threshold.js';
export {
  initPerZoneWmarkMin,
  readVmSysctl,
  VM_SYSCTLS,
  type VmSysctl,
  VmSysctls,
  writeVmSysctl,
} from './vm-sysctl.js';
export { defaultMinFreeKbytes, freeBufferPages, setWatermarks, totalReservePages } from './watermarks.js';
export { ZONE_NAMES, type ZoneConfig, zoneConfigOf, type ZoneName, zoneNamesOf } from './zone-types.js';
export { CPUS_MAX, Watermark, Zones, type ZoneSpec } from './zones.js';
