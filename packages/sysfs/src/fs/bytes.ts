import { argumentError, received } from './fs-error.js';

/** What files are read as without an encoding: a Buffer where there is one, else bytes that `toString` as UTF-8. */
export interface Bytes extends Uint8Array<ArrayBuffer> {
  toString(encoding?: string): string;
}

interface BufferMaker {
  from(bytes: ArrayBuffer): Bytes;
  from(text: string, encoding?: string): Bytes;
  isEncoding(encoding: unknown): boolean;
}

/** What every host has, and the Buffer that Node has; the package is built without a host's types. */
interface Host {
  readonly Buffer?: BufferMaker;
  readonly TextEncoder: new () => { encode(text: string): Uint8Array<ArrayBuffer> };
  readonly TextDecoder: new () => { decode(bytes: Uint8Array): string };
}

const host = globalThis as unknown as Host;
const buffers = host.Buffer;
const utf8 = (text: string): Uint8Array<ArrayBuffer> => new host.TextEncoder().encode(text);

/** A URL, as far as it is a path. */
export interface UrlLike {
  readonly pathname: string;
}

const isUrl = (path: unknown): path is UrlLike =>
  typeof path === 'object' && path !== null && typeof (path as Partial<UrlLike>).pathname === 'string';

/** Without a Buffer: what TextDecoder can do as well. */
const PLAIN_ENCODINGS: readonly string[] = ['utf8', 'utf-8', 'latin1', 'binary', 'ascii'];

/** @throws TypeError as node does, for an encoding that is none. */
export function checkEncoding(encoding: unknown): string | null {
  if (encoding === undefined || encoding === null || encoding === 'buffer') return null;
  const known =
    buffers === undefined
      ? PLAIN_ENCODINGS.includes(String(encoding).toLowerCase())
      : buffers.isEncoding(encoding);
  if (known) return encoding as string;
  const shown = typeof encoding === 'string' ? `'${encoding}'` : String(encoding);
  throw argumentError(
    'ERR_INVALID_ARG_VALUE',
    `The argument 'encoding' is invalid encoding. Received ${shown}`,
  );
}

/** The bytes of a text of the kernel. */
export function bytesOf(text: string): Bytes {
  const bytes = utf8(text);
  if (buffers !== undefined) return buffers.from(bytes.buffer);
  const plain = bytes as Uint8Array as Bytes;
  plain.toString = () => text;
  return plain;
}

/** A text of the kernel in an encoding, or as bytes. */
export function encoded(text: string, encoding: string | null): string | Bytes {
  if (encoding === null) return bytesOf(text);
  if (buffers !== undefined) return bytesOf(text).toString(encoding);
  return /^utf-?8$/iu.test(encoding) ? text : latin1Of(utf8(text));
}

const latin1Of = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/**
 * Data to be written as the kernel gets it: one character a byte.
 * @throws TypeError as node does, for what is neither text nor bytes.
 */
export function writtenText(data: unknown, encoding: string | null): string {
  if (typeof data === 'string') {
    if (encoding === null || /^utf-?8$/iu.test(encoding) || buffers === undefined)
      return latin1Of(utf8(data));
    return latin1Of(buffers.from(data, encoding));
  }
  if (ArrayBuffer.isView(data))
    return latin1Of(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  throw argumentError(
    'ERR_INVALID_ARG_TYPE',
    `The "data" argument must be of type string or an instance of Buffer, TypedArray, or DataView. ${received(data)}`,
  );
}

/**
 * A path as text.
 * @throws TypeError as node does, for what is no path and for one with a zero byte.
 */
export function pathText(path: unknown): string {
  const text =
    typeof path === 'string'
      ? path
      : path instanceof Uint8Array
        ? new host.TextDecoder().decode(path)
        : isUrl(path)
          ? decodeURIComponent(path.pathname)
          : null;
  if (text === null)
    throw argumentError(
      'ERR_INVALID_ARG_TYPE',
      `The "path" argument must be of type string or an instance of Buffer or URL. ${received(path)}`,
    );
  if (text.includes('\0'))
    throw argumentError(
      'ERR_INVALID_ARG_VALUE',
      `The argument 'path' must be a string, Uint8Array, or URL without null bytes. Received '${text.replaceAll('\0', String.raw`\x00`)}'`,
    );
  return text;
}
