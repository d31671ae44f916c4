// The motion's view: a system, two networks that learn it, and what they make of it meanwhile.
import { forget, remember, setting } from './address';
import { ask, onProgress } from './ask';
import { drawLines, drawMap, drawPoints, rangeOf, type Line } from './chart';
import { commandOf } from './command';
import { brief, byId, copies, reducedMotion } from './dom';
import type { Model, Paths, Settings, System } from './engine';
import { looks, Picture } from './picture';
import { fillForm, onChange, settingsOfForm, spaced } from './settings';

const first = 'spring_pendulum'; // shown where the address names no system
const longer = 2; // a motion is shown for so many times its typical duration
const times = 401; // of a motion
const mapSize = 48; // points a side
const pauses = { motion: 120, errors: 400, maps: 900, sections: 200 }; // [ms] between two looks while it trains
const mostPoints = 4000; // of a section, as numbers
const mostPieces = 300; // of a motion that are looked through for them
const shownLosses = 300; // points of a curve

const canvas = (id: string) => byId<HTMLCanvasElement>(id);
const stage = canvas('stage');
const timeSlider = byId<HTMLInputElement>('motion-time');
const playButton = byId<HTMLButtonElement>('motion-play');
const trainButton = byId<HTMLButtonElement>('train');
const coordinateSelect = byId<HTMLSelectElement>('coordinate');
const mapSelect = byId<HTMLSelectElement>('map');

let systems: System[];
let models: Model[];
let settings: Settings;
let system: System;
let picture: Picture;
let start: Float64Array = new Float64Array();
let duration = 5;
let paths: Paths | undefined;

let visible = false; // this view is the one that is shown
let playing = !reducedMotion();
let clock = 0; // of the motion, as a part of its duration
let training = false;
let wanted = !reducedMotion(); // that it trains; where all steps are done, a new experiment goes on
let steps = 0; // of training
let losses: [number[], number[]] = [[], []];
let errors: { step: number[]; of: [number[], number[]] } = { step: [], of: [[], []] };
let sections: [number[], number[], number[]] = [[], [], []];
let pieces = [0, 0, 0]; // of each motion, looked through for its section
let run = 0; // counts experiments: an answer about an earlier one is dropped
let ready = false; // the engine has the present one, and a start of it

// What has changed since it was last asked for. Sections grow until they have dots enough.
const stale = { motion: true, errors: true, maps: true, sections: true, charts: true };
type Asked = Exclude<keyof typeof stale, 'charts'>;
const lastAsked: Record<Asked, number> = { motion: 0, errors: 0, maps: 0, sections: 0 };

// ---------------------------------------------------------------- the experiment

function fail(error: unknown): void {
  const notice = byId('failure');
  notice.textContent = error instanceof Error ? error.message : String(error);
  notice.hidden = false;
}

/// A new experiment with what the form says. The start stays, if it is one of this system's.
async function begin(keepStart: boolean): Promise<void> {
  const mine = ++run;
  ready = false;
  training = false;
  settings = settingsOfForm();
  try {
    await ask('begin', settings);
  } catch (error) {
    return fail(error);
  }
  if (mine !== run) return;
  byId('failure').hidden = true;
  system = systems.find(({ name }) => name === settings.system)!;
  duration = longer * system.duration;
  picture = new Picture(stage, system);
  paths = undefined;
  steps = 0;
  losses = [[], []];
  errors = { step: [], of: [[], []] };
  stale.errors = stale.maps = stale.sections = true;
  showSettings();
  const size = system.low.length;
  const asked = setting('start', '').split(',').map(Number);
  if (asked.length === size && asked.every(Number.isFinite)) setStart(Float64Array.from(asked));
  else if (!keepStart || start.length !== size) await newStart(settings.seed);
  else setStart(start);
  ready = true;
  setTraining(wanted && visible);
}

/// A random state of the region; what hangs is let go at rest.
async function newStart(seed: number): Promise<void> {
  const state = await ask('randomStart', seed);
  if (system.links.length > 0 && !system.bound) state.fill(0, state.length / 2);
  setStart(state);
}

