// Views: half of the picture, or of the screen, for one second; once for each page and image.
import { BASE } from "./page.js";

const LONG_MS = 1000;

const counted = new Set();
const clocks = new WeakMap();
// By token, "" where there is none, the images to be counted.
const waiting = new Map();
let flushing;

export const owners = new WeakMap();

export const eyes = new IntersectionObserver((entries) => {
  for (const { target, intersectionRatio, intersectionRect } of entries) {
    clearTimeout(clocks.get(target));
    if (intersectionRatio >= 0.5 || intersectionRect.height >= innerHeight / 2) wait(target);
  }
}, { threshold: [0, 0.1, 0.2, 0.3, 0.4, 0.5] });

function wait(img) {
  clocks.set(img, setTimeout(view, LONG_MS, img));
}

function view(img) {
  const element = owners.get(img);
  if (!element.isConnected || !element.seen || counted.has(element.image)) return;
  if (document.hidden) return wait(img);
  counted.add(element.image);
  const token = element.getAttribute("token") ?? "";
  waiting.set(token, [...(waiting.get(token) ?? []), element.image]);
  flushing ??= setTimeout(flush, 2 * LONG_MS);
}

export function flush() {
  clearTimeout(flushing);
  flushing = undefined;
  for (const [token, images] of waiting) {
    while (images.length) {
      const body = { images: images.splice(0, 100), ...(token && { token }) };
      navigator.sendBeacon(`${BASE}widget/views`, JSON.stringify(body));
    }
  }
  waiting.clear();
}
