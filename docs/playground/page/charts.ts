// The motion's charts: losses, a coordinate and the energy over time, the section, the maps; and
// what they show in words.
import { drawLines, drawMap, drawPoints, rangeOf, type Line } from './chart';
import { brief, byId } from './dom';
import type { Maps } from './engine';
import { looks } from './picture';
import { entryLabel, inSeconds, presentLoss, spaced, times, validText, type Scene } from './scene';

const shownLosses = 300; // points of a curve
export const mapSize = 48; // points a side

const canvas = (id: string) => byId<HTMLCanvasElement>(id);
const describe = (id: string, text: string) => byId(id).setAttribute('aria-label', text);

/// True, learnt and plain as lines: the truth is drawn last, and so lies above.
function threeLines(x: (which: number) => ArrayLike<number>, y: typeof x): Line[] {
  return [2, 1, 0].map((which) => ({
    x: x(which),
    y: y(which),
    colour: looks[which].name,
    dash: looks[which].dash,
    width: which === 0 ? 2.4 : 1.9,
  }));
}

/// A curve of at most so many points: geometric means of neighbours, as the axis is logarithmic.
function smooth(all: number[]): { x: number[]; y: number[] } {
  const part = Math.max(1, Math.ceil(all.length / shownLosses));
  const curve: { x: number[]; y: number[] } = { x: [], y: [] };
  for (let begin = 0; begin < all.length; begin += part) {
    const some = all.slice(begin, begin + part).filter((loss) => loss > 0);
    curve.x.push(begin + part / 2);
    curve.y.push(Math.exp(some.reduce((sum, loss) => sum + Math.log(loss), 0) / some.length));
  }
  return curve;
}

export function drawLosses(scene: Scene): void {
  const { errors, settings } = scene;
  const curves = scene.losses.map(smooth);
  const all = [...curves.map((curve) => curve.y), ...errors.of];
  const [low, high] = rangeOf(all.map((some) => some.map(Math.log10)));
  const lines = [1, 0].flatMap((which): Line[] => {
    const colour = looks[which + 1].name;
    return [
      { x: errors.step, y: errors.of[which], colour, dash: [4, 4], width: 1.3 },
      { ...curves[which], colour },
    ];
  });
  drawLines(canvas('losses'), lines, {
    x: [0, settings.steps],
    y: [10 ** Math.min(low, -1.05), 10 ** Math.max(high, 0.05)],
    logarithmic: true,
    xLabel: 'steps',
    yLabel: 'loss; dashed: error on unseen states',
  });
  const [learnt, plain] = [presentLoss(scene, 0), presentLoss(scene, 1)].map(brief);
  describe('losses', `Losses: learnt ${learnt}, plain ${plain}`);
}

/// All that is made of the motion; `chosen` is the coordinate that is shown.
export function drawMotion(
  { paths, system, duration, clock, sections }: Scene,
  chosen: number,
): void {
  if (!paths) return;
  const n = system.coordinates.length;
  const time = Array.from({ length: times }, (_, k) => (k * duration) / (times - 1));
  const energies = paths.of.map((path) => path.energies);
  const entry = (k: number) =>
    paths.of.map(({ states, energies: { length } }) =>
      Array.from({ length }, (_, t) => states[2 * n * t + k]),
    );
  const coordinate = entry(chosen);
  const ofTime = {
    x: [0, duration] as [number, number],
    xLabel: 't [s]',
    cursor: clock * duration,
  };

  const [low, high] = rangeOf([coordinate[0]]);
  const room = 0.4 * (high - low);
  drawLines(
    canvas('over-time'),
    threeLines(
      () => time,
      (which) => coordinate[which],
    ),
    {
      ...ofTime,
      y: [low - room, high + room],
      yLabel: entryLabel(system, chosen),
      marks: [0, 1].map((k) => ({ x: paths.valid[k], colour: looks[k + 1].name })),
    },
  );

  const own: Line = { x: time, y: paths.ownEnergies, colour: 'learnt', dash: [2, 3], width: 1.2 };
  drawLines(
    canvas('energy'),
    [
      ...threeLines(
        () => time,
        (which) => energies[which],
      ),
      own,
    ],
    {
      ...ofTime,
      y: energyRange(energies),
      yLabel: 'energy [J]',
    },
  );

  if (system.section < 0) {
    const rate = entry(n + chosen);
    drawLines(
      canvas('section'),
      threeLines(
        (which) => coordinate[which],
        (which) => rate[which],
      ),
      {
        x: rangeOf([coordinate[0]]),
        y: rangeOf([rate[0]]),
        xLabel: entryLabel(system, chosen),
        yLabel: entryLabel(system, n + chosen),
      },
    );
    return;
  }
  const across = 1 - system.section;
  drawPoints(
    canvas('section'),
    [2, 1, 0].map((which) => ({ points: sections[which], colour: looks[which].name })),
    {
      x: sectionRange(sections[0], 0, [system.low[across], system.high[across]]),
      y: sectionRange(sections[0], 1, [system.low[2 + across], system.high[2 + across]]),
      xLabel: entryLabel(system, across),
      yLabel: entryLabel(system, 2 + across),
    },
  );
}

