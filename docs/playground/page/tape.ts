// The tape's view: an expression as a graph, values flowing up and adjoints down.
import { remember, setting, within, type Rule } from './address';
import { ask } from './ask';
import { brief, byId, copies, move, slider, svg } from './dom';
import type { Graph, TapeNode, TapeView } from './engine';
import { layOut, type Layout } from './layout';

const range = { min: -3, max: 3, step: 0.05 }; // of x and y
const first = { x: '1.2', y: '0.7' }; // where the address names no point
const most = { derivations: 3, drawn: 250 };
const box = { height: 64, gap: 22, rise: 110, letter: 7.6, padding: 26 };

interface Step {
  id: number;
  kind: 'value' | 'adjoint';
}

const input = byId<HTMLInputElement>('expression');
const compiledChoice = byId<HTMLInputElement>('as-compiled');
const frame = byId('graph-frame');
const stepSlider = byId<HTMLInputElement>('tape-step');
const playButton = byId<HTMLButtonElement>('tape-play');
const says = byId('tape-says');

let asked = ''; // the derivatives that are asked for, a letter each
let by = ''; // those of the view
let view: TapeView | undefined;
let graph: Graph | undefined;
let layout: Layout | undefined;
let steps: Step[] = [];
let at = 0; // so many steps are done
let timer = 0;

/// "∂²f/∂x∂y" of "xy".
function derivativeName(letters: string): string {
  if (letters === '') return 'f';
  const power = ['', '', '²', '³'][letters.length];
  return `∂${power}f/${[...letters].map((letter) => `∂${letter}`).join('')}`;
}

function stepsOf(shown: Graph): Step[] {
  const up = shown.nodes.map((_, id): Step => ({ id, kind: 'value' }));
  const down = up
    .filter(({ id }) => shown.nodes[id].adjoint !== null)
    .map(({ id }): Step => ({ id, kind: 'adjoint' }));
  return [...up, ...down.reverse()];
}

const name = (id: number) => `%${id} ${graph!.nodes[id].label}`;
const several = (names: string[]) =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/// What a step does, in a sentence.
function sentence({ id, kind }: Step): string {
  const node = graph!.nodes[id];
  if (kind === 'value') {
    if (node.inputs.length === 0) return `${name(id)} is ${brief(node.value)}.`;
    const read = node.inputs.map((input) => `%${input} = ${brief(graph!.nodes[input].value)}`);
    return `${name(id)} reads ${several([...new Set(read)])} and gives ${brief(node.value)}.`;
  }
  const readers = graph!.nodes.flatMap((other, reader) =>
    other.adjoint !== null && other.inputs.includes(id) ? [`%${reader}`] : [],
  );
  if (readers.length === 0)
    return `The sweep begins at the output, ${name(id)}, whose adjoint is 1.`;
  return `${name(id)} gathers what ${several(readers)} hand down: its adjoint is ${brief(node.adjoint!)}.`;
}

function nodeText(node: TapeNode): { label: string; width: number } {
  const label = node.label.replace(/^input /, '').replace('-', '−');
  return { label, width: Math.max(58, label.length * box.letter + box.padding + 20) };
}

