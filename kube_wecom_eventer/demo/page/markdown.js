// WeCom's `markdown`: headings, bold, links, inline code, quotes, three colours, mentions. Nothing else acts.
// Source: https://developer.work.weixin.qq.com/document/path/99110

import { el, link } from "./dom.js";
import { inline } from "./inline.js";

export const mention = (name) => el("span", { class: "mention" }, `@${name.replace(/^@/, "")}`);

const RULES = [
  [/`([^`\n]+)`/g, ([, code]) => el("code", {}, code)],
  [/\*\*(.+?)\*\*/g, ([, text], inner) => el("strong", {}, inner(text))],
  [/\[([^\]\n]+)\]\((https?:\/\/[^\s()<>"]+)\)/g, ([, text, address]) => link(address, text)],
  [/<font\s+color=(["'])(info|comment|warning)\1\s*>(.*?)<\/font>/g,
    ([, , colour, text], inner) => el("span", { class: `colour-${colour}` }, inner(text))],
  [/<@(?!all>)([^<>\s]+)>/g, ([, name]) => mention(name)],
];

/** The content as a block element. */
export function markdown(content) {
  const blocks = [];
  let quote = null;
  for (const line of content.split("\n")) {
    const quoted = /^>\s?(.*)$/.exec(line);
    if (quoted) {
      if (!quote) blocks.push((quote = el("blockquote")));
      quote.append(el("p", {}, inline(quoted[1], RULES)));
      continue;
    }
    quote = null;
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    if (heading) blocks.push(el("p", { class: `heading level-${heading[1].length}` }, inline(heading[2], RULES)));
    else if (line.trim()) blocks.push(el("p", {}, inline(line, RULES)));
    else blocks.push(el("p", { class: "gap" }));
  }
  return el("div", { class: "markdown" }, blocks);
}
