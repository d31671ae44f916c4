// Charts on a canvas: lines over an axis, points, maps.
import { brief, colour, prepare } from './dom';

export interface Line {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  colour: string; // of the style sheet
  dash?: number[];
  width?: number;
}
export interface Mark {
  x: number;
  colour: string;
}
export interface Axes {
  x: [number, number];
  y: [number, number];
  logarithmic?: boolean; // y
  xLabel?: string;
  yLabel?: string;
  cursor?: number; // at this x
  marks?: Mark[]; // ticks above
}

const margin = { left: 46, right: 16, top: 22, bottom: 30 };

/// Round numbers in a range, about `count` of them.
function ticks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [10, 5, 2, 1].map((m) => m * power).find((s) => s <= 1.5 * rough)!;
  const all: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; ++k)
    all.push(k * step);
  return all;
}

function powers(low: number, high: number): number[] {
  const [from, to] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const stride = Math.max(1, Math.ceil((to - from) / 4));
  const all: number[] = [];
  for (let k = from; k <= to; k += stride) all.push(10 ** k);
  return all;
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const powerText = (x: number) => {
  const exponent = Math.round(Math.log10(x));
  return `10${exponent < 0 ? '⁻' : ''}${[...String(Math.abs(exponent))].map((d) => superscripts[Number(d)]).join('')}`;
};

/// Draws axes; gives back where numbers lie on the canvas.
function frame(canvas: HTMLCanvasElement, axes: Axes) {
  const { context, width, height } = prepare(canvas);
  const scale = axes.logarithmic ? Math.log10 : (v: number) => v;
  const [x0, x1] = axes.x;
  const [y0, y1] = axes.y.map(scale);
  const across = (v: number) =>
    margin.left + ((v - x0) / (x1 - x0)) * (width - margin.left - margin.right);
  const up = (v: number) =>
    height - margin.bottom - ((scale(v) - y0) / (y1 - y0)) * (height - margin.top - margin.bottom);

  context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  context.fillStyle = colour('muted');
  context.strokeStyle = colour('line');
  context.lineWidth = 1;
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  for (const v of axes.logarithmic ? powers(...axes.y) : ticks(...axes.y, 4)) {
    context.beginPath();
    context.moveTo(margin.left, up(v));
    context.lineTo(width - margin.right, up(v));
    context.stroke();
    context.fillText(axes.logarithmic ? powerText(v) : brief(v), margin.left - 6, up(v));
  }
  context.textBaseline = 'top';
  context.textAlign = 'center';
  const xTicks = ticks(...axes.x, width < 420 ? 4 : 6);
  for (const v of xTicks) context.fillText(brief(v), across(v), height - margin.bottom + 5);
  context.textAlign = 'right';
  context.textBaseline = 'bottom';
  if (axes.xLabel) context.fillText(axes.xLabel, width - margin.right, height - 1);
  context.textAlign = 'left';
  context.textBaseline = 'top';
  if (axes.yLabel) context.fillText(axes.yLabel, 2, 0);
  return { context, width, height, across, up };
}

function clip(context: CanvasRenderingContext2D, width: number, height: number): void {
  context.beginPath();
  context.rect(margin.left, 4, width - margin.left - margin.right, height - margin.bottom - 4);
  context.clip();
}

export function drawLines(canvas: HTMLCanvasElement, lines: Line[], axes: Axes): void {
  const { context, width, height, across, up } = frame(canvas, axes);
  context.save();
  clip(context, width, height);
  for (const line of lines) {
    context.strokeStyle = colour(line.colour);
    context.lineWidth = line.width ?? 1.8;
    context.setLineDash(line.dash ?? []);
    context.beginPath();
    for (let k = 0; k < Math.min(line.x.length, line.y.length); ++k)
      if (Number.isFinite(line.y[k])) context.lineTo(across(line.x[k]), up(line.y[k]));
    context.stroke();
  }
  context.setLineDash([]);
  for (const mark of axes.marks ?? []) {
    context.fillStyle = colour(mark.colour);
    const x = across(mark.x);
    context.beginPath();
    context.moveTo(x - 5, 4);
    context.lineTo(x + 5, 4);
    context.lineTo(x, 13);
    context.fill();
  }
  if (axes.cursor !== undefined) {
    context.strokeStyle = colour('muted');
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(across(axes.cursor), 4);
    context.lineTo(across(axes.cursor), height);
    context.stroke();
  }
  context.restore();
}

export interface Cloud {
  points: number[]; // x, y, x, y, ...
  colour: string;
}

export function drawPoints(canvas: HTMLCanvasElement, clouds: Cloud[], axes: Axes): void {
  const { context, width, height, across, up } = frame(canvas, axes);
  context.save();
  clip(context, width, height);
  for (const { points, colour: name } of clouds) {
    context.fillStyle = colour(name);
    for (let k = 0; k + 1 < points.length; k += 2)
      context.fillRect(across(points[k]) - 1, up(points[k + 1]) - 1, 2, 2);
  }
  if (clouds.every(({ points }) => points.length === 0)) {
    context.fillStyle = colour('muted');
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillText('no dot so far', (margin.left + width) / 2, (height - margin.bottom) / 2);
  }
  context.restore();
}

/// Blue over green to yellow, as light grows (viridis): each part is told from each other in grey,
/// too.
const shades = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
];

export function drawMap(
  canvas: HTMLCanvasElement,
  values: Float64Array,
  size: number,
  range: [number, number],
  axes: Axes,
): void {
  const { context, across, up } = frame(canvas, axes);
  const image = new ImageData(size, size);
  for (let k = 0; k < values.length; ++k) {
    const part = Math.min(1, Math.max(0, (values[k] - range[0]) / (range[1] - range[0] || 1)));
    const at = part * (shades.length - 1);
    const low = Math.min(shades.length - 2, Math.floor(at));
    const pixel = 4 * ((size - 1 - Math.floor(k / size)) * size + (k % size));
    for (let c = 0; c < 3; ++c)
      image.data[pixel + c] = shades[low][c] + (at - low) * (shades[low + 1][c] - shades[low][c]);
    image.data[pixel + 3] = Number.isFinite(values[k]) ? 255 : 0;
  }
  const small = new OffscreenCanvas(size, size);
  small.getContext('2d')!.putImageData(image, 0, 0);
  const [left, right] = axes.x.map(across);
  const [bottom, top] = axes.y.map(up);
  context.drawImage(small, left, top, right - left, bottom - top);
}

/// From the lowest to the highest of most of the numbers: what runs away does not flatten the rest.
export function rangeOf(all: ArrayLike<number>[], trim = 0): [number, number] {
  const numbers = all.flatMap((some) => Array.from(some).filter(Number.isFinite));
  numbers.sort((a, b) => a - b);
  if (numbers.length === 0) return [0, 1];
  const cut = Math.floor(trim * numbers.length);
  const [low, high] = [numbers[cut], numbers[numbers.length - 1 - cut]];
  const around = Math.max(
    0.06 * (high - low),
    1e-3 * Math.max(Math.abs(low), Math.abs(high)),
    1e-12,
  );
  return [low - around, high + around];
}