function draw(): void {
  if (!graph || !layout) return;
  const done = steps.slice(0, at);
  const valued = new Set(done.filter((s) => s.kind === 'value').map((s) => s.id));
  const swept = new Set(done.filter((s) => s.kind === 'adjoint').map((s) => s.id));
  const current = at > 0 && at < steps.length ? steps[at - 1] : undefined;
  const margin = 12;
  const { width, height } = { width: layout.width + 2 * margin, height: layout.height };

  const edges = layout.edges.map(({ from, to, bends }) => {
    const start = { x: layout!.nodes[from].x, y: layout!.nodes[from].y - box.height / 2 };
    const end = { x: layout!.nodes[to].x, y: layout!.nodes[to].y + box.height / 2 };
    const points = [start, ...bends, end];
    let path = `M${start.x} ${start.y}`;
    for (let k = 1; k < points.length; ++k) {
      const [a, b] = [points[k - 1], points[k]];
      const middle = (a.y + b.y) / 2;
      path += `C${a.x} ${middle} ${b.x} ${middle} ${b.x} ${b.y}`;
    }
    const carries =
      current && current.kind === 'value' && current.id === to
        ? 'edge up'
        : current && current.kind === 'adjoint' && current.id === from && swept.has(to)
          ? 'edge down'
          : 'edge';
    return svg('path', { d: path, class: carries });
  });

  const nodes = graph.nodes.map((node, id) => {
    const { x, y } = layout!.nodes[id];
    const { label, width } = nodeText(node);
    const classes = ['node', `order-${node.order}`];
    if (node.inputs.length === 0) classes.push('leaf');
    if (view!.recorded === graph && view!.outputs.includes(id)) classes.push('output');
    if (current?.id === id) classes.push(current.kind === 'value' ? 'now-up' : 'now-down');
    const lines: SVGElement[] = [
      svg('rect', { x: -width / 2, y: -box.height / 2, width, height: box.height, rx: 10 }),
      svg('text', { y: -13, class: 'operation' }, svg('tspan', { class: 'id' }, `%${id} `), label),
    ];
    if (valued.has(id)) lines.push(svg('text', { y: 5, class: 'value' }, brief(node.value)));
    if (swept.has(id)) lines.push(svg('text', { y: 22, class: 'adjoint' }, brief(node.adjoint!)));
    return svg(
      'g',
      { class: classes.join(' '), transform: `translate(${x} ${y})` },
      svg(
        'title',
        {},
        `${name(id)} = ${node.value}` + (node.adjoint === null ? '' : `, adjoint ${node.adjoint}`),
      ),
      ...lines,
    );
  });

  const drawing = byId<SVGSVGElement>('graph');
  drawing.replaceChildren(...edges, ...nodes);
  drawing.setAttribute('viewBox', `${-margin} 0 ${width} ${height}`);
  // Small graphs are not blown up, large ones are scrolled.
  drawing.style.width = `${width}px`;
  drawing.style.maxWidth = width > 1.6 * frame.clientWidth ? 'none' : '100%';
  stepSlider.max = String(steps.length);
  stepSlider.value = String(at);
  stepSlider.setAttribute('aria-valuetext', `step ${at} of ${steps.length}`);
  says.textContent =
    at === 0
      ? 'A tape holds no number yet. Step forward: values flow up.'
      : at === steps.length
        ? ending()
        : sentence(steps[at - 1]);
}

function ending(): string {
  if (graph === view!.compiled)
    return `Compiled: ${view!.recorded.nodes.length} recorded nodes became ${graph!.nodes.length}, and these ${view!.instructions} ${view!.instructions === 1 ? 'instruction' : 'instructions'}.`;
  const output = view!.outputs.at(-1)!;
  const node = graph!.nodes[output];
  if (node.adjoint === null) return `${derivativeName(by)} depends on neither x nor y.`;
  return `The adjoint of a leaf is the derivative: x has ${brief(graph!.nodes[0].adjoint ?? 0)}, y has ${brief(graph!.nodes[1].adjoint ?? 0)}, of ${derivativeName(by)}.`;
}

function show(): void {
  if (!view) return;
  const shown = compiledChoice.checked ? view.compiled : view.recorded;
  graph = shown;
  steps = stepsOf(shown);
  at = Math.min(at, steps.length);
  const tooMany = shown.nodes.length > most.drawn;
  frame.hidden = tooMany;
  layout = tooMany
    ? undefined
    : layOut(
        shown.nodes.map((node) => node.inputs),
        shown.nodes.map((node) => nodeText(node).width),
        box.gap,
        box.rise,
      );
  byId('tape-results').replaceChildren(
    ...[...view.values].flatMap((value, k) => {
      const term = document.createElement('dt');
      const number = document.createElement('dd');
      term.textContent = derivativeName(by.slice(0, k));
      number.textContent = brief(value);
      number.title = String(value);
      number.dataset.value = String(value);
      return [term, number];
    }),
  );
  [1, 2, 3].forEach(
    (order) => (byId(`legend-${order}`).hidden = order > by.length || compiledChoice.checked),
  );
  byId('tape-code').textContent = view.code;
  byId('tape-listing').textContent = shown.listing;
  byId('tape-report').textContent = view.report;
  for (const id of ['tape-back', 'tape-play', 'tape-forward', 'tape-step'])
    byId<HTMLButtonElement | HTMLInputElement>(id).disabled = tooMany;
  if (tooMany)
    says.textContent = `${shown.nodes.length} nodes are too many to draw; the listing below has them all.`;
  else draw();
  const middle =
    layout?.nodes[shown === view.recorded ? view.outputs.at(-1)! : shown.nodes.length - 1].x;
  if (middle) frame.scrollLeft = middle - frame.clientWidth / 2;
}

