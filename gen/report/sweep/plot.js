"use strict";
// A chart of two figures: a point is a button, the best trade-offs of each group are joined.

const COLOURS = ["pe", "recode", "skew", "bus", "adders", "stream"];
const SHAPES = ["", "square", "diamond"];

/** An element with classes, text and attributes. */
function make(name, className = "", text = "", attributes = {}) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** A number to four places at least, or a dash. */
function shown(value) {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  const places = Math.min(Math.max(3 - Math.floor(Math.log10(Math.abs(value))), 0), 10);
  return value.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
}

/** A round number with a prefix. */
function short(value) {
  for (const [scale, prefix] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (Math.abs(value) >= scale) return `${Number((value / scale).toPrecision(3))}${prefix}`;
  }
  return Math.abs(value) >= 1e-3 || value === 0 ? String(Number(value.toPrecision(3))) : value.toExponential(0);
}

/** An axis: where values stand in percent, and round numbers on it; logarithmic where all values are above zero. */
function axis(values, most) {
  const logarithmic = values.every((value) => value > 0);
  const [to, from] = logarithmic ? [Math.log10, (each) => 10 ** each] : [(each) => each, (each) => each];
  let low = to(Math.min(...values)), high = to(Math.max(...values));
  const room = Math.max((high - low) * 0.08, logarithmic ? 0.2 : Math.abs(high) * 0.1 || 1);
  [low, high] = [low - room, high + room];
  const ticks = rounds(from(low), from(high), logarithmic, most);
  return { at: (value) => (100 * (to(value) - low)) / (high - low), ticks };
}

function rounds(low, high, logarithmic, most) {
  const steps = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 4, 6, 8], Array.from({ length: 90 }, (_, i) => (i + 10) / 10)];
  if (logarithmic) {
    for (const each of steps) {
      const found = [];
      for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
        found.push(...each.map((step) => step * 10 ** power).filter((value) => value >= low && value <= high));
      }
      if (found.length >= 3) return found.filter((_, i) => i % Math.ceil(found.length / most) === 0);
    }
  }
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((each) => each * power >= rough);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) found.push(Number(value.toPrecision(12)));
  return found;
}

/** The rows that no other row beats in both figures; better is 1 where more is, -1 where less is. */
function front(rows, across, up) {
  if (!across.better || !up.better) return [];
  const sorted = [...rows].sort(
    (a, b) => across.better * (b[across.key] - a[across.key]) || up.better * (b[up.key] - a[up.key]),
  );
  const found = [];
  for (const row of sorted) {
    const last = found.at(-1);
    if (!last || up.better * (row[up.key] - last[up.key]) > 0) found.push(row);
  }
  return found;
}

/** Draw rows into a box; returns what the best trade-offs are. */
function plot(box, rows, across, up, { group, look, open }) {
  const drawn = rows.filter((row) => typeof row[across.key] === "number" && typeof row[up.key] === "number");
  const named = (figure) => figure.label + (figure.unit ? `, ${figure.unit}` : "");
  box.replaceChildren();
  box.setAttribute("aria-label", `${up.label} against ${across.label}: ${drawn.length} points`);
  if (!drawn.length) {
    box.append(make("p", "none", "No point shown has both figures."));
    return [];
  }
  const x = axis(drawn.map((row) => row[across.key]), 4), y = axis(drawn.map((row) => row[up.key]), 6);
  const area = make("div", "plot"), left = make("div", "up"), below = make("div", "across");
  const lines = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of [["viewBox", "0 0 100 100"], ["preserveAspectRatio", "none"], ["aria-hidden", "true"]]) {
    lines.setAttribute(key, value);
  }
  area.append(lines);
  const best = new Set();
  const done = drawn.filter((row) => row.status === "done");
  for (const value of new Set(done.map((row) => row[group]))) {
    const found = front(done.filter((row) => row[group] === value), across, up);
    found.forEach((row) => best.add(row));
    const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
    line.setAttribute("class", "front-line");
    line.setAttribute("points", found.map((row) => `${x.at(row[across.key])},${100 - y.at(row[up.key])}`).join(" "));
    lines.append(line);
  }
  for (const row of drawn) {
    const { colour, shape } = look(row);
    const words = `Point ${row.point}, ${row.title}: ${shown(row[across.key])} ${across.unit}, ${shown(row[up.key])} ${up.unit}`;
    const dot = make("button", `dot ${shape} ${best.has(row) ? "front" : ""}`, "", { type: "button", title: words, "aria-label": words });
    dot.style.cssText = `left:${x.at(row[across.key])}%;bottom:${y.at(row[up.key])}%;--colour:var(--${colour})`;
    dot.dataset.point = row.point;
    dot.addEventListener("click", () => open(row));
    area.append(dot);
  }
  const mark = (value, side, at) => Object.assign(make("span", "", short(value)), { style: `${side}:${at}%` });
  left.append(...y.ticks.map((value) => mark(value, "bottom", y.at(value))));
  below.append(...x.ticks.map((value) => mark(value, "left", x.at(value))));
  box.append(make("p", "y-title", named(up)), left, area, below, make("p", "x-title", named(across)));
  return [...best];
}
