// The cluster's events, and the demo's own sentences between them.

import { clockTime, el } from "./dom.js";
import { either, number, t } from "./words.js";

/** The row of an event. `groups`: the names of the WeCom groups. */
export function eventRow(event, groups) {
  const warning = event.type === "Warning";
  const selected = event.group !== null;
  const place = [event.namespace, event.name].filter(Boolean).join("/");
  return el("li", { class: `event ${warning ? "warning" : "normal"} ${selected ? "selected" : "ignored"}`, "data-id": event.id },
    el("p", { class: "event-head" },
      el("time", {}, clockTime(event.at)),
      el("strong", {}, event.reason),
      event.count > 1 ? el("span", { class: "count" }, `×${number(event.count)}`) : null,
      el("span", { class: "type" }, event.type),
      selected ? el("span", { class: `to group-${event.group}` }, `→ ${either(groups[event.group])}`) : null),
    el("p", { class: "event-place" }, `${event.kind} ${place}`),
    el("p", { class: "event-message" }, event.message));
}

/** The row that stands for events which came too fast to be shown one by one. */
export const leftOutRow = (count) => el("li", { class: "left-out" }, t("left_out", { count: number(count) }));

/** A sentence of the demo's. */
export const noteRow = (note) => el("li", { class: "note", "data-name": note.name }, either(note.words));

/** A line of the daemon's log. */
export function warningRow(warning) {
  return el("li", { class: `log ${warning.level}`, title: warning.raw },
    el("time", {}, clockTime(warning.at)),
    el("span", { class: "level" }, warning.level),
    el("span", { class: "said" }, either(warning.words)));
}
