// Where a graph's nodes are drawn: in layers, every node above all that it reads (Sugiyama, Tagawa
// & Toda 1981). An edge over several layers gets a place in each of them, so that it bends around
// nodes. Within a layer, nodes go where their neighbours are: on average, sweep after sweep.

export interface Point {
  x: number;
  y: number;
}
export interface Layout {
  nodes: Point[]; // centres
  edges: { from: number; to: number; bends: Point[] }[];
  width: number;
  height: number;
}

interface Place {
  layer: number;
  below: Place[];
  above: Place[];
  width: number;
  x: number;
}

const sweeps = 12;

export function layOut(inputs: number[][], widths: number[], gap: number, rise: number): Layout {
  const places: Place[] = widths.map((width) => ({ layer: 0, below: [], above: [], width, x: 0 }));
  const readers = inputs.map((): number[] => []);
  inputs.forEach((reads, id) => {
    for (const input of reads) {
      readers[input].push(id);
      places[id].layer = Math.max(places[id].layer, places[input].layer + 1);
    }
  });
  // A leaf comes up to just below its lowest reader.
  inputs.forEach((reads, id) => {
    if (reads.length === 0 && readers[id].length > 0)
      places[id].layer = Math.min(...readers[id].map((reader) => places[reader].layer)) - 1;
  });

  const layers: Place[][] = [];
  const add = (place: Place) => (layers[place.layer] ??= []).push(place);
  places.forEach(add);
  const chains = inputs.flatMap((reads, to) =>
    [...new Set(reads)].map((from) => {
      const chain: Place[] = [places[from]];
      for (let layer = places[from].layer + 1; layer < places[to].layer; ++layer) {
        const bend: Place = { layer, below: [], above: [], width: 0, x: 0 };
        add(bend);
        chain.push(bend);
      }
      chain.push(places[to]);
      for (let k = 1; k < chain.length; ++k) {
        chain[k - 1].above.push(chain[k]);
        chain[k].below.push(chain[k - 1]);
      }
      return { from, to, chain };
    }),
  );

  for (const layer of layers) spread(layer, gap);
  for (let sweep = 0; sweep < sweeps; ++sweep) {
    const upwards = sweep % 2 === 0;
    for (const layer of upwards ? layers : [...layers].reverse()) {
      const wanted = new Map(
        layer.map((place) => [place, mean(upwards ? place.below : place.above, place.x)]),
      );
      layer.sort((a, b) => wanted.get(a)! - wanted.get(b)!);
      settle(layer, wanted, gap);
    }
  }

  const left = Math.min(...layers.flat().map((place) => place.x - place.width / 2));
  const right = Math.max(...layers.flat().map((place) => place.x + place.width / 2));
  const height = layers.length * rise;
  const point = (place: Place): Point => ({
    x: place.x - left,
    y: height - (place.layer + 0.5) * rise, // values flow up
  });
  return {
    nodes: places.map(point),
    edges: chains.map(({ from, to, chain }) => ({
      from,
      to,
      bends: chain.slice(1, -1).map(point),
    })),
    width: right - left,
    height,
  };
}

function mean(places: Place[], otherwise: number): number {
  if (places.length === 0) return otherwise;
  return places.reduce((sum, place) => sum + place.x, 0) / places.length;
}

const apart = (a: Place, b: Place, gap: number) => (a.width + b.width) / 2 + gap;

function spread(layer: Place[], gap: number): void {
  layer.forEach((place, k) => {
    place.x = k === 0 ? 0 : layer[k - 1].x + apart(layer[k - 1], place, gap);
  });
}

/// As near to where they want to be as the distances allow, in the order given: neighbours that
/// would overlap become a block, which goes to the mean of what its members want.
function settle(layer: Place[], wanted: Map<Place, number>, gap: number): void {
  const blocks: { members: Place[]; offsets: number[]; sum: number }[] = [];
  const at = (block: (typeof blocks)[0]) => block.sum / block.members.length;
  for (const place of layer) {
    let block = { members: [place], offsets: [0], sum: wanted.get(place)! };
    while (blocks.length > 0) {
      const before = blocks[blocks.length - 1];
      const end = before.members.length - 1;
      const step = before.offsets[end] + apart(before.members[end], block.members[0], gap);
      if (at(before) + step <= at(block)) break;
      blocks.pop();
      block = {
        members: [...before.members, ...block.members],
        offsets: [...before.offsets, ...block.offsets.map((offset) => offset + step)],
        sum: before.sum + block.sum - step * block.members.length,
      };
    }
    blocks.push(block);
  }
  for (const block of blocks)
    block.members.forEach((place, k) => {
      place.x = at(block) + block.offsets[k];
    });
}
