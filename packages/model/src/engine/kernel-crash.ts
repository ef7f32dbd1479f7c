/**
 * Thrown where the kernel crashed of a fault that was put in on purpose, as Linux may: the run is over, and nothing is broken.
 * @example
 * throw new KernelCrash(bug); // after a write over a free pointer
 */
export class KernelCrash extends Error {
  override readonly name = 'KernelCrash';

  constructor(cause: Error) {
    super(`the kernel crashed, as it may: ${cause.message}`, { cause });
  }
}
