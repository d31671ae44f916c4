// What the motion's view shows at present: motion.ts keeps it up to date, charts.ts draws it.
import type { Paths, Settings, System } from './engine';

export interface Scene {
  settings: Settings;
  system: System;
  start: Float64Array; // a state: coordinates, then velocities
  duration: number; // of the motion that is shown [s]
  paths?: Paths; // true, learnt and plain, from the start
  clock: number; // of the motion, as a part of its duration
  steps: number; // of training, so far
  losses: [number[], number[]]; // learnt and plain, of each step
  errors: { step: number[]; of: [number[], number[]] }; // on unseen states
  sections: [number[], number[], number[]]; // q, q', q, q', ... of true, learnt and plain
}

/// Of the motion, equally apart.
export const times = 401;

/// "double_pendulum" as people write it.
export const spaced = (name: string): string => name.replaceAll('_', ' ');
export const inSeconds = (x: number): string => `${x < 10 ? x.toFixed(1) : x.toFixed(0)} s`;

/// For how long a network can be believed: it may be longer than what is shown.
export const validText = (seconds: number, duration: number): string =>
  (seconds >= duration * (1 - 1e-9) ? '> ' : '') + inSeconds(seconds);

/// An entry of the state: "theta" or, of its velocity, "theta′".
export function entryName({ coordinates }: System, k: number): string {
  const n = coordinates.length;
  return coordinates[k % n] + (k < n ? '' : '′');
}

/// The same with its unit, as axes have it.
export function entryLabel(system: System, k: number): string {
  const n = system.coordinates.length;
  return `${entryName(system, k)} [${system.units[k % n]}${k < n ? '' : '/s'}]`;
}

/// The last loss, smoothed.
export function presentLoss({ losses }: Scene, which: 0 | 1): number {
  const last = losses[which].slice(-50);
  return last.reduce((sum, loss) => sum + loss, 0) / last.length;
}
