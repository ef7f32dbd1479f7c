/** What the allocator reads of the zones. `Zones` of `@mm/zones` has all of it. */
export interface ZonesFace {
  /** The number of zones. */
  readonly count: number;
  readonly names: readonly string[];
  readonly startPfn: Int32Array;
  readonly spanned: Int32Array;
  readonly present: Int32Array;
  readonly managed: Int32Array;
  /** `zone * 4 + {min, low, high, promo}`, pages. */
  readonly wmark: Int32Array;
  /** Pages that are added to every watermark for a while. */
  readonly watermarkBoost: Int32Array;
  /** `zone * count + highest zone of the caller`, pages. */
  readonly lowmemReserve: Int32Array;
  readonly pcpHigh: Int32Array;
  readonly pcpBatch: Int32Array;
}
