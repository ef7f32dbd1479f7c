import { OptionError, checkArray, checkBoolean, checkObject } from '@mm/printk';

/** The zones that can exist, lowest first. @see linux 6.1 include/linux/mmzone.h enum zone_type */
export const ZONE_NAMES = ['DMA', 'DMA32', 'Normal', 'HighMem', 'Movable', 'Device'] as const;
/** A zone by the name that `/proc/zoneinfo` prints. */
export type ZoneName = (typeof ZONE_NAMES)[number];

/** Which optional zones the kernel is built with. Normal and Movable are always there. */
export interface ZoneConfig {
  /** CONFIG_ZONE_DMA. */
  readonly dma: boolean;
  /** CONFIG_ZONE_DMA32. */
  readonly dma32: boolean;
  /** CONFIG_HIGHMEM. */
  readonly highmem: boolean;
  /** CONFIG_ZONE_DEVICE. Default false. */
  readonly device?: boolean;
}

/**
 * The configured zones, lowest first: a zone's index is its position.
 *
 * @throws OptionError naming a field that is not true or false.
 * @example
 * zoneNamesOf({ dma: false, dma32: true, highmem: false }); // ['DMA32', 'Normal', 'Movable']
 */
export function zoneNamesOf(config: ZoneConfig): ZoneName[] {
  const {
    dma,
    dma32,
    highmem,
    device = false,
  } = checkObject('config', config, 'an object with dma, dma32, highmem');
  for (const [field, value] of Object.entries({ dma, dma32, highmem, device }))
    checkBoolean(`config.${field}`, value);
  const has: Record<ZoneName, boolean> = {
    DMA: dma,
    DMA32: dma32,
    Normal: true,
    HighMem: highmem,
    Movable: true,
    Device: device,
  };
  return ZONE_NAMES.filter((name) => has[name]);
}

/**
 * The configuration that has just these zones.
 * @throws OptionError for an unknown name, or when Normal or Movable is missing.
 * @example
 * zoneConfigOf(['DMA32', 'Normal', 'Movable']).dma; // false
 */
export function zoneConfigOf(names: readonly string[]): ZoneConfig {
  for (const name of checkArray('zones', names, 'names of zones')) {
    if (!ZONE_NAMES.includes(name as ZoneName))
      throw new OptionError('zones', `names of ${ZONE_NAMES.join(', ')}`, name);
  }
  for (const name of ['Normal', 'Movable']) {
    if (!names.includes(name))
      throw new OptionError('zones', `a list with ${name}, which every kernel has`, names.join(' '));
  }
  const has = (name: ZoneName): boolean => names.includes(name);
  return { dma: has('DMA'), dma32: has('DMA32'), highmem: has('HighMem'), device: has('Device') };
}
