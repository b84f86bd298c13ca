// Tries a policy without leaving its form; without this the whole page is loaded again with the answer.

const form = document.getElementById("policy");
const preview = document.getElementById("preview");

document.getElementById("try")?.addEventListener("click", async (event) => {
  event.preventDefault();
  const button = event.currentTarget;
  const said = new FormData(form);
  said.set("do", "preview");
  button.disabled = true;
  preview.setAttribute("aria-busy", "true");
  preview.textContent = preview.dataset.busy;
  try {
    const answer = await fetch("/console/policy?part=1", { method: "POST", body: new URLSearchParams(said), redirect: "error" });
    const wrong = answer.status === 422; // the page itself says what is wrong, where it stands
    if (!wrong) preview.innerHTML = await answer.text();
    button.disabled = false;
    preview.removeAttribute("aria-busy");
    if (wrong) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "do", value: "preview" })), form.submit();
  } catch {
    button.disabled = false;
    form.requestSubmit(button);
  }
});
