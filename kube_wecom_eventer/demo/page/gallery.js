// The gallery: all built-in messages, a section for each type, Chinese beside English.

import { messageRow } from "./chat.js";
import { byId, el } from "./dom.js";
import { listen } from "./stream.js";
import { chooseLanguage, startLanguage, t } from "./words.js";

const CASES = ["single", "mentions", "digest"];
let samples = [];

function sampleOf(sample) {
  return el("ol", { class: "sample", id: sample.name, lang: sample.lang === "zh" ? "zh-CN" : "en" }, messageRow(sample.message));
}

function section(kind) {
  const own = samples.filter((sample) => sample.kind === kind);
  const cases = CASES.filter((name) => own.some((sample) => sample.case === name));
  return el("section", { class: "kind", id: kind, "aria-labelledby": `${kind}-name` },
    el("h2", { id: `${kind}-name` }, el("code", {}, kind), el("small", {}, t(`kind_${kind}`))),
    cases.map((name) => [
      el("h3", {}, t(`case_${name}`)),
      el("div", { class: "pair", id: `${kind}-${name}` }, own.filter((sample) => sample.case === name).map(sampleOf)),
    ]).flat());
}

function show() {
  byId("gallery").replaceChildren(...[...new Set(samples.map((sample) => sample.kind))].map(section));
}

startLanguage();
for (const each of document.querySelectorAll("[data-lang]")) {
  each.addEventListener("click", () => {
    chooseLanguage(each.dataset.lang);
    show();
  });
}
// A demo goes on while one of its pages is open: this one is.
listen({ snapshot() {}, update() {}, lost() {} });
samples = await (await fetch("/gallery.json")).json();
show();
if (location.hash) byId(location.hash.slice(1))?.scrollIntoView();
