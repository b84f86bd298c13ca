// Makes the console's pages quicker to use; every one of them works without it.

const queue = document.getElementById("queue");

// -- the queue keeps itself up to date, and keys go through it ---------------------------------------------------

async function refresh() {
  if (document.hidden || queue.contains(document.activeElement)) return; // nothing moves under somebody's hands
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

// -- the picture: blurred and grey until asked, both as this person left them ------------------------------------

const look = document.getElementById("look");
if (look) {
  const picture = look.querySelector("img");
  const veiled = picture.getAttribute("src");
  const row = document.querySelector(".switches");
  const pressed = (name) => row.querySelector(`[data-switch=${name}]`).getAttribute("aria-pressed") === "true";
  const set = (name, on) => {
    row.querySelector(`[data-switch=${name}]`).setAttribute("aria-pressed", String(on));
    if (name === "grey") look.classList.toggle("grey", on);
    else picture.src = on ? veiled : picture.dataset.sharp;
  };
  row.hidden = false;
  for (const name of ["blur", "grey"]) if (localStorage.getItem(`tawatur ${name}`) === "off") set(name, false);
  row.addEventListener("click", (event) => {
    const name = event.target.dataset.switch;
    if (name === "moment") {
      set("blur", false);
      setTimeout(() => set("blur", true), 5000);
    } else if (name) {
      set(name, !pressed(name));
      localStorage.setItem(`tawatur ${name}`, pressed(name) ? "on" : "off");
    }
  });
}

// -- keys --------------------------------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  if (queue && (event.key === "j" || event.key === "k")) {
    event.preventDefault();
    step(event.key === "j" ? 1 : -1);
  }
  const button = document.querySelector(`.decide [data-key="${CSS.escape(event.key)}"]`);
  if (button) {
    event.preventDefault();
    button.form.requestSubmit(button);
  }
});
