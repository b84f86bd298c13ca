// Where the widget came from, what stands on a page at once, and how the widget makes what it shows.
// No inline style, script, markup from strings, cookie or storage: it works under a strict Content-Security-Policy.

export const BASE = new URL("..", import.meta.url).href;

// All other words come in the page's language when they are needed: words/*.json
export const PAGE = {
  ar: {
    notice: "تُحجَب هذه الصورة تلقائيًا متى أبلغ عنها عدة أشخاص",
    flag: "أبلغ",
    open: "أبلغ عن هذه الصورة",
    offline: "انقطع الاتصال. لم يضِع شيء مما كتبت، فأعد المحاولة.",
  },
  en: {
    notice: "This image is blocked automatically when several people report it",
    flag: "Report",
    open: "Report this image",
    offline: "There is no connection. Nothing you wrote is lost: try again.",
  },
  fr: {
    notice: "Cette image est bloquée automatiquement dès que plusieurs personnes la signalent",
    flag: "Signaler",
    open: "Signaler cette image",
    offline: "Pas de connexion. Rien n’est perdu\xa0: réessayez.",
  },
};

export const FLAG = "M5 21V4c5-3 9 3 14 0v9c-5 3-9-3-14 0";
export const LID = "M3 10c5 6 13 6 18 0M12 15v4M6.5 13.5 4 17m13.5-3.5L20 17";
export const EYE = "M2 12c5-8 15-8 20 0-5 8-15 8-20 0zm7 0a3 3 0 1 0 6 0 3 3 0 1 0-6 0";
export const CROSS = "m6 6 12 12M18 6 6 18";

export function h(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

export function icon(path) {
  const [svg, line] = ["svg", "path"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
