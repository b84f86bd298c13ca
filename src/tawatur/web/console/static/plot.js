// Draws what a page hands over in <figure class="plot" data-plot="{...}">: {x: [seconds], series: [{label, kind, values}]}.
// kind: "line", "dots" (a line with a dot at each value), "step" (holds until the next value, a dot at each), "limit" (dashed). The same numbers stand in a table
// beside it, for everybody whom a drawing tells nothing.
const COLOURS = ["--accent", "--quiet", "--wait", "--clear", "--ink"];
const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3], [1, 2], [10, 4]];

const LANGUAGES = { en: "en-GB" }; // the day before the month, as everywhere on the page
const lang = document.documentElement.lang;
const tongue = `${LANGUAGES[lang] ?? lang}-u-nu-${document.documentElement.dataset.digits ?? "latn"}`;
const STEPS = [1, 2, 5].flatMap((step) => [1, 10, 100, 1000, 10_000, 100_000].map((times) => step * times)).sort((a, b) => a - b);
const amount = new Intl.NumberFormat(tongue);

function draw(figure) {
  const told = JSON.parse(figure.dataset.plot);
  const style = getComputedStyle(figure);
  const probe = document.createElement("i"); // a canvas takes no variables: the browser says which colour one is now
  figure.append(probe);
  const colour = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const series = told.series.map((one, place) => {
    const limit = one.kind === "limit";
    const stroke = colour(limit ? "--stop" : COLOURS[place % COLOURS.length]);
    return {
      label: one.label.replace(/\d+/g, (digits) => amount.format(digits)),
      stroke,
      width: limit ? 1 : 2,
      dash: limit ? [4, 4] : DASHES[place % DASHES.length],
      spanGaps: true,
      paths: one.kind === "step" ? uPlot.paths.stepped({ align: 1 }) : undefined,
      points: { show: one.kind === "step" || one.kind === "dots", size: one.kind === "dots" && told.x.length > 31 ? 3 : 6, fill: stroke },
    };
  });
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") }, font: `12px ${style.fontFamily}` };
  const day = new Intl.DateTimeFormat(tongue, { day: "numeric", month: "short", timeZone: "UTC" });
  const time = new Intl.DateTimeFormat(tongue, { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: "UTC" });
  const second = new Intl.DateTimeFormat(tongue, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false, timeZone: "UTC" });
  const span = told.x.length ? told.x[told.x.length - 1] - told.x[0] : 0;
  const mark = document.documentElement.dir === "rtl" ? "\u200f" : ""; // a canvas reads from the left: the day before the month
  const formatOf = (seconds) => (span > 172800 || (span > 86400 && seconds % 86400 === 0) ? day : span > 600 ? time : second);
  const said = (seconds) => mark + formatOf(seconds).format(new Date(seconds * 1000));
  const most = Math.max(0, ...told.series.flatMap((one) => one.values));
  const options = {
    width: figure.clientWidth,
    height: Math.min(240, Math.max(150, figure.clientWidth / 2.4)),
    cursor: { drag: { x: false, y: false } },
    legend: { show: series.length > 1, live: false, markers: { width: 2, dash: (plot, place) => (plot.series[place].dash?.length ? "dashed" : "solid") } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
    padding: [12, 24, 0, 0],
    scales: { x: { time: true }, y: { range: (plot, least, most) => [0, Math.max(most, 1) * 1.1] } },
    series: [{ value: (plot, seconds) => said(seconds) }, ...series],
    axes: [{ ...axis, size: 32, values: (plot, ticks) => ticks.map(said), space: 70 }, { ...axis, incrs: STEPS, size: most < 10_000 ? 40 : 64, values: (plot, ticks) => ticks.map((tick) => amount.format(tick)) }],
  };
  figure.querySelector(".uplot")?.remove();
  const plot = new uPlot(options, [told.x, ...told.series.map((one) => one.values)], figure);
  plot.root.setAttribute("aria-hidden", "true"); // the table says it
  probe.remove();
}

const all = [...document.querySelectorAll(".plot[data-plot]")];
const drawAll = () => all.forEach(draw);
drawAll();
let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth !== width) drawAll();
  width = innerWidth;
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
