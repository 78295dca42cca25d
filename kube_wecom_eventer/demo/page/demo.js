// The page: takes what the demo sends, and shows it.

import { Buttons } from "./actions.js";
import { Chat } from "./chat.js";
import { byId, el, Rows } from "./dom.js";
import { eventRow, leftOutRow, noteRow, warningRow } from "./events.js";
import { listen } from "./stream.js";
import { chooseLanguage, duration, followCommand, number, startLanguage, t } from "./words.js";

const EVENT_ROWS = 120;
const WARNING_ROWS = 40;
const MESSAGES_KEPT = 160; // to be shown anew in another language
// Sentences that tell what a group lives through; all others stand among the events only.
const NOTES_OF_GROUPS = {
  storm: [0, 1], storm_over: [0, 1], wecom_down: [0, 1], wecom_up: [0, 1], api_restart: [0, 1], api_back: [0, 1],
  key_revoked: [0], key_restored: [0], template_broken: [0], template_mended: [0], crash_loop: [0], crash_loop_over: [0],
};
const NOT_OF_CLUSTER = ["starting", "page", "page_moved", "staying", "staying_for_page", "page_closed", "draining"];

const kept = { events: [], messages: [], warnings: [], notes: [] };
let chats = [];
let setting = { groups: [] };
let state = null;
let clockAhead = 0; // milliseconds of the demo's clock before the browser's
let connected = false;

startLanguage();
const events = new Rows(byId("events"), { most: EVENT_ROWS, below: byId("events-below") });
const warnings = new Rows(byId("warnings"), { most: WARNING_ROWS, below: byId("warnings-below") });
const buttons = new Buttons(byId("buttons"), byId("hint"));

const now = () => Date.now() + clockAhead;

function keep(news) {
  for (const kind of ["events", "messages", "warnings", "notes"]) {
    kept[kind].push(...news[kind]);
    kept[kind].splice(0, kept[kind].length - MESSAGES_KEPT);
  }
}

function show(news) {
  const byTime = (one, other) => one.at - other.at;
  const groupNames = setting.groups.map((group) => group.name);
  const notes = news.notes.filter((note) => !NOT_OF_CLUSTER.includes(note.name));
  const rows = [...notes, ...news.events].sort(byTime);
  events.add([
    ...(news.left_out ? [leftOutRow(news.left_out)] : []),
    ...rows.map((each) => (each.words ? noteRow(each) : eventRow(each, groupNames))),
  ]);
  warnings.add(news.warnings.map(warningRow));
  byId("warnings").classList.toggle("quiet", kept.warnings.length === 0);
  chats.forEach((chat, index) => {
    const own = news.messages.filter((message) => message.group === index);
    const told = news.notes.filter((note) => NOTES_OF_GROUPS[note.name]?.includes(index));
    chat.add([...told, ...own].sort(byTime));
  });
}

/** Show all that is kept, from nothing: at a new connection and in another language. */
function showAnew() {
  events.clear();
  warnings.clear();
  chats.forEach((chat) => {
    chat.speak();
    chat.clear();
  });
  byId("warnings").dataset.quiet = t("daemon_quiet");
  buttons.speak();
  showViews();
  show({ ...kept, left_out: 0 });
  if (state) showState();
  else showPhase();
}

function takeState(news) {
  state = news.state;
  clockAhead = state.now - Date.now();
  connected = true;
  showState();
}

function showState() {
  const { totals } = state;
  const figures = [
    ["created", number(totals.created), t("created")],
    ["selected", number(totals.selected), t("selected")],
    ["told-events", number(totals.told), t("told_in", { messages: number(totals.accepted) })],
    ["waiting", number(totals.waiting), t("waiting")],
    ["refused", number(totals.refused), t("refused")],
    ["median", totals.median_ms === null ? t("no_median") : duration(totals.median_ms), t("median")],
  ];
  byId("totals").replaceChildren(...figures.map(([name, figure, label]) =>
    el("div", { class: `total ${name}`, "data-total": name }, el("dd", {}, figure), el("dt", {}, label))));
  byId("totals").classList.toggle("settled", totals.waiting === 0);
  byId("totals").classList.toggle("refusals", totals.refused > 0);
  buttons.update(state.actions);
  chats.forEach((chat, index) => chat.count(state.groups[index]));
  tick();
}

function showPhase() {
  const name = connected ? state.phase.name : state ? "lost" : "connecting";
  const left = connected && state.phase.until ? Math.max(0, state.phase.until - now()) : 0;
  byId("phase").dataset.phase = name;
  const said = t(`phase_${name}`, { left: Math.ceil(left / 1000) });
  if (byId("phase-text").textContent !== said) byId("phase-text").textContent = said;
  const day = byId("day");
  day.hidden = !left;
  if (left) day.firstElementChild.style.width = `${100 * (1 - left / (state.phase.until - state.phase.since))}%`;
}

function tick() {
  showPhase();
  chats.forEach((chat) => chat.tick(now()));
}

function showViews() {
  const views = [
    ...setting.groups.map((_, index) => [`group-${index}`, chats[index].name.textContent]),
    ["try", t("view_try")], ["events", t("view_events")], ["daemon", t("view_daemon")],
  ];
  byId("views").replaceChildren(...views.map(([view, label]) => el("button", {
    type: "button", "data-view": view, "aria-pressed": String(document.body.dataset.view === view),
    on: { click: () => chooseView(view) },
  }, label)));
}

function chooseView(view) {
  document.body.dataset.view = view;
  for (const each of byId("views").children) each.setAttribute("aria-pressed", String(each.dataset.view === view));
}

listen({
  snapshot(news) {
    setting = news.setting;
    chats = setting.groups.map((group, index) => new Chat(index, group));
    byId("groups").replaceChildren(...chats.map((chat) => chat.element));
    for (const kind of Object.keys(kept)) kept[kind].length = 0;
    keep(news);
    followCommand(setting.lang);
    document.documentElement.dataset.run = news.run;
    takeState(news);
    showAnew();
  },
  update(news) {
    keep(news);
    takeState(news);
    show(news);
  },
  lost() {
    connected = false;
    buttons.update({});
    showPhase();
  },
});

for (const each of document.querySelectorAll("[data-lang]")) {
  each.addEventListener("click", () => {
    chooseLanguage(each.dataset.lang);
    showAnew();
  });
}
setInterval(tick, 250);
showAnew();
