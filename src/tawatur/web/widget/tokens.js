// In whose name a report is sent: the page's token, the site's own answer, or a proof of work.
import { ask, query } from "./ask.js";
import { solve } from "./proof.js";

// The promise of { token, until }, and the last token, by which a new one stands for the same reader. Kept in memory while
// the page is open, and nowhere else: a phone may be searched.
let anonymous, last;

const json = { "Content-Type": "application/json" };

async function prove(image, again = true) {
  const payload = btoa(JSON.stringify(await solve(await ask(`widget/challenge?${query([image])}`))));
  const body = JSON.stringify({ image, payload, token: last });
  try {
    const { token, expires_in } = await ask("widget/tokens", { method: "POST", headers: json, body });
    last = token;
    return { token, until: Date.now() + expires_in * 1000 - 5000 };
  } catch (error) {
    // Used or too old: a slow phone may need another. Or the last token is none to go on with.
    if (!again || ![401, 409, 422].includes(error.status)) throw error;
    if (error.status === 401) last = undefined;
    return prove(image, false);
  }
}

export async function tokenFor(element) {
  const given = element.getAttribute("token");
  if (given) return given;
  const from = element.getAttribute("token-src");
  if (from) {
    // The site's own address, asked with the reader's cookies; who is not signed in there is anonymous here.
    const answer = await fetch(from, { cache: "no-store" });
    if (answer.ok) {
      const { token } = await answer.json();
      if (token) return token;
    } else if (![401, 403, 404].includes(answer.status)) throw answer;
  }
  if ((await anonymous)?.until < Date.now()) anonymous = undefined;
  anonymous ??= prove(element.image);
  anonymous.catch(() => (anonymous = undefined));
  return (await anonymous).token;
}

export async function withToken(element, method, path, body, again = true) {
  const headers = { ...json, Authorization: `Bearer ${await tokenFor(element)}` };
  try {
    return await ask(path, { method, headers, body: body && JSON.stringify(body) });
  } catch (error) {
    if (!again || ![401, 403].includes(error.status)) throw error;
    // It has expired, or is another site's.
    anonymous = undefined;
    return withToken(element, method, path, body, false);
  }
}
