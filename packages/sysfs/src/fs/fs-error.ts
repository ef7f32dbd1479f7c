import { Errno, type ErrnoName } from '@mm/printk';

/** What node says for each error number. */
const DESCRIPTIONS: Readonly<Partial<Record<ErrnoName, string>>> = {
  ENOENT: 'no such file or directory',
  EIO: 'i/o error',
  EBADF: 'bad file descriptor',
  ENOMEM: 'not enough memory',
  EACCES: 'permission denied',
  EEXIST: 'file already exists',
  ENODEV: 'no such device',
  ENOTDIR: 'not a directory',
  EISDIR: 'illegal operation on a directory',
  EINVAL: 'invalid argument',
  ERANGE: 'result too large',
  ENAMETOOLONG: 'name too long',
  ELOOP: 'too many symbolic links encountered',
};

/**
 * What a call of {@link KernelFs} throws: the error that `node:fs` throws for the same.
 *
 * @example
 * new FsError(-2, 'open', '/proc/nope').message; // "ENOENT: no such file or directory, open '/proc/nope'"
 */
export class FsError extends Error {
  /** The error's name: `ENOENT`. */
  readonly code: string;
  /** The error's number, negative. */
  readonly errno: number;
  /** The call that failed: `open`. */
  readonly syscall: string;
  /** The path it was given; absent where it had an open file. */
  declare readonly path?: string;

  constructor(errno: number, syscall: string, path?: string) {
    const code = nameOf(-errno);
    const about = path === undefined ? '' : ` '${path}'`;
    super(`${code}: ${DESCRIPTIONS[code] ?? 'unknown error'}, ${syscall}${about}`);
    this.errno = errno;
    this.code = code;
    this.syscall = syscall;
    if (path !== undefined) this.path = path;
  }
}

const nameOf = (number: number): ErrnoName =>
  (Object.keys(Errno) as ErrnoName[]).find((name) => Errno[name] === number) ?? 'EIO';

/** A wrong argument, as node words it. */
export function argumentError(
  code: 'ERR_INVALID_ARG_TYPE' | 'ERR_INVALID_ARG_VALUE',
  message: string,
): TypeError {
  return Object.assign(new TypeError(message), { code });
}

/** A value as node shows it in such an error. */
export function received(value: unknown): string {
  if (value === null || value === undefined) return `Received ${value}`;
  if (typeof value === 'function') return `Received function ${value.name}`;
  if (typeof value === 'object') {
    const name = (value.constructor as { name?: string } | undefined)?.name;
    return name ? `Received an instance of ${name}` : 'Received [Object: null prototype] {}';
  }
  const text = typeof value === 'string' ? `'${value}'` : String(value);
  return `Received type ${typeof value} (${text.length > 28 ? `${text.slice(0, 25)}...` : text})`;
}
