// What may be seen: one stream for all images of the page, and asking every two seconds while there is none.
import { BASE } from "./page.js";
import { query, state } from "./ask.js";
import { flush } from "./views.js";

const MOST = 100;
const EVERY_MS = 2000;

// By image, the elements that show it.
export const elements = new Map();
let source, polling, renewal;

function hear({ images }) {
  for (const [id, now] of Object.entries(images)) for (const element of elements.get(id) ?? []) element.hear(now);
}

export function renew(after = 50) {
  clearTimeout(renewal);
  renewal = setTimeout(listen, after);
}

function quiet() {
  clearTimeout(polling);
  polling = undefined;
}

function listen() {
  source?.close();
  quiet();
  // A page in the background holds no connection; it learns everything when it is looked at again.
  if (!elements.size || document.hidden) return;
  if (elements.size > MOST) return poll();
  source = new EventSource(`${BASE}widget/changes?${query([...elements.keys()])}`);
  source.addEventListener("state", (event) => {
    quiet();
    hear(JSON.parse(event.data));
  });
  source.addEventListener("error", () => {
    polling ??= setTimeout(poll);
    if (source.readyState === EventSource.CLOSED) renew(30000 + 10000 * Math.random());
  });
}

async function poll(after = EVERY_MS) {
  const mine = (polling = setTimeout(poll, 60000));
  const ids = [...elements.keys()];
  let next = EVERY_MS;
  try {
    while (ids.length) hear(await state(ids.splice(0, MOST)));
  } catch {
    next = Math.min(after * 2, 30000);
  }
  if (polling !== mine) return;
  clearTimeout(mine);
  polling = setTimeout(poll, after, next);
}

document.addEventListener("visibilitychange", () => {
  renew();
  if (document.hidden) flush();
});
addEventListener("pagehide", () => {
  flush();
  source?.close();
});
addEventListener("pageshow", (event) => event.persisted && renew());
