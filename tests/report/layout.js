// What is wrong with the layout of a page, as a list of sentences. Looks at what a reader sees, not at the sources.
const faults = [];
const wide = arguments[0]; // of the window, px
const slack = 0.6; // rounding
const name = (element) => {
  const words = element.textContent.trim().replace(/\s+/g, " ").slice(0, 40);
  return `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") || ""}"> "${words}"`;
};
const visible = (element) => {
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && element.checkVisibility();
};
const all = [...document.body.querySelectorAll("*")].filter(visible);

// The page itself never scrolls sideways.
if (document.scrollingElement.scrollWidth > wide) faults.push(`the page is ${document.scrollingElement.scrollWidth} px wide`);
window.scrollTo(50, 0);
if (window.scrollX) faults.push("the page scrolls sideways");
window.scrollTo(0, 0);

// Nothing sticks out of the window, but in a box that scrolls; and such a box says so.
for (const element of all) {
  const box = element.getBoundingClientRect();
  if (!element.closest(".scroll") && (box.right > wide + slack || box.left < -slack)) {
    faults.push(`${name(element)} reaches from ${box.left} to ${box.right}`);
  }
  const style = getComputedStyle(element);
  if (element.scrollWidth <= element.clientWidth + 1 || style.display === "inline") continue;
  if (["auto", "scroll"].includes(style.overflowX)) {
    const cue = element.parentElement.querySelector(":scope > .cue");
    const said = cue && cue.getBoundingClientRect().height >= 16 && cue.scrollWidth <= cue.clientWidth;
    if (!said) faults.push(`${name(element)} scrolls without a cue`);
    if (element.tabIndex !== 0 || !element.getAttribute("aria-label")) faults.push(`${name(element)} is no region`);
    if (!style.backgroundAttachment.includes("local")) faults.push(`${name(element)} has no shadows`);
  } else if (style.overflowX !== "visible") {
    faults.push(`${name(element)} is cut off`);
  }
}
for (const cue of document.querySelectorAll(".cue")) {
  const box = cue.parentElement.querySelector(".scroll");
  if (cue.getBoundingClientRect().height && box && box.scrollWidth <= box.clientWidth + 1) {
    faults.push(`${name(box)} has a cue and doesn't scroll`);
  }
}

// Colours as numbers, whatever their notation.
const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const known = new Map();
const rgba = (colour) => {
  if (known.has(colour)) return known.get(colour);
  pen.clearRect(0, 0, 1, 1);
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
  known.set(colour, [r, g, b, a / 255]);
  return known.get(colour);
};
const over = (top, below) => [...[0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])), 1];
const ground = (element) => {
  const layers = [];
  for (let at = element; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
  return layers.reverse().reduce((below, top) => over(top, below), rgba("white"));
};
const light = (colour) => {
  const [r, g, b] = colour.slice(0, 3).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (one, two) => {
  const [high, low] = [light(one), light(two)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
};

// Text: large enough, inside of its box, and readable on its ground.
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const range = document.createRange();
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const parent = node.parentElement;
  if (!node.data.trim() || !visible(parent)) continue;
  if (parent.closest("title, style") || parent.closest(".cue")?.getBoundingClientRect().height === 0) continue;
  const style = getComputedStyle(parent);
  const drawing = parent.closest("svg");
  const scale = drawing ? drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width : 1;
  const size = parseFloat(style.fontSize) * scale;
  if (size < 10) faults.push(`${name(parent)} is ${size.toFixed(1)} px high`);
  const colour = over(rgba(drawing ? style.fill : style.color), ground(parent));
  const least = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 600) ? 3 : 4.5;
  const found = contrast(colour, ground(parent));
  if (!drawing && found < least) faults.push(`${name(parent)} has a contrast of ${found.toFixed(2)}`);
  range.selectNodeContents(node);
  const text = range.getBoundingClientRect();
  let block = parent;
  while (["inline", "contents"].includes(getComputedStyle(block).display) && !block.closest("svg")) block = block.parentElement;
  const box = drawing ? drawing.getBoundingClientRect() : block.getBoundingClientRect();
  if (text.left < box.left - 1 || text.right > box.right + 1) {
    faults.push(`${name(parent)} sticks out of ${name(block)}: ${text.left} to ${text.right}, ${box.left} to ${box.right}`);
  }
}

// Texts of a chart don't cover each other.
for (const chart of document.querySelectorAll(".scatter, .bars .axis")) {
  const texts = [...chart.querySelectorAll("span")].filter(visible);
  texts.forEach((one, i) => texts.slice(i + 1).forEach((two) => {
    const [a, b] = [one.getBoundingClientRect(), two.getBoundingClientRect()];
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 1 && down > 3) faults.push(`${name(one)} covers ${name(two)}`);
  }));
}

// Headings in order, links that lead somewhere, graphics with a name.
let level = 0;
for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
  const own = Number(heading.tagName[1]);
  if (own > level + 1) faults.push(`${name(heading)} follows a heading of level ${level}`);
  level = own;
}
if (document.querySelectorAll("h1").length !== 1) faults.push("there is not one h1");
const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
if (new Set(ids).size !== ids.length) faults.push("an id is there twice");
for (const link of document.querySelectorAll("a[href^='#']")) {
  if (!document.getElementById(link.hash.slice(1))) faults.push(`${name(link)} leads nowhere`);
}
for (const graphic of document.querySelectorAll("svg, [role=img]")) {
  const hidden = graphic.closest("[aria-hidden=true], [role=img] *");
  if (!hidden && !graphic.getAttribute("aria-label") && !graphic.querySelector("title")) faults.push(`${name(graphic)} has no name`);
}
return faults;
