// The system's picture: the true motion, and what both networks make of it, from the same start.
import { colour, prepare } from './dom';
import type { Path, System } from './engine';

export const looks = [
  { name: 'true', dash: [], width: 3 },
  { name: 'learnt', dash: [7, 4], width: 2.5 },
  { name: 'plain', dash: [2, 4], width: 2.5 },
];

// A picture in space is seen from a little above, and from the side [rad].
const tilt = 0.35;
const turn = 0.6;
const radius = 8;
const trail = 60; // times

export class Picture {
  private centre: [number, number] = [0, 0];
  private metre = 100; // [px]
  private middle: [number, number] = [0, 0]; // of the canvas

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly system: System,
  ) {}

  /// Right and up on the screen, each as a direction in space.
  private axes(): [number[], number[]] {
    if (this.system.dimension === 2)
      return [
        [1, 0],
        [0, 1],
      ];
    const [c, s] = [Math.cos(turn), Math.sin(turn)];
    return [
      [c, -s, 0],
      [s * Math.sin(tilt), c * Math.sin(tilt), Math.cos(tilt)],
    ];
  }

  private flat(place: ArrayLike<number>): [number, number] {
    const [right, up] = this.axes();
    const along = (axis: number[]) => axis.reduce((sum, a, i) => sum + a * place[i], 0);
    return [along(right), along(up)];
  }

  private onCanvas(place: ArrayLike<number>): [number, number] {
    const [x, y] = this.flat(place);
    return [
      this.middle[0] + (x - this.centre[0]) * this.metre,
      this.middle[1] - (y - this.centre[1]) * this.metre,
    ];
  }

  private pointsAt(path: Path, time: number): Float64Array[] {
    const d = this.system.dimension;
    const times = path.energies.length;
    if (times === 0) return [];
    const count = path.points.length / times / d;
    const begin = Math.min(time, times - 1) * count * d;
    return Array.from({ length: count }, (_, p) =>
      path.points.subarray(begin + p * d, begin + (p + 1) * d),
    );
  }

  /// All of the true motion fits in, and some room around what hangs from the origin.
  fit(truth: Path): void {
    const d = this.system.dimension;
    const fixed = this.system.links.some(([from]) => from < 0);
    let [left, right, low, high] = fixed
      ? [0, 0, 0, 0]
      : [Infinity, -Infinity, Infinity, -Infinity];
    for (let k = 0; k < truth.points.length; k += d) {
      const [x, y] = this.flat(truth.points.subarray(k, k + d));
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [low, high] = [Math.min(low, y), Math.max(high, y)];
    }
    if (fixed) {
      const reach = Math.max(-left, right, -low, high);
      const room = reach / 2;
      left = Math.min(left, -room);
      right = Math.max(right, room);
      low = Math.min(low, -room);
      high = Math.max(high, room);
    }
    this.centre = [(left + right) / 2, (low + high) / 2];
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.metre = 0.84 * Math.min(width / (right - left || 1), height / (high - low || 1));
  }

  draw(paths: Path[], time: number): void {
    const { context, width, height } = prepare(this.canvas);
    this.middle = [width / 2, height / 2];
    context.lineCap = 'round';
    context.lineJoin = 'round';
    // The truth comes last: it lies above.
    for (const which of [2, 1, 0]) {
      const { name, dash, width: line } = looks[which];
      const path = paths[which];
      const now = this.pointsAt(path, time);
      if (now.length === 0) continue;
      context.strokeStyle = context.fillStyle = colour(name);

      context.setLineDash([]);
      context.lineWidth = 1.5;
      const last = now.length - 1;
      for (let k = Math.max(1, time - trail); k <= Math.min(time, path.energies.length - 1); ++k) {
        context.globalAlpha = 0.55 * (1 - (time - k) / trail);
        context.beginPath();
        context.moveTo(...this.onCanvas(this.pointsAt(path, k - 1)[last]));
        context.lineTo(...this.onCanvas(this.pointsAt(path, k)[last]));
        context.stroke();
      }

      context.globalAlpha = time < path.energies.length ? 1 : 0.35; // it could not go on
      context.setLineDash(dash);
      context.lineWidth = line;
      for (const [from, to] of this.system.links) {
        const origin = new Float64Array(this.system.dimension);
        context.beginPath();
        context.moveTo(...this.onCanvas(from < 0 ? origin : now[from]));
        context.lineTo(...this.onCanvas(to < 0 ? origin : now[to]));
        context.stroke();
      }
      context.setLineDash([]);
      for (const place of now) {
        context.beginPath();
        context.arc(...this.onCanvas(place), which === 0 ? radius : radius - 1.5, 0, 2 * Math.PI);
        if (which === 0) {
          context.fill();
        } else {
          context.lineWidth = 3;
          context.save();
          context.fillStyle = colour('card');
          context.fill();
          context.restore();
          context.stroke();
        }
      }
      context.globalAlpha = 1;
    }
    if (this.system.links.some(([from]) => from < 0)) {
      context.fillStyle = colour('muted');
      context.beginPath();
      context.arc(...this.onCanvas(new Float64Array(this.system.dimension)), 3.5, 0, 2 * Math.PI);
      context.fill();
    }
  }

  /// The true point that lies nearest to a place on the canvas, if one is near.
  pointNear(truth: Path, time: number, x: number, y: number): number | undefined {
    let [nearest, distance] = [-1, 45];
    this.pointsAt(truth, time).forEach((place, k) => {
      const [px, py] = this.onCanvas(place);
      const apart = Math.hypot(px - x, py - y);
      if (apart < distance) [nearest, distance] = [k, apart];
    });
    return nearest < 0 ? undefined : nearest;
  }

  /// Where in space a point is dragged to: it moves in the plane of the screen.
  placeOf(truth: Path, time: number, point: number, x: number, y: number): number[] {
    const before = this.pointsAt(truth, time)[point];
    const [px, py] = this.onCanvas(before);
    const [right, up] = this.axes();
    const [dx, dy] = [(x - px) / this.metre, (py - y) / this.metre];
    return Array.from(before, (value, i) => value + dx * right[i] + dy * up[i]);
  }
}
