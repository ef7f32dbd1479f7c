export { type Erased, erase, eraseWithMap } from './erase.js';
export { eraseFolder } from './erase-folder.js';
export { EraseError } from './syntax.js';
