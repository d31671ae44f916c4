// The motion's view: a system, two networks that learn it, and what they make of it meanwhile.
import { forget, remember, setting, within, type Rule } from './address';
import { ask, onProgress } from './ask';
import { describeMotion, drawLosses, drawMaps, drawMotion, mapSize } from './charts';
import { commandOf } from './command';
import { brief, byId, copies, move, reducedMotion, slider } from './dom';
import type { Model, System } from './engine';
import { Picture } from './picture';
import {
  entryLabel,
  entryName,
  inSeconds,
  presentLoss,
  spaced,
  times,
  validText,
  type Scene,
} from './scene';
import { fillForm, onChange, settingsOfForm } from './settings';

const first = 'spring_pendulum'; // shown where the address names no system
const longer = 2; // a motion is shown for so many times its typical duration
const pauses = { motion: 120, errors: 400, maps: 900, sections: 200 }; // [ms] between two looks while it trains
const mostPoints = 4000; // of a section, as numbers
const farthest = 1000; // that a coordinate or velocity of a start may be
const mostPieces = 300; // of a motion that are looked through for them

const canvas = (id: string) => byId<HTMLCanvasElement>(id);
const stage = canvas('stage');
const timeSlider = byId<HTMLInputElement>('motion-time');
const playButton = byId<HTMLButtonElement>('motion-play');
const trainButton = byId<HTMLButtonElement>('train');
const coordinateSelect = byId<HTMLSelectElement>('coordinate');
const mapSelect = byId<HTMLSelectElement>('map');

let systems: System[];
let models: Model[];
let picture: Picture;
/// begin() fills it in.
const scene = { start: new Float64Array(), clock: 0 } as Scene;

let visible = false; // this view is the one that is shown
let playing = !reducedMotion();
let training = false;
let wanted = !reducedMotion(); // that it trains; where all steps are done, a new experiment goes on
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
  scene.settings = settingsOfForm();
  try {
    await ask('begin', scene.settings);
  } catch (error) {
    return fail(error);
  }
  if (mine !== run) return;
  byId('failure').hidden = true;
  scene.system = systems.find(({ name }) => name === scene.settings.system)!;
  scene.duration = longer * scene.system.duration;
  picture = new Picture(stage, scene.system);
  scene.paths = undefined;
  scene.steps = 0;
  scene.losses = [[], []];
  scene.errors = { step: [], of: [[], []] };
  scene.sections = [[], [], []];
  stale.errors = stale.maps = stale.sections = true;
  showSettings();
  const size = scene.system.low.length;
  const asked = setting('start', '', startRule(size));
  if (asked !== '') setStart(Float64Array.from(asked.split(','), Number));
  else if (!keepStart || scene.start.length !== size) await newStart(scene.settings.seed);
  else setStart(scene.start);
  ready = true;
  setTraining(wanted && visible);
}

/// A state may lie outside what is typical, but not where numbers end.
const startRule = (size: number): Rule => ({
  fits: (text) => {
    const numbers = text.split(',').map(within(-farthest, farthest).fits);
    return numbers.length === size && numbers.every(Boolean);
  },
  right: `${size} numbers from ${-farthest} to ${farthest}, with commas between`,
});

/// Large systems have too many numbers for a slider each.
const slidersOf = ({ low }: System) => Math.min(low.length, 12);

/// A random state of the region; what hangs is let go at rest.
async function newStart(seed: number): Promise<void> {
  const state = await ask('randomStart', seed);
  if (scene.system.links.length > 0 && !scene.system.bound) state.fill(0, state.length / 2);
  setStart(state);
}

/// The page itself starts from the digits that are in the address: chaos would tell them apart.
function setStart(exact: Float64Array): void {
  const state = exact.map((x) => Number(x.toPrecision(6)));
  scene.start = state;
  remember({ start: state.join(',') });
  stale.motion = true;
  for (const which of [0, 1, 2] as const) restartSection(which);
  for (let k = 0; k < slidersOf(scene.system); ++k) move(`start-${k}`, state[k]);
  const mine = run;
  void ask('lyapunovTime', state).then(
    (seconds) => {
      if (mine !== run || state !== scene.start) return;
      byId('lyapunov').textContent =
        seconds > 0 && seconds < 20 * scene.duration ? inSeconds(seconds) : 'none';
    },
    () => (byId('lyapunov').textContent = '–'),
  );
}

