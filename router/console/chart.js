// A small line that moves: the last minutes of one number, or of two on one scale.

import { svg } from "./dom.js";

const WIDTH = 120;
const HEIGHT = 30;
// Below this a line would magnify noise.
const SMALLEST_TOP = 1;

export class Chart {
  #lines;
  #area = svg("polygon", { class: "area" });

  /** `names`: a CSS class a line. */
  constructor(names) {
    this.#lines = names.map((name) => svg("polyline", { class: `line ${name}` }));
    this.root = svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" }, this.#area, this.#lines);
  }

  /** One array of numbers a line, newest last; `most`: how many fill the width. */
  draw(series, most) {
    const top = Math.max(SMALLEST_TOP, ...series.flat()) * 1.08;
    const points = series.map((values) =>
      values.map((value, at) => [((most - values.length + at) / (most - 1)) * WIDTH, HEIGHT - 1 - (value / top) * (HEIGHT - 2)]),
    );
    points.forEach((line, at) => this.#lines[at].setAttribute("points", line.map(pair).join(" ")));
    const [first] = points;
    if (first.length < 2) return;
    this.#area.setAttribute("points", [`${first[0][0].toFixed(1)},${HEIGHT}`, ...first.map(pair), `${WIDTH},${HEIGHT}`].join(" "));
  }
}

function pair([x, y]) {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}
