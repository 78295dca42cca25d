// A WeCom group: its messages, what was refused, and how much of its robot's minute is used.

import { clockTime, el, Rows } from "./dom.js";
import { bubble, gist } from "./message.js";
import { duration, either, number, t } from "./words.js";

const MESSAGES_SHOWN = 80;
const PACE = 20; // messages that WeCom takes of a robot
const MINUTE = 60_000; // milliseconds
const BROKEN = [93000];
const LONGEST_PROBE = 15 * MINUTE;

/** One message of a group, with what came of it. */
export function messageRow(message) {
  return message.accepted ? acceptedRow(message) : refusedRow(message, 1);
}

function acceptedRow(message) {
  return el("li", { class: "message accepted", "data-id": message.id, "data-stands-for": message.stands_for },
    el("img", { class: "avatar", src: "/robot.svg", alt: "", width: 36, height: 36 }),
    el("div", { class: "said" },
      sender(message),
      bubble(message.body, message.mentions),
      el("p", { class: "told" }, told(message))));
}

function sender(message) {
  return el("p", { class: "sender" }, t("robot"), el("span", { class: "bot" }, t("bot")), el("time", {}, clockTime(message.at)));
}

function told(message) {
  if (message.stands_for > 1) {
    return [el("span", { class: "times" }, `×${number(message.stands_for)}`), t("stands_for", { count: number(message.stands_for) })];
  }
  if (message.delay_ms === null) return [t("merged_one")];
  if (message.repeat) return [t("repeat", { time: duration(message.delay_ms) })];
  return [el("span", { class: message.delay_ms < 1000 ? "fast" : "slow" }, t("after", { time: duration(message.delay_ms) }))];
}

function refusedRow(message, attempts) {
  const code = message.errcode === null ? message.errmsg : `errcode ${message.errcode}`;
  const what = gist(message.body);
  return el("li", { class: "message refused", "data-id": message.id, "data-errcode": message.errcode ?? "", "data-attempts": attempts },
    el("div", { class: "said" },
      el("p", { class: "refusal" },
        el("strong", {}, `✗ ${code}`), ` · ${either(message.meaning)}`,
        attempts > 1 ? el("span", { class: "attempts" }, t("attempts", { count: attempts })) : null),
      el("p", { class: "refused-what" },
        el("time", {}, clockTime(message.at)), ` ${t("not_shown")}`, what ? el("span", { class: "gist" }, what) : null)));
}

/** A group with its own list and gauge. */
export class Chat {
  constructor(index, setting) {
    this.setting = setting;
    this.name = el("h2", { id: `group-${index}-name` });
    this.route = el("p", { class: "route" });
    this.waits = el("span", { class: "waits", hidden: true });
    this.slots = Array.from({ length: PACE }, () => el("i"));
    this.used = el("b");
    this.gauge = el("div", { class: "gauge", role: "meter", "aria-valuemin": 0, "aria-valuemax": PACE, "aria-valuenow": 0 },
      el("span", { class: "slots", "aria-hidden": "true" }, this.slots));
    this.below = el("button", { type: "button", class: "below", hidden: true });
    this.list = el("ol", { class: "messages", role: "log", tabindex: 0, "aria-labelledby": `group-${index}-name` });
    this.empty = el("p", { class: "empty" });
    this.probe = el("p", { class: "probe", hidden: true });
    this.element = el("article", { class: "chat", "data-panel": `group-${index}`, "data-group": index },
      el("header", {},
        el("img", { class: "avatar", src: "/people.svg", alt: "", width: 36, height: 36 }),
        el("div", { class: "title" }, this.name, this.route),
        el("div", { class: "budget" }, this.gauge, el("p", { class: "figures" }, this.waits, this.used))),
      el("div", { class: "scroller" }, this.list, this.empty, this.below),
      this.probe);
    this.rows = new Rows(this.list, { most: MESSAGES_SHOWN, below: this.below });
    this.acceptedAt = [];
    this.speak();
  }

  /** Say all in the language that is read now; the messages are given anew. */
  speak() {
    const { name, namespaces, own_template: own, msgtype } = this.setting;
    const named = namespaces.map((each) => (each === "_cluster" ? t("cluster_wide") : each)).join(", ");
    this.name.textContent = either(name);
    this.route.textContent = t(own ? "route_own" : "route_built_in", { namespaces: named, msgtype });
    this.route.title = this.route.textContent;
    this.gauge.setAttribute("aria-label", t("gauge_label"));
    this.below.textContent = t("new_below");
    this.empty.textContent = t("no_messages");
  }

  clear() {
    this.rows.clear();
    this.lastMessage = null;
    this.attempts = 0;
    this.refusals = 0;
    this.refusedAt = 0;
    this.empty.hidden = false;
  }

  /** Take messages and notes, oldest first; a refusal like the one before it counts that one up. */
  add(entries) {
    for (const entry of entries) {
      if (entry.words) {
        this.rows.add([el("li", { class: "note", "data-name": entry.name }, either(entry.words))]);
        this.lastMessage = null;
      } else {
        this.addMessage(entry);
      }
    }
    if (entries.length) this.empty.hidden = true;
  }

  addMessage(message) {
    const like = this.lastMessage && !this.lastMessage.accepted && !message.accepted
      && this.lastMessage.errcode === message.errcode && this.lastMessage.errmsg === message.errmsg;
    this.attempts = like ? this.attempts + 1 : 1;
    this.lastMessage = message;
    this.noteRefusal(message);
    const row = message.accepted ? acceptedRow(message) : refusedRow(message, this.attempts);
    if (like) this.rows.replaceLast(row);
    else this.rows.add([row]);
  }

  /** The daemon asks a broken robot again after one minute, then two, four, at most fifteen. */
  noteRefusal(message) {
    const broken = !message.accepted && BROKEN.includes(message.errcode);
    this.refusals = broken ? this.refusals + 1 : 0;
    this.refusedAt = message.at;
  }

  /** What the demo counts of this group. */
  count(state) {
    this.acceptedAt = state.accepted_at;
    this.waits.hidden = state.waiting === 0;
    this.waits.textContent = t("waits", { count: number(state.waiting) });
  }

  /** What changes with time alone; `now` is the demo's clock. */
  tick(now) {
    const used = this.acceptedAt.filter((at) => now - at < MINUTE).length;
    this.used.textContent = t("gauge", { used });
    this.gauge.setAttribute("aria-valuenow", String(used));
    this.gauge.classList.toggle("high", used > PACE - 5);
    this.slots.forEach((slot, index) => slot.classList.toggle("used", index < used));
    this.probe.hidden = this.refusals === 0;
    if (this.refusals) {
      const left = Math.ceil((this.refusedAt + Math.min(LONGEST_PROBE, MINUTE * 2 ** (this.refusals - 1)) - now) / 1000);
      this.probe.textContent = left > 0 ? t("probe", { left }) : t("probe_now");
    }
  }
}
