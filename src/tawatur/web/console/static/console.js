// Makes the console's pages quicker to use; every one of them works without it.

const queue = document.getElementById("queue");

// -- the queue keeps itself up to date, and keys go through it ---------------------------------------------------

async function refresh() {
  const busy = queue.contains(document.activeElement) || queue.querySelector(":checked:not(option)");
  if (document.hidden || busy) return; // nothing moves under somebody's hands
  try {
    const answer = await fetch("/console" + queue.dataset.live, { redirect: "error" });
    if (answer.ok) queue.innerHTML = await answer.text();
  } catch {
    // The next time will tell.
  }
}

function step(by) {
  const links = [...queue.querySelectorAll("[data-case]")];
  const at = links.indexOf(document.activeElement);
  links[Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
}

if (queue) setInterval(refresh, 5000);

// -- a decision can be taken back for a moment -------------------------------------------------------------------

const undo = document.querySelector(".undo");
if (undo) setTimeout(() => (undo.hidden = true), 1000 * undo.dataset.gone);

// -- the picture: blurred and grey until asked, both as this person left them ------------------------------------

const look = document.getElementById("look");
if (look) {
  const picture = look.querySelector("img");
  const row = document.querySelector(".switches");
  const pressed = (name) => row.querySelector(`[data-switch=${name}]`).getAttribute("aria-pressed") === "true";
  const set = (name, on) => {
    row.querySelector(`[data-switch=${name}]`).setAttribute("aria-pressed", String(on));
    if (name === "grey") look.classList.toggle("grey", on);
    else picture.src = on ? picture.dataset.veiled : picture.dataset.sharp;
  };
  row.hidden = false;
  row.addEventListener("click", (event) => {
    const name = event.target.dataset.switch;
    if (name === "moment") {
      set("blur", false);
      setTimeout(() => set("blur", true), 5000);
    } else if (name) {
      set(name, !pressed(name));
      const said = (one) => (pressed(one) ? "on" : "off");
      const body = new URLSearchParams({ token: look.dataset.token, blur: said("blur"), grey: said("grey") });
      fetch("/console/veil", { method: "POST", body }).catch(() => {});
    }
  });
}

// -- keys --------------------------------------------------------------------------------------------------------

const MOVES = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 };
// A slip of a finger, or a voice that dictates, decides nothing: single keys are for who asked for them.
const KEYS = "keys" in document.documentElement.dataset;
const TYPING = "input:not([type=checkbox]), textarea, select";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(TYPING)) return;
  const row = event.target.closest(".cases li");
  if (queue && event.key in MOVES && (event.key.length === 1 ? KEYS : row)) {
    event.preventDefault();
    step(MOVES[event.key]);
  }
  if (!KEYS) return;
  if (queue && event.key === "s" && row) row.querySelector("input:not(:disabled)")?.click();
  const button = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  const chosen = !button?.closest(".many") || button.form.querySelector("input:checked");
  if (button && chosen && !button.closest("[hidden]")) {
    event.preventDefault();
    button.form.requestSubmit(button);
  }
});
