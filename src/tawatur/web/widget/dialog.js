// The dialog: a reason, words if one likes, send; then thanks, what happens now, and the way back.
import { CROSS, h, icon, PAGE } from "./page.js";
import { state } from "./ask.js";
import { tokenFor, withToken } from "./tokens.js";

const FIRST = 6;

export class ReportDialog {
  // The id of the report that was made here, until it is withdrawn.
  report;
  #element;
  #words;
  #offered;
  #reasons = h("fieldset", { "aria-labelledby": "title", onchange: () => this.#ready() });
  #title = h("h2", { id: "title", tabindex: "-1" });
  #fault = h("p", { class: "fault", role: "alert" });
  #content = h("div", { class: "told" });

  constructor(element, words, tongue, closed) {
    this.#element = element;
    this.#words = words;
    const shut = h("button", { type: "button", "aria-label": words.close, onclick: () => this.box.close() }, icon(CROSS));
    const own = h("textarea", { name: "comment", rows: 2, maxlength: 4000, dir: "auto", "aria-describedby": "hint" });
    this.send = h("button", { class: "main" }, words.send);
    this.form = h("form", { novalidate: "", onsubmit: (event) => this.#send(event) },
      h("div", { class: "body" }, h("p", { class: "lead" }, words.lead), this.#reasons,
        h("label", { class: "words" }, words.words, own), h("small", { id: "hint" }, words.hint)),
      h("div", { class: "foot" }));
    this.box = h("dialog", { part: "dialog", "aria-labelledby": "title", ...tongue, onclose: closed, onkeydown: trap,
      onclick: (event) => event.target === this.box && this.box.close() },
    h("header", {}, this.#title, shut), this.#content);
    this.#offer(Object.keys(words.reasons));
  }

  async open() {
    const element = this.#element;
    this.#show(this.report ? "thanks" : "title");
    this.box.showModal();
    this.#title.focus();
    if (this.report) return;
    // What this site takes; without an answer everything is offered.
    const { reasons, anonymous } = await state([element.image]).catch(() => ({}));
    if (reasons) this.#offer(reasons);
    if (anonymous === false && !element.named) this.#say("members");
  }

  #offer(names) {
    const { reasons, more } = this.#words;
    const order = [...new Set([...Object.keys(reasons), ...names])].filter((name) => names.includes(name));
    if (this.#offered === `${order}`) return;
    this.#offered = `${order}`;
    const chosen = new FormData(this.form).get("reason");
    const rows = order.map((name) => {
      const [label, meaning] = reasons[name] ?? [name, ""];
      const input = h("input", { type: "radio", name: "reason", value: name });
      input.checked = name === chosen;
      return h("label", { class: "reason" }, input, h("span", {}, label, h("small", {}, meaning)));
    });
    const rest = rows.slice(FIRST);
    const button = h("button", { type: "button", class: "more", "aria-expanded": "false", onclick: () => {
      for (const row of rest) row.hidden = false;
      button.remove();
      rest[0].firstChild.focus();
    } }, more);
    for (const row of rest) row.hidden = !row.firstChild.checked;
    this.#reasons.replaceChildren(...rows, ...(rest.length ? [button] : []));
  }

  #show(view) {
    const words = this.#words, thanks = view === "thanks";
    this.#title.textContent = words[view];
    this.#say("");
    if (view === "title") {
      this.form.lastChild.replaceChildren(this.#fault, this.send);
      this.#content.replaceChildren(this.form);
    } else {
      const done = h("button", { class: "main", onclick: () => this.box.close() }, words.close);
      const undo = h("button", { onclick: () => this.#undo() }, words.undo);
      this.#content.replaceChildren(h("p", { class: "body" }, thanks ? words.next : words.gone),
        h("div", { class: "foot" }, this.#fault, ...(thanks ? [undo] : []), done));
    }
    this.#title.focus();
  }

  #say(what) {
    this.#fault.textContent = this.#words[what] ?? PAGE[this.box.lang][what] ?? "";
  }

  #ready() {
    this.#say("");
    // While the reader still writes, the proof of work is done.
    if (!this.#element.named) tokenFor(this.#element).catch(() => {});
  }

  async #send(event) {
    event.preventDefault();
    const { send, form } = this;
    const { reason, comment } = Object.fromEntries(new FormData(form));
    if (send.ariaDisabled) return;
    if (!reason) {
      this.#say("choose");
      return form.querySelector("input").focus();
    }
    this.#say("");
    send.ariaDisabled = "true";
    send.textContent = this.#words.sending;
    const path = `v1/images/${this.#element.image}/reports`;
    await this.#attempt(async () => {
      this.report = (await withToken(this.#element, "POST", path, { reason, comment: comment.trim() || undefined })).id;
      form.reset();
      this.#show("thanks");
    });
    send.ariaDisabled = null;
    send.textContent = this.#words.send;
  }

  #undo() {
    return this.#attempt(async () => {
      await withToken(this.#element, "DELETE", `v1/reports/${this.report}`);
      this.report = undefined;
      this.#show("undone");
    });
  }

  async #attempt(what) {
    try {
      await what();
    } catch ({ status }) {
      const known = { 401: "members", 403: "members", 409: "judged", 429: "busy" };
      this.#say(status ? known[status] ?? "failed" : isSecureContext ? "offline" : "insecure");
    }
  }
}

// Tab goes round within the dialog.
function trap(event) {
  const stops = [...this.querySelectorAll("button,input,textarea")].filter((stop) => stop.checkVisibility());
  const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
  const at = this.getRootNode().activeElement;
  if (event.key !== "Tab" || (at !== from && !(event.shiftKey && at.id === "title"))) return;
  event.preventDefault();
  to.focus();
}
