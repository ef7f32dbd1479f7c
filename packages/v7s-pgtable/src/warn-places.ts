/**
 * Where the kernel's page table warns: WARN_ONs, which say no more than their place. `corrected` warns where the kernel would of
 * the same request.
 * @see linux 6.1 drivers/iommu/io-pgtable-arm-v7s.c
 */
export const WarnPlace = {
  /** An entry of a block or page is in use. */
  entryInUse: 'drivers/iommu/io-pgtable-arm-v7s.c:454 arm_v7s_init_pte',
  /** Less than the smallest page is to be mapped. */
  mapBelowPage: 'drivers/iommu/io-pgtable-arm-v7s.c:514 __arm_v7s_map',
  /** A block stands where a table is to be. */
  blockInUse: 'drivers/iommu/io-pgtable-arm-v7s.c:536 __arm_v7s_map',
  mapRange: 'drivers/iommu/io-pgtable-arm-v7s.c:551 arm_v7s_map_pages',
  /** Less than the smallest page is to be unmapped. */
  unmapBelowPage: 'drivers/iommu/io-pgtable-arm-v7s.c:682 __arm_v7s_unmap',
  /** Nothing is mapped. */
  unmapNothing: 'drivers/iommu/io-pgtable-arm-v7s.c:689 __arm_v7s_unmap',
  unmapRange: 'drivers/iommu/io-pgtable-arm-v7s.c:751 arm_v7s_unmap_pages',
} as const;
