/** The bytes of a PhysicalMemory at one moment. Opaque: made by `snapshot()`, read by `restore()`. */
export interface MemoryImage {
  readonly directory: Int32Array;
  readonly chunks: readonly Int32Array[];
}
