// <tawatur-image>: the picture, the notice under it, and the button that opens the dialog.
import { BASE, EYE, FLAG, h, icon, LID, PAGE } from "./page.js";
import { vocabulary } from "./ask.js";
import { elements, renew } from "./changes.js";
import { eyes, owners } from "./views.js";
import { ReportDialog } from "./dialog.js";
import { SHEET } from "./sheet.css";

const sheet = new CSSStyleSheet();
sheet.replaceSync(SHEET);

class TawaturImage extends HTMLElement {
  static observedAttributes = ["image"];
  #img;
  #src;
  #alt;
  #status;
  #reason;
  #revealed;
  #parts;
  #dialog;
  #tongue;

  get image() {
    return this.getAttribute("image") ?? "";
  }

  // Whether the page says in whose name a report is sent.
  get named() {
    return this.hasAttribute("token") || this.hasAttribute("token-src");
  }

  // Whether the picture itself is before the reader: no placeholder, no blur.
  get seen() {
    return this.#status === "visible" || (this.#status === "blurred" && this.#revealed);
  }

  connectedCallback() {
    if (!this.shadowRoot) this.#build();
    elements.set(this.image, (elements.get(this.image) ?? new Set()).add(this));
    this.#adopt();
    renew();
  }

  disconnectedCallback() {
    this.#leave(this.image);
    if (this.#img) eyes.unobserve(this.#img);
  }

  // Another image in the same element, as frameworks do it.
  attributeChangedCallback(_, before) {
    if (before === null || before === this.image || !this.shadowRoot) return;
    this.#leave(before);
    this.#dialog?.box.remove();
    this.#dialog = this.#status = this.#img = undefined;
    this.#draw();
    if (this.isConnected) this.connectedCallback();
  }

  #leave(image) {
    const showing = elements.get(image);
    showing?.delete(this);
    if (!showing?.size) elements.delete(image);
    renew();
  }

  #build() {
    const asked = [this.closest("[lang]")?.lang, ...navigator.languages].map((tag) => tag?.slice(0, 2).toLowerCase());
    const lang = asked.find((tag) => PAGE[tag]) ?? "ar";
    const tongue = (this.#tongue = { lang, dir: lang === "ar" ? "rtl" : "ltr" });
    const picture = h("div", { class: "picture" }, h("slot", { onslotchange: () => this.#adopt() }));
    const notice = h("slot", { name: "notice" }, h("span", tongue, PAGE[lang].notice));
    const flag = h("button", { class: "flag", part: "flag", "aria-haspopup": "dialog", onclick: () => this.#open(), ...tongue });
    const why = h("div", { class: "why", id: "why", part: "why", ...tongue });
    const fault = h("p", { class: "fault", role: "alert", ...tongue });
    const live = h("p", { class: "live", role: "status", ...tongue });
    this.#parts = { picture, flag, why, fault, live };
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    root.append(picture, why, h("div", { class: "under" }, h("div", { class: "notice", part: "notice" }, notice), flag),
      fault, live);
    this.#draw();
  }

  // What stands in the page: the picture, and the notice, which is kept where there is one.
  #adopt() {
    const notice = this.querySelector(":scope > p");
    if (notice) notice.slot = "notice";
    const img = this.querySelector("img");
    if (!img) return;
    if (img !== this.#img) [this.#img, this.#src, this.#alt] = [img, img.src, img.alt];
    owners.set(img, this);
    eyes.observe(img);
  }

  hear({ status, reason }) {
    if (status === this.#status && reason === this.#reason) return;
    const before = this.#status;
    [this.#status, this.#reason, this.#revealed] = [status, reason, false];
    this.setAttribute("status", status);
    if (before || status !== "visible") this.#load();
    this.#draw(before);
    this.#look();
  }

  #look() {
    if (!this.#img) return;
    eyes.unobserve(this.#img);
    eyes.observe(this.#img);
  }

  // The gate looks at each request what may be seen; a new address keeps the browser from remembering.
  #load() {
    const img = this.#img, ours = this.#src?.startsWith(`${BASE}i/`), withheld = this.#status === "blocked";
    if (!img) return;
    // Sizes of the site's own would show it still.
    const [from, to] = withheld ? ["srcset", "data-srcset"] : ["data-srcset", "srcset"];
    for (const one of img.closest("picture")?.children ?? [img]) {
      if (one.hasAttribute(from)) one.setAttribute(to, one.getAttribute(from));
      one.removeAttribute(from);
    }
    const query = `lang=${this.#tongue.lang}&at=${Date.now()}${this.#revealed ? "&reveal=1" : ""}`;
    img.src = ours || withheld ? `${BASE}i/${this.image}?${query}` : this.#src;
    this.#parts.picture.classList.toggle("soft", !ours && !withheld && !this.seen);
  }

  async #draw(before) {
    const { picture, flag, why, live } = this.#parts, status = this.#status, report = this.#dialog?.report;
    const plain = PAGE[this.#tongue.lang], blocked = status === "blocked", blurred = status === "blurred";
    const veiled = blurred && !this.#revealed;
    const words = blocked || blurred || before || report
      ? await vocabulary(this.#tongue.lang).catch(() => ({}))
      : {};
    if (status !== this.#status || veiled !== (blurred && !this.#revealed)) return;
    const cause = this.#reason && (words.reasons?.[this.#reason] ?? words.reasons?.other)?.[2];
    const withheld = words.blocked + (cause ? words.given + cause : "");
    flag.replaceChildren(icon(FLAG), report ? words.flagged : plain.flag);
    flag.ariaLabel = report ? words.flagged : plain.open;
    flag.classList.toggle("done", report);
    flag.hidden = blocked && !report && !this.#dialog?.box.open;
    if (this.#img) this.#img.alt = blocked ? withheld : veiled ? words.blurred : this.#alt;
    picture.querySelector(".veil")?.remove();
    why.replaceChildren();
    why.hidden = !blurred;
    const turn = { onclick: () => this.#reveal(veiled) };
    if (blurred) why.append(icon(LID), h("span", {}, words.blurred, cause ? ` · ${words.cause}${cause}` : ""));
    if (veiled) {
      const pill = h("span", this.#tongue, icon(EYE), words.show);
      picture.append(h("button", { ...turn, class: "veil", part: "reveal", "aria-describedby": "why" }, pill));
    } else if (blurred) {
      why.append(h("button", turn, words.hide));
    }
    if (before) live.textContent = blocked ? withheld : veiled ? words.blurred : words.again;
  }

  async #reveal(on) {
    this.#revealed = on;
    this.#load();
    this.#look();
    await this.#draw();
    this.shadowRoot.querySelector(on ? ".why button" : ".veil")?.focus();
  }

  async #open() {
    const { fault } = this.#parts, { lang } = this.#tongue;
    fault.textContent = "";
    try {
      this.#dialog ??= new ReportDialog(this, await vocabulary(lang), this.#tongue, () => this.#draw());
    } catch {
      fault.textContent = PAGE[lang].offline;
      return;
    }
    this.shadowRoot.append(this.#dialog.box);
    this.#dialog.open();
  }
}

if (!customElements.get("tawatur-image")) customElements.define("tawatur-image", TawaturImage);