function setStart(state: Float64Array): void {
  start = state;
  remember('start', Array.from(state, (x) => Number(x.toPrecision(6))).join(','));
  stale.motion = true;
  for (const which of [0, 1, 2] as const) restartSection(which);
  state.forEach((x, k) => {
    const slider = document.getElementById(`start-${k}`) as HTMLInputElement | null;
    if (slider) slider.value = String(x);
    const output = document.getElementById(`start-${k}-out`);
    if (output) output.textContent = brief(x);
  });
  const mine = run;
  void ask('lyapunovTime', state).then(
    (seconds) => {
      if (mine !== run || state !== start) return;
      byId('lyapunov').textContent =
        seconds > 0 && seconds < 20 * duration ? inSeconds(seconds) : 'none';
    },
    () => (byId('lyapunov').textContent = '–'),
  );
}

const inSeconds = (x: number) => `${x < 10 ? x.toFixed(1) : x.toFixed(0)} s`;

function stateName(k: number): string {
  const n = system.coordinates.length;
  return system.coordinates[k % n] + (k < n ? '' : '′');
}
function stateUnit(k: number): string {
  const n = system.coordinates.length;
  return system.units[k % n] + (k < n ? '' : '/s');
}

/// Whatever the page tells of the settings.
function showSettings(): void {
  const n = system.coordinates.length;
  byId('system-name').textContent = `${spaced(system.name)}: ${system.what}`;
  const model = models.find(({ name }) => name === settings.model)!;
  const called =
    settings.model === 'lnn' ? 'Lagrangian' : model.what.replace(/^an? /, '').split(/[ ,]/)[0];
  byId('legend-learnt').textContent = model.what.replace(/^an? /, '').split(',')[0];
  byId('clock-learnt').textContent = called;
  const { command, hint } = commandOf(settings, system.duration);
  byId('command').textContent = command;
  byId('command-hint').textContent = hint;

  const before = coordinateSelect.value;
  coordinateSelect.replaceChildren(
    ...system.coordinates.map((name, k) => new Option(`${name} [${system.units[k]}]`, String(k))),
  );
  if (Number(before) < n) coordinateSelect.value = before || '0';

  const maps: [string, string][] = [];
  if (settings.model !== 'hnn') {
    maps.push(['L', 'L']);
    for (let i = 0; i < Math.min(n, 3); ++i)
      for (let j = i; j < Math.min(n, 3); ++j)
        maps.push([`${i},${j}`, n === 1 ? 'M' : `M${i + 1}${j + 1}`]);
  }
  const chosen = mapSelect.value;
  mapSelect.replaceChildren(...maps.map(([value, text]) => new Option(text, value)));
  if (maps.some(([value]) => value === chosen)) mapSelect.value = chosen;

  const section = hasSection();
  byId('section-title').textContent = section ? 'Poincaré section' : 'Phase portrait';
  byId('section-hint').textContent = section
    ? `A dot each time ${stateName(system.section)} passes 0 upwards: a curve is an orderly motion, a cloud is chaos. The networks’ dots come while training rests.`
    : 'The chosen coordinate against its rate: a closed curve is a motion that comes back.';

  byId('start-sliders').replaceChildren(
    ...Array.from({ length: Math.min(2 * n, 12) }, (_, k) => {
      const label = document.createElement('label');
      const slider = document.createElement('input');
      const output = document.createElement('output');
      Object.assign(slider, {
        type: 'range',
        id: `start-${k}`,
        min: system.low[k],
        max: system.high[k],
        step: 'any',
      });
      output.id = `start-${k}-out`;
      slider.addEventListener('input', () => {
        const state = start.slice();
        state[k] = slider.valueAsNumber;
        setStart(state);
        clock = 0;
      });
      label.append(`${stateName(k)} [${stateUnit(k)}] `, output, slider);
      return label;
    }),
  );
}

const hasSection = () => system.section >= 0;

// ---------------------------------------------------------------- training

function setTraining(on: boolean): void {
  training = on;
  void (on ? ask('run', Number(byId<HTMLSelectElement>('pace').value)) : ask('pause'));
  if (!on) rest();
  tellTraining();
}

/// When training rests, what was drawn of the networks meanwhile is drawn once more, and right.
function rest(): void {
  stale.motion = stale.errors = stale.maps = true;
  restartSection(1);
  restartSection(2);
}

