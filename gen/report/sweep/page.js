// The page: what is searched for, filtered, sorted, drawn, and shown of a point.

const data = JSON.parse(document.getElementById("data").textContent);
const find = (id) => document.getElementById(id);
const figures = data.figures.filter(({ key }) => data.rows.some((row) => typeof row[key] === "number"));
const columns = [...data.settings, { key: "status", label: "status", unit: "" }, ...figures];
const STEP = 500; // rows of the table that are shown at first, and more at a time
const MOST = 40; // values of a setting that a list offers
const state = { filters: new Map(), search: "", sort: "point", down: false, shown: STEP, colour: "" };
const distinct = (key) => [...new Set(data.rows.map((row) => row[key]))];
const text = (value) => (value === null || value === undefined ? "" : String(value));
const brief = (value) => (text(value).length > 40 || text(value).includes("\n") ? `${text(value).trim().slice(0, 36).replace(/\s+/g, " ")} …` : text(value) || "–");

// --- what is shown ---------------------------------------------------------------------------------------------------
const TESTS = {
  "<=": (a, b) => a <= b, ">=": (a, b) => a >= b, "<": (a, b) => a < b, ">": (a, b) => a > b, "=": (a, b) => a === b,
};

/** Whether a row has what a word of the search asks for: a bound on a column, or a text anywhere. */
function fits(row, word) {
  const bound = word.match(/^([\w.]+)(<=|>=|<|>|=)(.+)$/);
  const column = bound && [...columns, ...data.texts].find(({ key, label }) => [key, label].includes(bound[1]));
  if (!column) return [row.title, row.status, ...data.settings.map(({ key }) => text(row[key]))].join(" ").toLowerCase().includes(word.toLowerCase());
  const value = row[column.key];
  if (typeof value === "number") return TESTS[bound[2]](value, Number(bound[3]));
  return bound[2] === "=" && text(value).toLowerCase() === bound[3].toLowerCase();
}

function visible() {
  const words = state.search.split(/\s+/).filter(Boolean);
  const rows = data.rows.filter((row) => [...state.filters].every(([key, value]) => text(row[key]) === value) && words.every((word) => fits(row, word)));
  const sign = state.down ? -1 : 1;
  return rows.sort((one, two) => {
    const [a, b] = [one[state.sort], two[state.sort]];
    if ((a ?? "") === "" || (b ?? "") === "") return ((a ?? "") === "") - ((b ?? "") === ""); // what is missing comes last
    return sign * (typeof a === "number" && typeof b === "number" ? a - b : text(a).localeCompare(text(b))) || one.point - two.point;
  });
}

function look(row) {
  const place = Math.max(distinct(state.colour).indexOf(row[state.colour]), 0);
  return { colour: COLOURS[place % COLOURS.length], shape: SHAPES[Math.floor(place / COLOURS.length) % SHAPES.length] };
}

function show() {
  const rows = visible();
  find("count").textContent = `${rows.length.toLocaleString("en-US")} of ${data.rows.length.toLocaleString("en-US")} points shown.`;
  for (const figure of document.querySelectorAll(".chart")) draw(figure, rows);
  legend(rows);
  fill(rows);
  measure();
}

function draw(figure, rows) {
  const chosen = (name) => figures.find(({ key }) => key === figure.querySelector(name).value);
  const [across, up] = [chosen(".across-choice"), chosen(".up-choice")];
  const best = across && up ? plot(figure.querySelector(".scatter"), rows, across, up, { group: data.group, look, open }) : [];
  const groups = new Set(best.map((row) => row[data.group])).size;
  const apart = groups > 1 ? ` of each ${data.group}` : "";
  figure.querySelector("figcaption").textContent = best.length ? `Filled and joined: the best trade-offs${apart}, which no other point beats in both figures.` : "";
}

function legend(rows) {
  const values = distinct(state.colour).filter((value) => rows.some((row) => row[state.colour] === value));
  find("legend").replaceChildren(...values.slice(0, 18).map((value) => {
    const { colour, shape } = look(rows.find((row) => row[state.colour] === value));
    const mark = make("i", shape);
    mark.style.setProperty("--colour", `var(--${colour})`);
    const item = make("li");
    item.append(mark, brief(value));
    return item;
  }));
}

// --- the table -------------------------------------------------------------------------------------------------------
function head() {
  const cells = [{ key: "point", label: "point", unit: "" }, ...columns].map((column) => {
    const cell = make("th", figures.includes(column) ? "n" : "", "", { scope: "col" });
    const button = make("button", "", "", { type: "button", title: `Sort by ${column.key}` });
    column.label.split(/(?<=[_.])/).forEach((part) => button.append(part, make("wbr")));
    if (column.unit) button.append(make("small", "", column.unit));
    button.addEventListener("click", () => {
      const again = state.sort === column.key;
      Object.assign(state, { sort: column.key, down: again ? !state.down : column.better > 0 });
      show();
    });
    cell.dataset.key = column.key;
    cell.append(button);
    return cell;
  });
  document.querySelector("#points thead tr").replaceChildren(...cells);
}

