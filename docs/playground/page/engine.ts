// The engine as JavaScript sees it: the types of what engine/boundary.cpp binds.

export interface TapeNode {
  label: string;
  inputs: number[];
  order: number; // recorded by the expression (0), or by that derivation
  value: number;
  adjoint: number | null; // null: the sweep does not come by
}

export interface Graph {
  nodes: TapeNode[];
  listing: string;
}

export interface TapeView {
  recorded: Graph;
  compiled: Graph;
  outputs: number[]; // the nodes of f, its derivative, ...
  values: Float64Array; // theirs, by `evaluate`
  code: string;
  report: string;
  instructions: number;
}

export interface System {
  name: string;
  what: string;
  coordinates: string[];
  units: string[];
  angles: boolean[];
  low: Float64Array; // typical states (q; v): the lowest
  high: Float64Array;
  duration: number; // of a typical motion [s]
  dimension: number; // of the picture
  links: [number, number][]; // between its points; -1: the origin
  section: number; // the coordinate that a Poincaré section cuts; -1: none
  bound: boolean; // the coordinates are bound to each other
  models: string[];
}

export interface Model {
  name: string;
  what: string;
  learns: string;
}

export interface Settings {
  system: string;
  model: string;
  width: number;
  layers: number;
  optimiser: string;
  rate: number;
  samples: number;
  noise: number;
  steps: number;
  seed: number;
}

export interface Path {
  states: Float64Array; // 2n a time
  points: Float64Array; // dimension x points a time
  energies: Float64Array;
}

export interface Paths {
  of: Path[]; // true, learnt, plain
  valid: Float64Array; // for how long learnt and plain can be believed [s]
  ownEnergies: Float64Array; // the learnt one's own; or empty
}

export interface Maps {
  truth: Float64Array; // row by row
  learnt: Float64Array;
}

export interface Experiment {
  train(steps: number): Float64Array; // losses, learnt and plain in turn
  steps(): number;
  errors(): Float64Array;
  randomStart(seed: number): Float64Array;
  dragged(state: ArrayLike<number>, point: number, place: number[]): Float64Array;
  rollOut(start: ArrayLike<number>, duration: number, times: number): Paths;
  lyapunovTime(start: ArrayLike<number>): number;
  lagrangianMap(across: number, up: number, size: number): Maps;
  massMap(row: number, column: number, across: number, up: number, size: number): Maps;
  section(which: number, start: ArrayLike<number>, duration: number): Float64Array;
  restartSection(which: number): void;
  delete(): void;
}

export interface Engine {
  viewTape(expression: string, by: string, x: number, y: number): TapeView;
  systems(): System[];
  models(): Model[];
  Experiment: new (settings: Settings) => Experiment;
}