function restartSection(which: 0 | 1 | 2): void {
  sections[which] = [];
  pieces[which] = 0;
  stale.sections = true;
  void ask('restartSection', which);
}

/// The last number of the smoothed losses.
function present(which: 0 | 1): number {
  const last = losses[which].slice(-50);
  return last.reduce((sum, loss) => sum + loss, 0) / last.length;
}

function tellTraining(): void {
  const finished = steps >= settings.steps;
  trainButton.textContent = training
    ? 'Pause'
    : finished
      ? 'Done'
      : steps === 0
        ? 'Train'
        : 'Go on';
  trainButton.disabled = finished;
  byId<HTMLButtonElement>('train-step').disabled = finished || training;
  byId<HTMLProgressElement>('train-progress').value = steps / settings.steps;
  const text = byId('train-says');
  text.setAttribute('aria-live', training ? 'off' : 'polite'); // numbers that run are not read out
  text.textContent =
    steps === 0
      ? 'Nothing is learnt yet: both networks are as they were drawn at random.'
      : `${steps.toLocaleString('en')} of ${settings.steps.toLocaleString('en')} steps. Loss ${brief(present(0))}, of the plain network ${brief(present(1))}.`;
}

onProgress((progress) => {
  steps = progress.steps;
  for (let k = 0; k < progress.losses.length; k += 2) {
    losses[0].push(progress.losses[k]);
    losses[1].push(progress.losses[k + 1]);
  }
  stale.motion = stale.errors = stale.maps = stale.charts = true;
  if (progress.finished) {
    training = false;
    rest();
  }
  tellTraining();
});

// ---------------------------------------------------------------- what is asked for, one thing after the other

const due = (what: Asked) =>
  stale[what] && (!training || performance.now() - lastAsked[what] > pauses[what]);

/// Asks for what is due and was last asked for longest ago.
async function look(): Promise<void> {
  const next = (Object.keys(lastAsked) as Asked[])
    .filter(due)
    .sort((a, b) => lastAsked[a] - lastAsked[b])[0];
  if (!next) return;
  stale[next] = false;
  lastAsked[next] = performance.now();
  await { motion: lookAtMotion, errors: lookAtErrors, maps: lookAtMaps, sections: lookAtSections }[
    next
  ](run);
}

async function lookAtMotion(mine: number): Promise<void> {
  const asked = start;
  const answer = await ask('rollOut', asked, duration, times);
  if (mine !== run || asked !== start) return;
  paths = answer;
  if (!dragging) picture.fit(paths.of[0]); // under the finger the scale stays
  byId('valid-learnt').textContent = validText(paths.valid[0]);
  byId('valid-plain').textContent = validText(paths.valid[1]);
  describe(paths);
  stale.charts = true;
}

/// The charts in words.
function describe({ of, valid, ownEnergies }: Paths): void {
  const label = (id: string, text: string) => canvas(id).setAttribute('aria-label', text);
  label(
    'stage',
    `The ${spaced(system.name)} over ${inSeconds(duration)}: the learnt motion is right for ${validText(valid[0])}, the plain one for ${validText(valid[1])}`,
  );
  const ends = of.map(({ energies }) => brief(energies[energies.length - 1]));
  label(
    'energy',
    `Energy: at the start ${brief(of[0].energies[0])} J; at the end ${ends[0]} J of the true motion, ${ends[1]} J of the learnt one, ${ends[2]} J of the plain one` +
      (ownEnergies.length > 0
        ? `; the learnt energy ends at ${brief(ownEnergies[ownEnergies.length - 1])} J`
        : ''),
  );
  const [low, high] = rangeOf([
    of[0].states.filter((_, k) => k % system.low.length === Number(coordinateSelect.value)),
  ]);
  label(
    'over-time',
    `${coordinateSelect.selectedOptions[0].text} over time: the true one between ${brief(low)} and ${brief(high)}`,
  );
  label(
    'section',
    `${byId('section-title').textContent}: ${sections[0].length / 2} dots of the true motion`,
  );
}

async function lookAtErrors(mine: number): Promise<void> {
  const at = steps;
  const answer = await ask('errors');
  if (mine !== run) return;
  errors.step.push(at);
  errors.of[0].push(answer[0]);
  errors.of[1].push(answer[1]);
  stale.charts = true;
}

