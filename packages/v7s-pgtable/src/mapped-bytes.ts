/** Where map adds the bytes it has mapped: the kernel's `size_t *mapped`. */
export interface MappedBytes {
  bytes: number;
}
