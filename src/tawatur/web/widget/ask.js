// What the server is asked, always without cookies.
import { BASE } from "./page.js";

export async function ask(path, options) {
  const answer = await fetch(BASE + path, { credentials: "omit", ...options });
  if (!answer.ok) throw answer;
  return answer.json();
}

export const query = (ids) => ids.map((id) => `image=${encodeURIComponent(id)}`).join("&");

export const state = (ids) => ask(`widget/state?${query(ids)}`);

const vocabularies = {};

export function vocabulary(lang) {
  vocabularies[lang] ??= ask(`widget/v1.${lang}.json`);
  vocabularies[lang].catch(() => delete vocabularies[lang]);
  return vocabularies[lang];
}