const validText = (seconds: number) =>
  seconds >= duration * (1 - 1e-9) ? `> ${inSeconds(duration)}` : inSeconds(seconds);

async function lookAtSections(mine: number): Promise<void> {
  if (!hasSection()) return;
  for (const which of training ? [0] : [0, 1, 2]) {
    const list = sections[which];
    if (list.length >= mostPoints || pieces[which] >= mostPieces || mine !== run) continue;
    ++pieces[which];
    const asked = start;
    const points = await ask('section', which, asked, 2 * system.duration);
    if (mine !== run || asked !== start || list !== sections[which]) continue;
    const angle = system.angles[1 - system.section];
    for (let k = 0; k < points.length; k += 2)
      list.push(angle ? around(points[k]) : points[k], points[k + 1]);
    stale.charts = true;
  }
  stale.sections = true;
}

/// An angle within half a turn of 0.
const around = (angle: number) => angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));

async function lookAtMaps(mine: number): Promise<void> {
  if (mapSelect.value === '') return;
  const n = system.coordinates.length;
  const [across, up] = [0, 1]; // q1 and q2; of one coordinate q and its velocity
  const what = mapSelect.value;
  const [row, column] = what.split(',').map(Number);
  const maps =
    what === 'L'
      ? await ask('lagrangianMap', across, up, mapSize)
      : await ask('massMap', row, column, across, up, mapSize);
  if (mine !== run || what !== mapSelect.value || maps.learnt.length === 0) return;
  const axes = {
    x: [system.low[across], system.high[across]] as [number, number],
    y: [system.low[up], system.high[up]] as [number, number],
    xLabel: `${stateName(across)} [${stateUnit(across)}]`,
    yLabel: `${stateName(up)} [${stateUnit(up)}]`,
  };
  const range = rangeOf([maps.truth]);
  drawMap(canvas('map-true'), maps.truth, mapSize, range, axes);
  drawMap(canvas('map-learnt'), maps.learnt, mapSize, range, axes);
  const name = mapSelect.selectedOptions[0].text;
  const rest = n === 1 ? '' : ' at rest';
  byId('map-hint').textContent =
    what === 'L'
      ? `L over the states shown${rest}, dark ${brief(range[0])} to bright ${brief(range[1])} J. Motion fixes L only up to a factor and a constant, which are fitted; and up to a term that has no effect, which is not.`
      : `The entry ${name} of the mass matrix M = ∂²L/∂v∂v${rest}, dark ${brief(range[0])} to bright ${brief(range[1])}, up to one factor for all entries.`;
  for (const which of ['true', 'learnt'])
    canvas(`map-${which}`).setAttribute(
      'aria-label',
      `${name}, ${which}, as a map over ${axes.xLabel} and ${axes.yLabel}`,
    );
}

