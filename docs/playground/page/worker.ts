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
  if (!response.ok) throw new Error(`The server answers ${response.status}.`);
  const packed = await response.blob();
  if (typeof DecompressionStream === 'undefined') throw new Error(tooOld('DecompressionStream'));
  try {
    return await new Response(
      packed.stream().pipeThrough(new DecompressionStream('gzip')),
    ).arrayBuffer();
  } catch {
    throw new Error(`Its ${packed.size} bytes are not what was built: build the page again.`);
  }
}

const tooOld = (missing: string) =>
  `This browser lacks ${missing}: Chromium 95, Firefox 114 and Safari 16.4 are the oldest that have all it takes.`;

/// The smallest module with a vector in it.
const vectorModule = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0], // "\0asm", version 1
  ...[1, 5, 1, 96, 0, 1, 123], // a type: a function that gives a v128
  ...[3, 2, 1, 0], // a function of that type
  ...[10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11], // i32.const 0, i8x16.splat, i8x16.popcnt
);

async function load(): Promise<Engine> {
  try {
    if (typeof WebAssembly === 'undefined' || !WebAssembly.validate(vectorModule))
      throw new Error(tooOld('WebAssembly with SIMD'));
    return await createEngine({ wasmBinary: await unpacked() });
  } catch (error) {
    throw new Error(`The engine, engine.packed, cannot be loaded. ${(error as Error).message}`);
  }
}

const ready = load().then(answersOf);
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
