// The one worker: it owns the engine and trains in slices, so that questions of the page are
// answered in between. The page only draws.
import createEngine from 'engine';
import type { Engine, Experiment, Settings } from './engine';

export interface Question {
  id: number;
  ask: keyof Answers;
  with: unknown[];
}
export interface Answer {
  id: number;
  result?: unknown;
  error?: string;
}
/// What training tells unasked: the losses since the last time, learnt and plain in turn.
export interface Progress {
  losses: Float64Array;
  steps: number; // so far
  finished: boolean;
}

const sliceTime = 12; // [ms] of training at a time
const pause = 4; // [ms] between two slices

function answersOf(engine: Engine) {
  let experiment: Experiment | undefined;
  let settings: Settings | undefined;
  let running = false;
  let pace = Infinity; // steps a second
  let credit = 0; // steps that the pace allows by now
  let last = 0; // when credit was counted
  let timer = 0;

  const present = (): Experiment => {
    if (!experiment) throw new Error('there is no experiment yet');
    return experiment;
  };

  function tell(losses: Float64Array): void {
    const steps = present().steps();
    const finished = steps >= settings!.steps;
    if (finished) running = false;
    const progress: Progress = { losses, steps, finished };
    postMessage(progress, { transfer: [losses.buffer] });
  }

  function slice(): void {
    timer = 0;
    if (!running) return;
    const start = performance.now();
    credit = Math.min(credit + (pace * (start - last)) / 1000, Math.max(1, pace / 10));
    last = start;
    const parts: Float64Array[] = [];
    while (credit >= 1 && performance.now() - start < sliceTime) {
      const losses = present().train(Math.min(8, Math.floor(credit)));
      credit -= losses.length / 2;
      if (losses.length === 0) break;
      parts.push(losses);
    }
    if (parts.length > 0) {
      const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
      parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
      tell(all);
    }
    if (running) timer = setTimeout(slice, pause) as unknown as number;
  }

  return {
    catalogue: () => ({ systems: engine.systems(), models: engine.models() }),
    tape: engine.viewTape.bind(engine),
    begin(wanted: Settings): void {
      const next = new engine.Experiment(wanted); // where it throws, the old one stays
      experiment?.delete();
      experiment = next;
      settings = wanted;
      running = false;
    },
    run(stepsPerSecond: number): void {
      pace = stepsPerSecond;
      credit = 0;
      last = performance.now();
      running = true;
      if (timer === 0) slice();
    },
    pause(): void {
      running = false;
    },
    step(): void {
      const losses = present().train(1);
      if (losses.length > 0) tell(losses);
    },
    errors: () => present().errors(),
    randomStart: (seed: number) => present().randomStart(seed),
    dragged: (state: Float64Array, point: number, place: number[]) =>
      present().dragged(state, point, place),
    rollOut: (start: Float64Array, duration: number, times: number) =>
      present().rollOut(start, duration, times),
    lyapunovTime: (start: Float64Array) => present().lyapunovTime(start),
    lagrangianMap: (across: number, up: number, size: number) =>
      present().lagrangianMap(across, up, size),
    massMap: (row: number, column: number, across: number, up: number, size: number) =>
      present().massMap(row, column, across, up, size),
    section: (which: number, start: Float64Array, duration: number) =>
      present().section(which, start, duration),
    restartSection: (which: number) => present().restartSection(which),
  };
}
export type Answers = ReturnType<typeof answersOf>;

/// The buffers of all numbers in a result: they are handed over, not copied.
function buffersIn(result: unknown): ArrayBufferLike[] {
  if (result instanceof Float64Array) return [result.buffer];
  if (result && typeof result === 'object') return Object.values(result).flatMap(buffersIn);
  return [];
}

/// The engine's code comes compressed, whatever the server does.
async function unpacked(): Promise<ArrayBuffer> {
  const response = await fetch('engine.packed');
  if (!response.ok) throw new Error(`engine.packed: ${response.status} ${response.statusText}`);
  const stream = response.body!.pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer();
}

const ready = unpacked()
  .then((wasmBinary) => createEngine({ wasmBinary }))
  .then(answersOf);
ready.catch(() => {}); // told to whoever asks

onmessage = async ({ data }: MessageEvent<Question>) => {
  const answer: Answer = { id: data.id };
  try {
    const answers = await ready;
    const call = answers[data.ask] as (...all: unknown[]) => unknown;
    answer.result = call(...data.with);
  } catch (error) {
    answer.error = error instanceof Error ? error.message : String(error);
  }
  postMessage(answer, { transfer: buffersIn(answer.result) as ArrayBuffer[] });
};
