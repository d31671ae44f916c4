// The commands that do the same as the page, by the program in the repository.
import type { Settings } from './engine';

const line = (...words: (string | number)[]) => words.join(' ');

export function commandOf(s: Settings, duration: number): { command: string; hint: string } {
  const hidden = Array(s.layers).fill(s.width).join(',');
  const learning = line(
    '--hidden',
    hidden,
    '--optimiser',
    s.optimiser,
    '--lr',
    s.rate,
    '--batch 32',
    '--steps',
    s.steps,
    '--restarts 0 --seed',
    s.seed,
  );
  if (s.noise > 0)
    return {
      command: [
        line(
          'tools/simulate --system',
          s.system,
          '--trajectories',
          s.samples / 10,
          '--step',
          Number((duration / 9).toPrecision(6)),
          '--columns accelerations --noise',
          s.noise,
          '--seed',
          s.seed,
          '--out noisy.csv',
        ),
        ...[s.model, 'mlp'].map((model) =>
          line('./train --data noisy.csv --learn accelerations --model', model, learning),
        ),
      ].join('\n'),
      hint: 'Noisy data go through a file, drawn anew with noise of the same size.',
    };
  return {
    command: [s.model, 'mlp']
      .map((model) =>
        line(
          './train --preset any --system',
          s.system,
          '--model',
          model,
          '--trajectories',
          s.samples / 10,
          '--points 10',
          learning,
        ),
      )
      .join('\n'),
    hint:
      'The same data, first weights and steps, number for number' +
      (s.optimiser === 'adam'
        ? ' up to rounding.'
        : '; but SOAP’s first bases hang on rounding, so that another processor’s numbers part from these (Adam’s do not).'),
  };
}
