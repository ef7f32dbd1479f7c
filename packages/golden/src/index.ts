export { firstDifference } from './first-difference.js';
export { loadState } from './load-state.js';
export { machineFromState, type StateMachine, type StateOptions } from './load-state-machine.js';
export type { BuddyState, BuddyZoneState } from './load-state-schema.js';
export type { Mismatch } from './mismatch.js';
export { type CaseResult, checkCases, playCase, type Player } from './player.js';
export { playerFor, PLAYERS } from './players.js';
export { readRecording, type Recording } from './read-recording.js';
export { parseZoneinfo, type ZoneinfoZone } from './zoneinfo-text.js';
