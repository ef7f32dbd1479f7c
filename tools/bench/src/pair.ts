/** Takes an object and gives it back; objects are numbers, or whatever a peer has. */
export interface Pair<T> {
  alloc(): T;
  free(object: T): void;
}
