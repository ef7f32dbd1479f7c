export { EraseError, erase } from './erase.js';
export { eraseFolder } from './erase-folder.js';
