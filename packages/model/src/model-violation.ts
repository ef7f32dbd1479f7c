/**
 * Thrown when what the real code did breaks an invariant or differs from the reference model.
 * @example
 * throw new ModelViolation('no two live objects overlap', '0x1000 and 0x1008');
 */
export class ModelViolation extends Error {
  override readonly name = 'ModelViolation';
  /** The invariant, as a short sentence that says what should hold. */
  readonly invariant: string;

  constructor(invariant: string, what: string) {
    super(`${invariant}: ${what}`);
    this.invariant = invariant;
  }
}
