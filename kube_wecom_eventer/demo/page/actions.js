// The buttons: what each does is the demo's, what to look for is said here.

import { el } from "./dom.js";
import { t } from "./words.js";

const NAMES = [
  "one_event", "nasty_event", "crash_loop", "storm", "wecom_down", "api_restart", "key_revoked", "template_broken",
];

export class Buttons {
  constructor(place, hint) {
    this.hint = hint;
    this.shown = null;
    this.buttons = new Map(NAMES.map((name) => [name, this.make(name)]));
    place.append(...[...this.buttons.values()].flatMap(({ button, help }) => [button, help]));
  }

  make(name) {
    const label = el("span", { class: "label" });
    const bar = el("i", { class: "bar-done", "aria-hidden": "true" });
    const help = el("span", { id: `help-${name}`, class: "for-readers" });
    const explain = () => this.explain(name);
    const button = el("button", {
      type: "button", class: `action ${name}`, "data-action": name, "aria-describedby": help.id, disabled: true,
      on: { click: () => this.press(name), mouseenter: explain, focus: explain },
    }, el("span", { class: "sign", "aria-hidden": "true" }), label, bar);
    return { button, label, bar, help };
  }

  explain(name) {
    this.shown = name;
    this.hint.textContent = t(`hint_${name}`);
    this.hint.classList.remove("bad");
  }

  async press(name) {
    this.explain(name);
    this.buttons.get(name).button.disabled = true; // until the demo says how the action is doing
    try {
      const answer = await fetch(`/actions/${name}`, { method: "POST" });
      if (!answer.ok) this.complain("not_now");
    } catch {
      this.complain("failed");
    }
  }

  complain(key) {
    this.hint.textContent = t(key);
    this.hint.classList.add("bad");
    this.update(this.state);
  }

  /** Show how the actions are doing; an empty state disables all. */
  update(state) {
    this.state = state;
    for (const [name, { button, label, bar, help }] of this.buttons) {
      const { ready = false, on = false, running = false, progress = 0 } = state[name] ?? {};
      const isSwitch = ["wecom_down", "key_revoked", "template_broken"].includes(name);
      button.disabled = !ready;
      button.classList.toggle("on", on);
      button.classList.toggle("running", running);
      if (isSwitch) button.setAttribute("aria-pressed", String(on));
      if (running) button.setAttribute("aria-busy", "true");
      else button.removeAttribute("aria-busy");
      bar.style.width = running ? `${Math.round(progress * 100)}%` : "0";
      label.textContent = t(isSwitch && on ? `action_${name}_on` : `action_${name}`);
      help.textContent = t(`hint_${name}`);
    }
  }

  speak() {
    this.update(this.state ?? {});
    this.hint.textContent = this.shown ? t(`hint_${this.shown}`) : t("choose");
  }
}