/// Asks the engine anew. Where it cannot answer, the last graph stays, with its derivatives.
async function lookUp(): Promise<void> {
  const f = input.value;
  const [x, y] = ['x', 'y'].map((name) => byId<HTMLInputElement>(name).valueAsNumber);
  const before = view?.recorded.listing;
  const derivatives = asked;
  let error = '';
  try {
    view = await ask('tape', f, derivatives, x, y);
    by = derivatives;
    remember({ f, by, x, y });
    // Another graph is shown whole; the same one, with other numbers, stays where it is.
    if (view.recorded.listing !== before) at = Infinity;
    show();
  } catch (reason) {
    error = (reason as Error).message;
    asked = by;
  }
  byId('expression-error').textContent = error;
  input.setAttribute('aria-invalid', String(error !== ''));
  allowDerivatives();
}

let looking = false;
let again = false; // something has changed since
async function refresh(): Promise<void> {
  again = true;
  if (looking) return;
  looking = true;
  while (again) {
    again = false;
    await lookUp();
  }
  looking = false;
}

function derive(letters: string): void {
  asked = letters;
  allowDerivatives();
  void refresh();
}

function allowDerivatives(): void {
  const enough = asked.length === most.derivations;
  for (const letter of ['x', 'y']) byId<HTMLButtonElement>(`by-${letter}`).disabled = enough;
  byId<HTMLButtonElement>('by-undo').disabled = asked === '';
}

function stop(): void {
  clearInterval(timer);
  timer = 0;
  playButton.textContent = 'Play';
}

function go(to: number): void {
  at = Math.max(0, Math.min(steps.length, to));
  draw();
}

function play(): void {
  if (timer) return stop();
  if (at >= steps.length) go(0);
  playButton.textContent = 'Pause';
  timer = setInterval(
    () => {
      go(at + 1);
      if (at >= steps.length) stop();
    },
    Math.max(60, Math.min(600, 15_000 / steps.length)),
  ) as unknown as number;
}

/// Of an expression the engine itself tells what is wrong.
const anything: Rule = { fits: () => true, right: '' };
const derivations: Rule = {
  fits: (text) => /^[xy]*$/.test(text) && text.length <= most.derivations,
  right: `up to ${most.derivations} letters x and y`,
};

export function startTape(): void {
  input.value = setting('f', input.value, anything);
  asked = setting('by', '', derivations);
  input.addEventListener('input', () => void refresh());
  for (const name of ['x', 'y'] as const) {
    byId('point').append(slider(name, `${name} =`, range, 'point-hint', () => void refresh()));
    move(name, Number(setting(name, first[name], within(range.min, range.max))));
    byId(`by-${name}`).addEventListener('click', () => derive(asked + name));
  }
  byId('by-undo').addEventListener('click', () => derive(asked.slice(0, -1)));
  for (const choice of [byId('as-recorded'), compiledChoice])
    choice.addEventListener('change', () => {
      stop();
      at = Infinity;
      show();
    });
  stepSlider.addEventListener('input', () => (stop(), go(stepSlider.valueAsNumber)));
  byId('tape-back').addEventListener('click', () => (stop(), go(at - 1)));
  byId('tape-forward').addEventListener('click', () => (stop(), go(at + 1)));
  playButton.addEventListener('click', play);
  copies(byId<HTMLButtonElement>('copy-code'), () => view?.code ?? '');
  addEventListener('resize', draw);
  void refresh();
}
