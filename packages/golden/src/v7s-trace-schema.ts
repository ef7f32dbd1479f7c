/** A `v7s-trace` recording: input is `cfg` and the operations' arguments; see `playV7sCase`. */
export interface V7sCase {
  readonly name: string;
  readonly cfg: {
    readonly ias: number;
    readonly oas: number;
    readonly pgsize_bitmap: string;
    readonly quirks: string;
    readonly coherent_walk: boolean;
    readonly tlb: 'all' | 'no-add-page' | 'null';
    readonly device_mask_bits?: number;
  };
  readonly out: null | {
    readonly pgsize_bitmap: string;
    readonly ttbr_attr: string;
    readonly tcr: string;
    readonly nmrr: string;
    readonly prrr: string;
    readonly l1_entries: number;
    readonly l1_zone: string;
    readonly l1_hi?: number;
  };
  readonly ops: readonly V7sOp[];
  readonly final?: V7sDump;
  readonly free_flush?: readonly V7sFlush[];
}

export type V7sFlush =
  | readonly ['walk', string, number, number]
  | readonly ['page', string, number, number]
  | readonly ['all'];

export interface V7sEffects {
  readonly warn?: number;
  readonly flush?: readonly V7sFlush[];
  readonly l2_new?: readonly (readonly [number, number])[];
  readonly l2_freed?: readonly number[];
}

export interface V7sMapOp extends V7sEffects {
  readonly op: 'map';
  readonly iova: string;
  readonly pa: string;
  readonly pgsize: number;
  readonly count: number;
  readonly prot: number;
  readonly gfp?: 'atomic' | 'nowait';
  readonly via?: string;
  readonly ret: number;
  readonly mapped?: number;
}

export interface V7sUnmapOp extends V7sEffects {
  readonly op: 'unmap';
  readonly iova: string;
  readonly pgsize: number;
  readonly count: number;
  readonly gather?: 'strict' | 'queued';
  readonly via?: string;
  readonly ret: number;
}

export interface V7sDump {
  readonly l1: readonly V7sEntries[];
  readonly l2: readonly {
    readonly table: number;
    readonly slot: number;
    readonly attr: string;
    readonly hi?: number;
    readonly zone?: string;
    readonly entries: readonly V7sEntries[];
  }[];
}

/** Entries in a row: index, value, and where there are several their number and step. */
export type V7sEntries = readonly [number, string] | readonly [number, string, number, string];

export type V7sOp =
  | V7sMapOp
  | V7sUnmapOp
  | { readonly op: 'iova_to_phys'; readonly iova: string; readonly pa: string }
  | { readonly op: 'l2_limit'; readonly free: number | null }
  | ({ readonly op: 'dump' } & V7sDump);
