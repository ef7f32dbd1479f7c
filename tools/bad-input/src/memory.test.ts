import * as memory from '@mm/memory';

import { digest } from './digest.js';
import { HOT } from './row.js';
import { tryWrongValues } from './try-wrong-values.js';
import { ALL } from './wrong-values.js';

const { MemoryMap, PageFrames, PhysicalMemory } = memory;

const RANGES = [{ startPfn: 16, endPfn: 64 }];
const AT = 16 * 4096;

interface World {
  readonly memory: memory.PhysicalMemory;
  readonly other: memory.PhysicalMemory;
  readonly frames: memory.PageFrames;
  readonly map: memory.MemoryMap;
}

function makeWorld(): World {
  const one = new PhysicalMemory(RANGES);
  one.write32(AT, 0x12345678);
  const frames = new PageFrames(RANGES);
  frames.flags[frames.slotOf(17)] = 1;
  return { memory: one, other: new PhysicalMemory(RANGES), frames, map: new MemoryMap(RANGES) };
}

const integers = ['-1'];
const method = (name: string): ((world: World, args: readonly never[]) => unknown) => {
  return (world, args) =>
    (world.memory[name as 'read8'] as (...all: never[]) => unknown).call(world.memory, ...args);
};
const frame = (name: string): ((world: World, args: readonly never[]) => unknown) => {
  return ({ frames }, args) =>
    (frames[name as 'slotOf'] as (...all: never[]) => unknown).call(frames, ...args);
};

tryWrongValues<World>('@mm/memory', {
  face: memory,
  makeWorld,
  stateOf: ({ memory: bytes, frames }) =>
    digest(bytes.directory, ...bytes.chunks, frames.directory, frames.flags, frames.zone, frames.slotCount),
  rows: {
    buddyKey: HOT.bits,
    compoundOrder: HOT.bits,
    orderOfFlags: HOT.bits,
    'new HoleError': HOT.error,
    addrToPfn: { args: () => [AT] },
    pfnToAddr: { args: () => [16] },
    checkMemoryMap: { args: () => [RANGES] },
    'new MemoryMap': { args: () => [RANGES] },
    'MemoryMap.has': { args: () => [16], call: ({ map }, [pfn]) => map.has(pfn!), accepts: { 0: ALL } },
    'MemoryMap.endOfRangeAt': {
      args: () => [16],
      call: ({ map }, [pfn]) => map.endOfRangeAt(pfn!),
      accepts: { 0: ALL },
    },
    'MemoryMap.checkBytes': {
      args: () => [AT, 64],
      call: ({ map }, [addr, bytes]) => map.checkBytes(addr!, bytes!),
    },
    'MemoryMap.checkPages': {
      args: () => [16, 2],
      call: ({ map }, [pfn, count]) => map.checkPages(pfn!, count!),
    },
    fillBytes: { args: ({ memory: m }) => [m, AT, 64, 7] },
    readBytes: { args: ({ memory: m }) => [m, AT, 64] },
    writeBytes: { args: ({ memory: m }) => [m, AT, Uint8Array.of(1, 2)] },
    copyBytes: { args: ({ memory: m }) => [m, AT, AT + 8, 64] },
    findOther: { args: ({ memory: m }) => [m, AT, 64, 7] },
    hashMemory: { args: ({ memory: m }) => [m.snapshot()] },
    diffMemory: {
      args: ({ memory: m, other }) => [m.snapshot(), other.snapshot(), 10],
      accepts: { 2: ['undefined'] },
    },
    'new PhysicalMemory': { args: () => [RANGES] },
    'PhysicalMemory.wordsOf': HOT.pfn,
    'PhysicalMemory.peekWordsOf': HOT.pfn,
    'PhysicalMemory.wordIndexOf': HOT.pfn,
    'PhysicalMemory.read8': { args: () => [AT], call: method('read8') },
    'PhysicalMemory.read16': { args: () => [AT], call: method('read16') },
    'PhysicalMemory.read32': { args: () => [AT], call: method('read32') },
    'PhysicalMemory.read64': { args: () => [AT], call: method('read64') },
    'PhysicalMemory.write8': { args: () => [AT, 1], call: method('write8'), accepts: { 1: integers } },
    'PhysicalMemory.write16': { args: () => [AT, 1], call: method('write16'), accepts: { 1: integers } },
    'PhysicalMemory.write32': { args: () => [AT, 1], call: method('write32'), accepts: { 1: integers } },
    'PhysicalMemory.write64': { args: () => [AT, 2n], call: method('write64'), accepts: { 1: ['1n'] } },
    'PhysicalMemory.zeroPages': { args: () => [16, 1], call: method('zeroPages') },
    'PhysicalMemory.restore': { args: ({ other }) => [other.snapshot()], call: method('restore') },
    'new PageFrames': { args: () => [RANGES] },
    'PageFrames.slotOf': HOT.pfn,
    'PageFrames.peekSlotOf': HOT.pfn,
    'PageFrames.isMade': HOT.pfn,
    'PageFrames.pfnOf': HOT.pfn,
    'PageFrames.claimSlots': { args: () => [2], call: frame('claimSlots') },
    'PageFrames.makeRoom': { args: () => [2], call: frame('makeRoom') },
    'PageFrames.setZone': {
      args: () => [RANGES[0], 1],
      call: frame('setZone'),
      fields: { 0: { startPfn: [], endPfn: [] } },
    },
    'PageFrames.restore': { args: ({ frames }) => [frames.snapshot()], call: frame('restore') },
  },
});