/// Room for the truth's energy and as much around it as most of what the networks do needs.
function energyRange(energies: Float64Array[]): [number, number] {
  const truth = rangeOf([energies[0]]);
  const size = Math.max(Math.abs(truth[0]), Math.abs(truth[1]));
  const most = Math.max(truth[1] - truth[0], 0.5 * size, 1e-9);
  const [low, high] = rangeOf(energies, 0.05);
  return [Math.max(low, truth[0] - most), Math.min(high, truth[1] + most)];
}

/// Room for the truth's dots (entry 0 or 1 of each), and a little more.
function sectionRange(dots: number[], entry: number, typical: [number, number]): [number, number] {
  if (dots.length < 4) return typical;
  const [low, high] = rangeOf([dots.filter((_, k) => k % 2 === entry)]);
  return [low - 0.1 * (high - low), high + 0.1 * (high - low)];
}

/// The maps of a quantity over q1 and q2, or over q and its velocity where there is but one.
export function drawMaps(system: Scene['system'], maps: Maps, quantity: string): void {
  const axes = {
    x: [system.low[0], system.high[0]] as [number, number],
    y: [system.low[1], system.high[1]] as [number, number],
    xLabel: entryLabel(system, 0),
    yLabel: entryLabel(system, 1),
  };
  const range = rangeOf([maps.truth]);
  drawMap(canvas('map-true'), maps.truth, mapSize, range, axes);
  drawMap(canvas('map-learnt'), maps.learnt, mapSize, range, axes);
  const rest = system.coordinates.length === 1 ? '' : ' at rest';
  const scale = `dark ${brief(range[0])} to bright ${brief(range[1])}`;
  byId('map-hint').textContent =
    quantity === 'L'
      ? `L over the states shown${rest}, ${scale} J. Motion fixes L only up to a factor and a constant, which are fitted; and up to a term that has no effect, which is not.`
      : `The entry ${quantity} of the mass matrix M = ∂²L/∂v∂v${rest}, ${scale}, up to one factor for all entries.`;
  for (const which of ['true', 'learnt'])
    describe(`map-${which}`, `${quantity}, ${which}, over ${axes.xLabel} and ${axes.yLabel}`);
}

/// The charts of the motion in words.
export function describeMotion({ paths, system, duration, sections }: Scene, chosen: number): void {
  if (!paths) return;
  const { of, valid, ownEnergies } = paths;
  const [learnt, plain] = [...valid].map((seconds) => validText(seconds, duration));
  describe(
    'stage',
    `The ${spaced(system.name)} over ${inSeconds(duration)}: the learnt motion is right for ${learnt}, the plain one for ${plain}`,
  );
  const ends = of.map(({ energies }) => brief(energies[energies.length - 1]));
  const own = ownEnergies.length > 0 ? brief(ownEnergies[ownEnergies.length - 1]) : 'unknown';
  describe(
    'energy',
    `Energy [J]: ${brief(of[0].energies[0])} at the start; at the end ${ends[0]} of the true motion, ${ends[1]} of the learnt one, ${ends[2]} of the plain one; the learnt energy ${own}`,
  );
  const [low, high] = rangeOf([of[0].states.filter((_, k) => k % system.low.length === chosen)]);
  describe(
    'over-time',
    `${entryLabel(system, chosen)} over time: the true one between ${brief(low)} and ${brief(high)}`,
  );
  const title = byId('section-title').textContent;
  describe('section', `${title}: ${sections[0].length / 2} dots of the true motion`);
}
