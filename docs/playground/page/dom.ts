// Small helpers around the document.

export function byId<T extends Element = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element #${id}`);
  return found as Element as T;
}

const svgSpace = 'http://www.w3.org/2000/svg';

export function svg(
  name: string,
  attributes: Record<string, string | number>,
  ...children: (Node | string)[]
): SVGElement {
  const element = document.createElementNS(svgSpace, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/// Four digits are enough for the eye.
export function brief(x: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'NaN' : x > 0 ? '∞' : '−∞';
  const size = Math.abs(x);
  const text = size !== 0 && (size >= 1e5 || size < 1e-3) ? x.toExponential(2) : x.toPrecision(4);
  const plain = text.includes('e') || !text.includes('.') ? text : text.replace(/\.?0+$/, '');
  return plain.replace('-', '−').replace('e+', 'e');
}

export const reducedMotion = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

/// A slider with a name and its number; `move` sets both.
export function slider(
  id: string,
  name: string,
  range: { min: number; max: number; step: number | 'any' },
  hint: string,
  moved: (value: number) => void,
): HTMLLabelElement {
  const label = document.createElement('label');
  const output = document.createElement('output');
  const input = document.createElement('input');
  label.htmlFor = id; // else it would name the output
  output.id = `${id}-out`;
  Object.assign(input, { type: 'range', id, ...range });
  input.setAttribute('aria-describedby', hint);
  input.addEventListener('input', () => {
    output.value = brief(input.valueAsNumber);
    moved(input.valueAsNumber);
  });
  label.append(`${name} `, output, input);
  return label;
}

export function move(id: string, value: number): void {
  byId<HTMLInputElement>(id).value = String(value);
  byId<HTMLOutputElement>(`${id}-out`).value = brief(value);
}

/// A button that copies a text, and says so.
export function copies(button: HTMLButtonElement, text: () => string): void {
  const label = button.textContent;
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Select it and copy: this browser does not let the page';
    }
    setTimeout(() => (button.textContent = label), 1500);
  });
}

/// A colour of the style sheet, as canvases need it.
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/// A canvas's own pixels, as many as its place on the screen has; then it is drawn in CSS's units.
export function prepare(canvas: HTMLCanvasElement): {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
} {
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  const ratio = devicePixelRatio || 1;
  const context = canvas.getContext('2d')!;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}