/// For ever: one question after the other, so that the worker's time is never asked for twice.
async function keepLooking(): Promise<void> {
  for (;;) {
    const mine = run;
    try {
      if (visible && ready) await look();
    } catch (error) {
      if (mine === run) fail(error);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

// ---------------------------------------------------------------- drawing

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

function drawLosses(): void {
  const curves = losses.map(smooth);
  const [low, high] = rangeOf([
    ...curves.map((curve) => curve.y.map(Math.log10)),
    ...errors.of.map((all) => all.map(Math.log10)),
  ]);
  const lines = [1, 0].flatMap((which): Line[] => [
    {
      x: errors.step,
      y: errors.of[which],
      colour: looks[which + 1].name,
      dash: [4, 4],
      width: 1.3,
    },
    { ...curves[which], colour: looks[which + 1].name },
  ]);
  drawLines(canvas('losses'), lines, {
    x: [0, settings.steps],
    y: [10 ** Math.min(low, -1.05), 10 ** Math.max(high, 0.05)],
    logarithmic: true,
    xLabel: 'steps',
    yLabel: 'loss; dashed: error on unseen states',
  });
  canvas('losses').setAttribute(
    'aria-label',
    `Losses: learnt ${brief(present(0))}, plain ${brief(present(1))}`,
  );
}

function drawCharts(): void {
  if (!paths) return;
  const all = paths;
  const n = system.coordinates.length;
  const chosen = Number(coordinateSelect.value);
  const time = Array.from({ length: times }, (_, k) => (k * duration) / (times - 1));
  const cursor = clock * duration;
  const row = (which: number, k: number) =>
    Array.from(
      { length: all.of[which].energies.length },
      (_, t) => all.of[which].states[2 * n * t + k],
    );
  const lines = (series: (which: number) => ArrayLike<number>): Line[] =>
    [2, 1, 0].map((which) => ({
      x: time,
      y: series(which),
      colour: looks[which].name,
      dash: which === 0 ? [] : looks[which].dash,
      width: which === 0 ? 2.4 : 1.9,
    }));
  const marks = [0, 1].map((k) => ({ x: all.valid[k], colour: looks[k + 1].name }));

  const coordinate = [0, 1, 2].map((which) => row(which, chosen));
  const [low, high] = rangeOf([coordinate[0]]);
  const room = 0.4 * (high - low);
  drawLines(
    canvas('over-time'),
    lines((which) => coordinate[which]),
    {
      x: [0, duration],
      y: [low - room, high + room],
      xLabel: 't [s]',
      yLabel: `${stateName(chosen)} [${stateUnit(chosen)}]`,
      cursor,
      marks,
    },
  );

  const energies = all.of.map((path) => path.energies);
  const own = all.ownEnergies;
  drawLines(
    canvas('energy'),
    [
      ...lines((which) => energies[which]),
      { x: time, y: own, colour: 'learnt', dash: [2, 3], width: 1.2 },
    ],
    { x: [0, duration], y: energyRange(energies), xLabel: 't [s]', yLabel: 'energy [J]', cursor },
  );

  const section = canvas('section');
  if (hasSection()) {
    const span = sectionRange();
    const shown = 1 - system.section;
    drawPoints(
      section,
      [2, 1, 0].map((which) => ({ points: sections[which], colour: looks[which].name })),
      {
        ...span,
        xLabel: `${stateName(shown)} [${stateUnit(shown)}]`,
        yLabel: `${stateName(2 + shown)} [${stateUnit(2 + shown)}]`,
      },
    );
  } else {
    const rate = [0, 1, 2].map((which) => row(which, n + chosen));
    drawLines(
      section,
      [2, 1, 0].map((which) => ({
        x: coordinate[which],
        y: rate[which],
        colour: looks[which].name,
        width: which === 0 ? 2.4 : 1.9,
        dash: looks[which].dash,
      })),
      {
        x: rangeOf([coordinate[0]]),
        y: rangeOf([rate[0]]),
        xLabel: `${stateName(chosen)} [${stateUnit(chosen)}]`,
        yLabel: `${stateName(n + chosen)} [${stateUnit(n + chosen)}]`,
      },
    );
  }
}

/// Room for the truth's energy and as much around it as most of what the networks do needs.
function energyRange(energies: Float64Array[]): [number, number] {
  const truth = rangeOf([energies[0]]);
  const most = Math.max(
    truth[1] - truth[0],
    0.5 * Math.max(Math.abs(truth[0]), Math.abs(truth[1])),
    1e-9,
  );
  const [low, high] = rangeOf(energies, 0.05);
  return [Math.max(low, truth[0] - most), Math.min(high, truth[1] + most)];
}

function sectionRange(): { x: [number, number]; y: [number, number] } {
  const truth = sections[0];
  const of = (k: number) => rangeOf([truth.filter((_, i) => i % 2 === k)]);
  const shown = 1 - system.section;
  if (truth.length < 4)
    return {
      x: [system.low[shown], system.high[shown]],
      y: [system.low[2 + shown], system.high[2 + shown]],
    };
  const [x, y] = [of(0), of(1)];
  const wider = ([low, high]: [number, number]): [number, number] => [
    low - 0.1 * (high - low),
    high + 0.1 * (high - low),
  ];
  return { x: wider(x), y: wider(y) };
}

const timeIndex = () => Math.round(clock * (times - 1));

let before = 0;
let chartsDrawn = 0;
function frame(now: number): void {
  requestAnimationFrame(frame);
  const passed = Math.min(0.1, (now - before) / 1000);
  before = now;
  if (!visible || !paths) return;
  if (playing && !dragging) {
    // A motion takes its own time on the screen, but no longer than ten seconds.
    clock = (clock + passed / Math.min(10, Math.max(3, duration))) % 1;
    timeSlider.value = String(clock);
  }
  byId('motion-clock').textContent = `${(clock * duration).toFixed(1)} s`;
  picture.draw(paths.of, timeIndex());
  if (stale.charts || (playing && now - chartsDrawn > 60)) {
    if (stale.charts) drawLosses();
    drawCharts();
    stale.charts = false;
    chartsDrawn = now;
  }
}

// ---------------------------------------------------------------- what people do

let dragging: { point: number } | undefined;

function place(event: PointerEvent): [number, number] {
  const box = stage.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

let dragAsked = false;
async function drag(event: PointerEvent): Promise<void> {
  if (!dragging || !paths || !ready || dragAsked) return;
  dragAsked = true;
  const mine = run;
  const wanted = picture.placeOf(paths.of[0], 0, dragging.point, ...place(event));
  try {
    const state = await ask('dragged', start, dragging.point, wanted);
    if (mine === run) setStart(state);
  } catch (error) {
    fail(error);
  }
  dragAsked = false;
}

function startDragging(event: PointerEvent): void {
  if (!paths || !ready) return;
  const point = picture.pointNear(paths.of[0], timeIndex(), ...place(event));
  if (point === undefined) return;
  const size = system.low.length;
  const state = paths.of[0].states.slice(timeIndex() * size, (timeIndex() + 1) * size);
  if (system.links.length > 0) state.fill(0, size / 2); // what hangs is held still
  dragging = { point };
  clock = 0;
  timeSlider.value = '0';
  stage.setPointerCapture(event.pointerId);
  stage.classList.add('dragging');
  setStart(state);
}

function setPlaying(on: boolean): void {
  playing = on;
  playButton.textContent = on ? 'Pause' : 'Play';
}

function listen(): void {
  trainButton.addEventListener('click', () => setTraining((wanted = !training)));
  byId('train-step').addEventListener('click', () => void ask('step'));
  byId('train-again').addEventListener('click', () => void begin(true));
  byId('pace').addEventListener('change', () => {
    remember('pace', byId<HTMLSelectElement>('pace').value);
    if (training) setTraining(true);
  });
  onChange(async (what) => {
    if (what === 'system') forget('start');
    await begin(what !== 'system');
  });
  playButton.addEventListener('click', () => setPlaying(!playing));
  timeSlider.addEventListener('input', () => {
    setPlaying(false);
    clock = timeSlider.valueAsNumber;
    stale.charts = true;
  });
  byId('random-start').addEventListener('click', () => {
    clock = 0;
    newStart(Math.floor(Math.random() * 1e6)).catch(fail);
  });
  coordinateSelect.addEventListener('change', () => (stale.charts = true));
  mapSelect.addEventListener('change', () => (stale.maps = true));
  byId('settings-title')
    .closest('form')!
    .addEventListener('submit', (event) => event.preventDefault());
  stage.addEventListener('pointerdown', startDragging);
  stage.addEventListener('pointermove', (event) => void drag(event));
  for (const end of ['pointerup', 'pointercancel'])
    stage.addEventListener(end, () => {
      dragging = undefined;
      stage.classList.remove('dragging');
    });
  addEventListener('resize', redrawMotion);
  copies(byId<HTMLButtonElement>('copy-command'), () => byId('command').textContent ?? '');
}

/// Another size, other colours.
export function redrawMotion(): void {
  if (paths) picture.fit(paths.of[0]);
  stale.charts = stale.maps = true;
}

export function showMotion(on: boolean): void {
  visible = on;
  if (!settings) return; // not begun yet
  if (on) redrawMotion();
  if (wanted && steps < settings.steps) setTraining(on);
}

export async function startMotion(): Promise<void> {
  try {
    ({ systems, models } = await ask('catalogue'));
    fillForm(systems, models, first);
    listen();
    setPlaying(playing);
    await begin(false);
    requestAnimationFrame(frame);
    void keepLooking();
  } catch (error) {
    fail(error);
  }
}