function fill(rows) {
  for (const cell of document.querySelectorAll("#points thead th")) {
    const own = cell.dataset.key === state.sort;
    if (own) cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  }
  const lines = rows.slice(0, state.shown).map((row) => {
    const line = make("tr");
    const first = make("th", "", "", { scope: "row" });
    first.append(make("button", "", String(row.point), { type: "button", "aria-label": `Point ${row.point}` }));
    line.append(first, ...columns.map(({ key }) => {
      const figure = figures.some((each) => each.key === key);
      return make("td", figure ? "n" : key === "status" ? row.status : "", figure ? shown(row[key]) : brief(row[key]));
    }));
    line.addEventListener("click", () => open(row));
    return line;
  });
  document.querySelector("#points tbody").replaceChildren(...lines);
  find("more").hidden = rows.length <= state.shown;
}

/** Say how wide the content of boxes is that scroll, so that they show a cue only where they do. */
function measure() {
  for (const box of document.querySelectorAll(".scroll")) {
    const wide = Math.max(...[...box.children].map((child) => child.scrollWidth));
    if (wide) box.parentElement.style.setProperty("--width", `${wide > box.clientWidth + 1 ? wide : 0}px`);
  }
}

// --- a point ---------------------------------------------------------------------------------------------------------
function open(row) {
  find("point-title").textContent = `Point ${row.point}: ${row.title}`;
  find("point-state").textContent = [row.status, row.problem].filter(Boolean).join(": ");
  find("point-command").textContent = row.command;
  find("point-config").textContent = row.config;
  for (const id of ["point-config-title", "point-config"]) find(id).closest("h3, .scrolling").hidden = !row.config;
  const facts = [...data.settings, ...data.texts, ...data.figures].filter(({ key }) => (row[key] ?? "") !== "");
  find("point-figures").replaceChildren(...facts.map(({ key, unit }) => {
    const item = make("div");
    item.append(make("dt", "", key), make("dd", "", `${shown(row[key])} ${typeof row[key] === "number" ? unit : ""}`));
    return item;
  }));
  find("point").showModal();
  measure();
}

// --- fields ----------------------------------------------------------------------------------------------------------
function options(select, items, chosen) {
  select.replaceChildren(...items.map(([value, label]) => Object.assign(make("option", "", label), { value, selected: value === chosen })));
}

function fields() {
  for (const { key, label } of [...data.settings, { key: "status", label: "status" }]) {
    const values = distinct(key);
    if (values.length < 2 || values.length > MOST) continue;
    const field = make("label"), select = make("select");
    options(select, [["", "all"], ...values.map((value) => [`=${text(value)}`, brief(value)])], "");
    select.dataset.key = key;
    select.addEventListener("change", () => {
      if (select.value) state.filters.set(key, select.value.slice(1));
      else state.filters.delete(key);
      show();
    });
    field.append(make("span", "", label), select);
    find("filters").append(field);
  }
  const hues = [...data.settings, ...data.texts].filter(({ key }) => distinct(key).length > 1);
  const choices = hues.length ? hues : data.settings;
  state.colour = (choices.find(({ key }) => distinct(key).length <= 6 && typeof distinct(key)[0] === "string") ?? choices[0]).key;
  options(find("colour"), choices.map(({ key, label }) => [key, label]), state.colour);
  find("colour").addEventListener("change", ({ target }) => { state.colour = target.value; show(); });
  [...document.querySelectorAll(".chart")].forEach((figure, number) => {
    data.charts[number].forEach((key, side) => {
      const select = figure.querySelector(side ? ".up-choice" : ".across-choice");
      const known = figures.some((each) => each.key === key) ? key : figures[side]?.key ?? figures[0]?.key;
      options(select, figures.map((each) => [each.key, each.label]), known);
      select.addEventListener("change", show);
    });
  });
  const figure = figures.find(({ better }) => better > 0) ?? figures[0];
  const middle = figure && data.rows.map((row) => row[figure.key]).filter((value) => typeof value === "number").sort((a, b) => a - b);
  find("example").textContent = [data.settings.map(({ key }) => data.rows[0][key]).find((value) => /^[\w.-]+$/.test(value) && typeof value === "string"), figure && `${figure.key}>${Number(middle[middle.length >> 1].toPrecision(2))}`].filter(Boolean).join(" ");
  find("search").addEventListener("input", ({ target }) => { Object.assign(state, { search: target.value, shown: STEP }); show(); });
  find("controls").addEventListener("submit", (event) => event.preventDefault());
  find("more").addEventListener("click", () => { state.shown += STEP; show(); });
  find("close").addEventListener("click", () => find("point").close());
  find("point").addEventListener("click", ({ target }) => { if (target === find("point")) target.close(); });
  find("reset").addEventListener("click", () => {
    Object.assign(state, { filters: new Map(), search: "", shown: STEP });
    find("search").value = "";
    document.querySelectorAll("#filters select").forEach((select) => { select.value = ""; });
    show();
  });
}

fields();
head();
show();
addEventListener("resize", measure);
