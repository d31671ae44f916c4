// The commands that do the same as the page, by the programs of the repository.
import type { Settings } from './engine';

/// duration: of a typical motion [s].
export function commandOf(s: Settings, duration: number): { command: string; hint: string } {
  const hidden = Array(s.layers).fill(s.width).join(',');
  const models = [s.model, 'mlp'];
  const learning = (model: string) =>
    `--model ${model} --hidden ${hidden} --optimiser ${s.optimiser} --lr ${s.rate} --batch 32` +
    ` --steps ${s.steps} --restarts 0 --seed ${s.seed} --out runs/${model}`;
  const motions = `--system ${s.system} --trajectories ${s.samples / 10}`;

  if (s.noise > 0) {
    const step = Number((duration / 9).toPrecision(6));
    const simulate =
      `tools/simulate ${motions} --step ${step} --columns accelerations` +
      ` --noise ${s.noise} --seed ${s.seed} --out noisy.csv`;
    const train = (model: string) =>
      `./train --data noisy.csv --learn accelerations ${learning(model)}`;
    return {
      command: [simulate, ...models.map(train)].join('\n'),
      hint: 'Noisy data go through a file, drawn anew with noise of the same size.',
    };
  }
  // Of SOAP's first bases the gradient fixes a part; in the rest, where it is 0, rounding decides.
  const agreement =
    s.optimiser === 'soap'
      ? 'The first two losses agree; then the runs part, as rounding decides part of SOAP’s first bases.'
      : 'The first hundred losses agree to nine digits; then training may magnify rounding until the runs part.';
  return {
    command: models
      .map((model) => `./train --preset any ${motions} --points 10 ${learning(model)}`)
      .join('\n'),
    hint: `The same data, first weights and steps. ${agreement}`,
  };
}
