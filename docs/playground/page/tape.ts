// The tape's view: an expression as a graph, values flowing up and adjoints down.
import { remember, numberSetting, setting } from './address';
import { ask } from './ask';
import { brief, byId, copies, svg } from './dom';
import type { Graph, TapeNode, TapeView } from './engine';
import { layOut, type Layout } from './layout';

const most = { derivations: 3, drawn: 250 };
const box = { height: 64, gap: 22, rise: 110, letter: 7.6, padding: 26 };

interface Step {
  id: number;
  kind: 'value' | 'adjoint';
}

const elements = {
  expression: byId<HTMLInputElement>('expression'),
  error: byId('expression-error'),
  x: byId<HTMLInputElement>('x'),
  y: byId<HTMLInputElement>('y'),
  xOut: byId<HTMLOutputElement>('x-out'),
  yOut: byId<HTMLOutputElement>('y-out'),
  byX: byId<HTMLButtonElement>('by-x'),
  byY: byId<HTMLButtonElement>('by-y'),
  undo: byId<HTMLButtonElement>('by-undo'),
  recorded: byId<HTMLInputElement>('as-recorded'),
  compiled: byId<HTMLInputElement>('as-compiled'),
  graph: byId<SVGSVGElement>('graph'),
  frame: byId('graph-frame'),
  step: byId<HTMLInputElement>('tape-step'),
  play: byId<HTMLButtonElement>('tape-play'),
  back: byId<HTMLButtonElement>('tape-back'),
  forward: byId<HTMLButtonElement>('tape-forward'),
  says: byId('tape-says'),
  results: byId('tape-results'),
  code: byId('tape-code'),
  listing: byId('tape-listing'),
  report: byId('tape-report'),
};

let by = setting('by', '').replace(/[^xy]/g, '').slice(0, most.derivations);
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

  elements.graph.replaceChildren(...edges, ...nodes);
  elements.graph.setAttribute('viewBox', `${-margin} 0 ${width} ${height}`);
  // Small graphs are not blown up, large ones are scrolled.
  elements.graph.style.width = `${width}px`;
  elements.graph.style.maxWidth = width > 1.6 * elements.frame.clientWidth ? 'none' : '100%';
  elements.step.max = String(steps.length);
  elements.step.value = String(at);
  elements.step.setAttribute('aria-valuetext', `step ${at} of ${steps.length}`);
  elements.says.textContent =
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
  const shown = elements.compiled.checked ? view.compiled : view.recorded;
  graph = shown;
  steps = stepsOf(shown);
  at = Math.min(at, steps.length);
  const tooMany = shown.nodes.length > most.drawn;
  elements.frame.hidden = tooMany;
  layout = tooMany
    ? undefined
    : layOut(
        shown.nodes.map((node) => node.inputs),
        shown.nodes.map((node) => nodeText(node).width),
        box.gap,
        box.rise,
      );
  elements.results.replaceChildren(
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
    (order) => (byId(`legend-${order}`).hidden = order > by.length || elements.compiled.checked),
  );
  elements.code.textContent = view.code;
  elements.listing.textContent = shown.listing;
  elements.report.textContent = view.report;
  elements.undo.disabled = by.length === 0;
  elements.byX.disabled = elements.byY.disabled = by.length === most.derivations;
  if (tooMany)
    elements.says.textContent = `${shown.nodes.length} nodes are too many to draw; the listing below has them all.`;
  else draw();
  const middle =
    layout?.nodes[shown === view.recorded ? view.outputs.at(-1)! : shown.nodes.length - 1].x;
  if (middle) elements.frame.scrollLeft = middle - elements.frame.clientWidth / 2;
}

/// Asks the engine anew; where the expression cannot be read, the last graph stays.
async function refresh(whole = true): Promise<void> {
  const expression = elements.expression.value;
  const [x, y] = [elements.x.valueAsNumber, elements.y.valueAsNumber];
  elements.xOut.value = brief(x);
  elements.yOut.value = brief(y);
  try {
    view = await ask('tape', expression, by, x, y);
  } catch (error) {
    elements.error.textContent = (error as Error).message;
    elements.expression.setAttribute('aria-invalid', 'true');
    return;
  }
  elements.error.textContent = '';
  elements.expression.removeAttribute('aria-invalid');
  for (const [key, value] of Object.entries({ f: expression, by, x, y })) remember(key, value);
  if (whole) at = Infinity;
  show();
}

function stop(): void {
  clearInterval(timer);
  timer = 0;
  elements.play.textContent = 'Play';
}

function go(to: number): void {
  at = Math.max(0, Math.min(steps.length, to));
  draw();
}

function play(): void {
  if (timer) return stop();
  if (at >= steps.length) go(0);
  elements.play.textContent = 'Pause';
  timer = setInterval(
    () => {
      go(at + 1);
      if (at >= steps.length) stop();
    },
    Math.max(60, Math.min(600, 15_000 / steps.length)),
  ) as unknown as number;
}

export function startTape(): void {
  elements.expression.value = setting('f', elements.expression.value);
  elements.x.valueAsNumber = numberSetting('x', elements.x.valueAsNumber, -3, 3);
  elements.y.valueAsNumber = numberSetting('y', elements.y.valueAsNumber, -3, 3);
  elements.expression.addEventListener('input', () => void refresh());
  for (const slider of [elements.x, elements.y])
    slider.addEventListener('input', () => void refresh(false));
  const derive = (letters: string) => {
    by = letters;
    void refresh();
  };
  elements.byX.addEventListener('click', () => derive(by + 'x'));
  elements.byY.addEventListener('click', () => derive(by + 'y'));
  elements.undo.addEventListener('click', () => derive(by.slice(0, -1)));
  for (const choice of [elements.recorded, elements.compiled])
    choice.addEventListener('change', () => {
      stop();
      at = Infinity;
      show();
    });
  elements.step.addEventListener('input', () => (stop(), go(elements.step.valueAsNumber)));
  elements.back.addEventListener('click', () => (stop(), go(at - 1)));
  elements.forward.addEventListener('click', () => (stop(), go(at + 1)));
  elements.play.addEventListener('click', play);
  copies(byId<HTMLButtonElement>('copy-code'), () => view?.code ?? '');
  addEventListener('resize', draw);
  void refresh();
}
