/**
 * The modules that only calculate: arguments in, a number or a table out, no machine state. The rest of the
 * packages is judged by the mutants of tools/mutants, each of which needs a history of operations to show.
 * `tests` are those that can notice a wrong calculation: the package's own, and the recordings of a real kernel.
 */
export const GROUPS = [
  {
    name: 'zones',
    modules: [
      'gfp-migratetype',
      'gfp-names',
      'gfp-zone',
      'int-sqrt',
      'lay-out-zones',
      'lowmem-reserve',
      'movable-zone',
      'pcp-size',
      'proc-iomem',
      'stat-threshold',
      'watermarks',
    ],
    tests: ['zones/src/**', 'machine/src/create-machine', 'golden/src/{gfp,zones,zones-arch}'],
  },
  { name: 'buddy', modules: ['gfp-to-alloc-flags'], tests: ['buddy/src/**', 'golden/src/buddy-trace'] },
  {
    name: 'kmem',
    modules: [
      'alignment',
      'kmalloc-classes',
      'merge',
      'order-of-bytes',
      'permitted-flags',
      'slab-arch',
      'slab-gfp',
    ],
    tests: ['kmem/src/**', 'machine/src/caches', 'golden/src/slab-caches'],
  },
  {
    name: 'slub',
    modules: ['boot-options', 'debug-options', 'slab-order', 'slub-geometry'],
    tests: ['slub/src/**', 'machine/src/caches', 'golden/src/slab-caches'],
  },
  {
    name: 'slab',
    modules: ['debug/object-layout', 'slab-geometry'],
    tests: ['slab/src/**', 'machine/src/{caches,debug-slab}', 'golden/src/slab-caches'],
  },
  {
    name: 'v7s-pgtable',
    modules: ['addresses', 'check-request', 'descriptors', 'table-fits', 'table-gfp'],
    tests: ['v7s-pgtable/src/**', 'golden/src/v7s-trace'],
  },
  { name: 'genalloc', modules: ['algorithms', 'bitmap'], tests: ['genalloc/src/**', 'golden/src/genalloc'] },
];

/** Path of a module's source below the root of the project. */
export const sourceOf = (group, module) => `packages/${group.name}/src/${module}.ts`;