/// Whatever the page tells of the settings.
function showSettings(): void {
  const n = scene.system.coordinates.length;
  byId('system-name').textContent = `${spaced(scene.system.name)}: ${scene.system.what}`;
  const model = models.find(({ name }) => name === scene.settings.model)!;
  const called =
    scene.settings.model === 'lnn'
      ? 'Lagrangian'
      : model.what.replace(/^an? /, '').split(/[ ,]/)[0];
  byId('legend-learnt').textContent = model.what.replace(/^an? /, '').split(',')[0];
  byId('clock-learnt').textContent = called;
  const { command, hint } = commandOf(scene.settings, scene.system.duration);
  byId('command').textContent = command;
  byId('command-hint').textContent = hint;

  const before = coordinateSelect.value;
  coordinateSelect.replaceChildren(
    ...scene.system.coordinates.map((_, k) => new Option(entryLabel(scene.system, k), String(k))),
  );
  if (Number(before) < n) coordinateSelect.value = before || '0';

  const maps: [string, string][] = [['L', 'L']];
  for (let i = 0; i < Math.min(n, 3); ++i)
    for (let j = i; j < Math.min(n, 3); ++j)
      maps.push([`${i},${j}`, n === 1 ? 'M' : `M${i + 1}${j + 1}`]);
  const chosen = mapSelect.value;
  mapSelect.replaceChildren(...maps.map(([value, text]) => new Option(text, value)));
  if (maps.some(([value]) => value === chosen)) mapSelect.value = chosen;

  const section = scene.system.section >= 0;
  byId('section-title').textContent = section ? 'Poincaré section' : 'Phase portrait';
  byId('section-hint').textContent = section
    ? `A dot each time ${entryName(scene.system, scene.system.section)} passes 0 upwards: a curve is an orderly motion, a cloud is chaos. The networks’ dots come while training rests.`
    : 'The chosen coordinate against its rate: a closed curve is a motion that comes back.';

  byId('start-sliders').replaceChildren(
    ...Array.from({ length: slidersOf(scene.system) }, (_, k) => {
      const range = { min: scene.system.low[k], max: scene.system.high[k], step: 'any' } as const;
      return slider(`start-${k}`, entryLabel(scene.system, k), range, 'start-hint', (value) => {
        const state = scene.start.slice();
        state[k] = value;
        setStart(state);
        scene.clock = 0;
      });
    }),
  );
}

// ---------------------------------------------------------------- training

function setTraining(on: boolean): void {
  training = on;
  const pace = Number(byId<HTMLSelectElement>('pace').value);
  (on ? ask('run', pace) : ask('pause')).catch(fail);
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
  scene.sections[which] = [];
  pieces[which] = 0;
  stale.sections = true;
  ask('restartSection', which).catch(fail);
}

function tellTraining(): void {
  const finished = scene.steps >= scene.settings.steps;
  trainButton.textContent = training
    ? 'Pause'
    : finished
      ? 'Done'
      : scene.steps === 0
        ? 'Train'
        : 'Go on';
  trainButton.disabled = finished;
  byId<HTMLButtonElement>('train-step').disabled = finished || training;
  byId<HTMLProgressElement>('train-progress').value = scene.steps / scene.settings.steps;
  const text = byId('train-says');
  text.setAttribute('aria-live', training ? 'off' : 'polite'); // numbers that run are not read out
  text.textContent =
    scene.steps === 0
      ? 'Nothing is learnt yet: both networks are as they were drawn at random.'
      : `${scene.steps.toLocaleString('en')} of ${scene.settings.steps.toLocaleString('en')} steps. Loss ${brief(presentLoss(scene, 0))}, of the plain network ${brief(presentLoss(scene, 1))}.`;
}

onProgress((progress) => {
  scene.steps = progress.steps;
  for (let k = 0; k < progress.losses.length; k += 2) {
    scene.losses[0].push(progress.losses[k]);
    scene.losses[1].push(progress.losses[k + 1]);
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
  const asked = scene.start;
  const answer = await ask('rollOut', asked, scene.duration, times);
  if (mine !== run || asked !== scene.start) return;
  scene.paths = answer;
  if (!dragging) picture.fit(scene.paths.of[0]); // under the finger the scale stays
  const reached = (scene.paths.of[0].energies.length - 1) / (times - 1);
  byId('truth-ends').textContent =
    reached < 1
      ? `From this start the true motion itself cannot be computed beyond ${inSeconds(reached * scene.duration)}.`
      : '';
  byId('valid-learnt').textContent = validText(scene.paths.valid[0], scene.duration);
  byId('valid-plain').textContent = validText(scene.paths.valid[1], scene.duration);
  describeMotion(scene, Number(coordinateSelect.value));
  stale.charts = true;
}

async function lookAtErrors(mine: number): Promise<void> {
  const at = scene.steps;
  const answer = await ask('errors');
  if (mine !== run) return;
  scene.errors.step.push(at);
  scene.errors.of[0].push(answer[0]);
  scene.errors.of[1].push(answer[1]);
  stale.charts = true;
}

async function lookAtSections(mine: number): Promise<void> {
  if (scene.system.section < 0) return;
  for (const which of training ? [0] : [0, 1, 2]) {
    const list = scene.sections[which];
    if (list.length >= mostPoints || pieces[which] >= mostPieces || mine !== run) continue;
    ++pieces[which];
    const asked = scene.start;
    const points = await ask('section', which, asked, 2 * scene.system.duration);
    if (mine !== run || asked !== scene.start || list !== scene.sections[which]) continue;
    const angle = scene.system.angles[1 - scene.system.section];
    for (let k = 0; k < points.length; k += 2)
      list.push(angle ? around(points[k]) : points[k], points[k + 1]);
    stale.charts = true;
  }
  stale.sections = true;
}

/// An angle within half a turn of 0.
const around = (angle: number) => angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));

async function lookAtMaps(mine: number): Promise<void> {
  const what = mapSelect.value;
  const [row, column] = what.split(',').map(Number);
  const maps = await (what === 'L'
    ? ask('lagrangianMap', 0, 1, mapSize)
    : ask('massMap', row, column, 0, 1, mapSize));
  if (mine !== run || what !== mapSelect.value) return;
  const known = maps.learnt.length > 0;
  byId('maps').hidden = !known;
  if (known) drawMaps(scene.system, maps, mapSelect.selectedOptions[0].text);
  else byId('map-hint').textContent = 'This network has neither a Lagrangian nor a mass matrix.';
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

const timeIndex = () => Math.round(scene.clock * (times - 1));

let before = 0;
let chartsDrawn = 0;
function frame(now: number): void {
  requestAnimationFrame(frame);
  const passed = Math.min(0.1, (now - before) / 1000);
  before = now;
  if (!visible || !scene.paths) return;
  if (playing && !dragging) {
    // A motion takes its own time on the screen, but no longer than ten seconds.
    scene.clock = (scene.clock + passed / Math.min(10, Math.max(3, scene.duration))) % 1;
    timeSlider.value = String(scene.clock);
  }
  byId('motion-clock').textContent = `${(scene.clock * scene.duration).toFixed(1)} s`;
  picture.draw(scene.paths.of, timeIndex());
  if (stale.charts || (playing && now - chartsDrawn > 60)) {
    if (stale.charts) drawLosses(scene);
    drawMotion(scene, Number(coordinateSelect.value));
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
  if (!dragging || !scene.paths || !ready || dragAsked) return;
  dragAsked = true;
  const mine = run;
  const wanted = picture.placeOf(scene.paths.of[0], 0, dragging.point, ...place(event));
  try {
    const state = await ask('dragged', scene.start, dragging.point, wanted);
    if (mine === run) setStart(state);
  } catch (error) {
    fail(error);
  }
  dragAsked = false;
}

function startDragging(event: PointerEvent): void {
  if (!scene.paths || !ready) return;
  const point = picture.pointNear(scene.paths.of[0], timeIndex(), ...place(event));
  if (point === undefined) return;
  const size = scene.system.low.length;
  const state = scene.paths.of[0].states.slice(timeIndex() * size, (timeIndex() + 1) * size);
  if (scene.system.links.length > 0) state.fill(0, size / 2); // what hangs is held still
  dragging = { point };
  scene.clock = 0;
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
  byId('train-step').addEventListener('click', () => ask('step').catch(fail));
  byId('train-again').addEventListener('click', () => void begin(true));
  byId('pace').addEventListener('change', () => {
    remember({ pace: byId<HTMLSelectElement>('pace').value });
    if (training) setTraining(true);
  });
  onChange(async (what) => {
    if (what === 'system') forget('start');
    await begin(what !== 'system');
  });
  playButton.addEventListener('click', () => setPlaying(!playing));
  timeSlider.addEventListener('input', () => {
    setPlaying(false);
    scene.clock = timeSlider.valueAsNumber;
    stale.charts = true;
  });
  byId('random-start').addEventListener('click', () => {
    scene.clock = 0;
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
  if (scene.paths) picture.fit(scene.paths.of[0]);
  stale.charts = stale.maps = true;
}

export function showMotion(on: boolean): void {
  visible = on;
  if (!scene.settings) return; // not begun yet
  if (on) redrawMotion();
  if (wanted && scene.steps < scene.settings.steps) setTraining(on);
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
