// WeCom's `markdown_v2`: headings, bold, italics, lists, quotes, links, tables, code, rules. No colours, no mentions.
// Source: https://developer.work.weixin.qq.com/document/path/99110

import { el, link } from "./dom.js";
import { inline } from "./inline.js";

const DEEPEST = 6;

const RULES = [
  [/`([^`\n]+)`/g, ([, code]) => el("code", {}, code)],
  [/!\[([^\]\n]*)\]\((https?:\/\/[^\s()<>"]+)\)/g, ([, text]) => el("span", { class: "picture" }, text || "…")],
  [/\*\*(.+?)\*\*/g, ([, text], inner) => el("strong", {}, inner(text))],
  [/~~(.+?)~~/g, ([, text], inner) => el("s", {}, inner(text))],
  [/(?<![*\w])\*([^*\s](?:[^*\n]*[^*\s])?)\*(?![*\w])/g, ([, text], inner) => el("em", {}, inner(text))],
  [/(?<!\w)_([^_\s](?:[^_\n]*[^_\s])?)_(?!\w)/g, ([, text], inner) => el("em", {}, inner(text))],
  [/\[([^\]\n]+)\]\((https?:\/\/[^\s()<>"]+)\)/g, ([, text, address]) => link(address, text)],
];
const text = (line) => inline(line, RULES);

const FENCE = /^\s*(`{3,})\s*\S*\s*$/;
const HEADING = /^(#{1,6})\s+(.*)$/;
const RULE = /^\s*(?:-\s*){3,}$|^\s*(?:\*\s*){3,}$/;
const QUOTE = /^\s*>\s?(.*)$/;
const ITEM = /^(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

/** The content as a block element. */
export function markdownV2(content) {
  return el("div", { class: "markdown v2" }, blocks(content.split("\n"), 0));
}

function blocks(lines, depth) {
  const made = [];
  let index = 0;
  while (index < lines.length) {
    const [block, next] = blockAt(lines, index, depth);
    if (block) made.push(block);
    index = next;
  }
  return made;
}

/** The block that begins at a line, and the line behind it. */
function blockAt(lines, index, depth) {
  const line = lines[index];
  if (!line.trim()) return [null, index + 1];
  const fence = FENCE.exec(line);
  if (fence) return fenced(lines, index, fence[1]);
  const heading = HEADING.exec(line);
  if (heading) return [el("p", { class: `heading level-${heading[1].length}` }, text(heading[2])), index + 1];
  if (RULE.test(line)) return [el("hr"), index + 1];
  if (QUOTE.test(line) && depth < DEEPEST) return quoted(lines, index, depth);
  if (ITEM.test(line) && depth < DEEPEST) return list(lines, index, depth);
  if (line.includes("|") && TABLE_RULE.test(lines[index + 1] ?? "")) return table(lines, index);
  return paragraph(lines, index);
}

function fenced(lines, index, fence) {
  let end = index + 1;
  while (end < lines.length && !(lines[end].trim().startsWith(fence) && FENCE.test(lines[end]))) end += 1;
  return [el("pre", { tabindex: 0 }, el("code", {}, lines.slice(index + 1, end).join("\n"))), end + 1];
}

function quoted(lines, index, depth) {
  let end = index;
  while (end < lines.length && QUOTE.test(lines[end])) end += 1;
  const inside = lines.slice(index, end).map((line) => QUOTE.exec(line)[1]);
  return [el("blockquote", {}, blocks(inside, depth + 1)), end];
}

/** The items of one depth; what is indented more belongs to the item before it. */
function list(lines, index, depth) {
  const [, indent, number] = ITEM.exec(lines[index]);
  const items = [];
  let end = index;
  while (end < lines.length) {
    const item = ITEM.exec(lines[end]);
    if (!item || item[1].length < indent.length || (item[1].length === indent.length && !item[2] !== !number)) break;
    if (item[1].length > indent.length) {
      const [inner, next] = list(lines, end, depth + 1);
      items.at(-1).append(inner);
      end = next;
    } else {
      items.push(el("li", {}, text(item[3])));
      end += 1;
    }
  }
  return [number ? el("ol", { start: number }, items) : el("ul", {}, items), end];
}

function table(lines, index) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  const sides = cells(lines[index + 1]).map((rule) => (/^:.*:$/.test(rule) ? "center" : /:$/.test(rule) ? "right" : "left"));
  const row = (line, tag) =>
    el("tr", {}, cells(line).slice(0, sides.length).map((cell, at) => el(tag, { class: `to-${sides[at]}` }, text(cell))));
  let end = index + 2;
  while (end < lines.length && lines[end].includes("|") && lines[end].trim()) end += 1;
  const body = lines.slice(index + 2, end).map((line) => row(line, "td"));
  const head = el("thead", {}, row(lines[index], "th"));
  return [el("div", { class: "table", tabindex: 0 }, el("table", {}, head, el("tbody", {}, body))), end];
}

function paragraph(lines, index) {
  const made = [text(lines[index])];
  let end = index + 1;
  while (end < lines.length && lines[end].trim() && !startsBlock(lines, end)) {
    made.push(el("br"), text(lines[end]));
    end += 1;
  }
  return [el("p", {}, made.flat()), end];
}

function startsBlock(lines, index) {
  return [FENCE, HEADING, RULE, QUOTE, ITEM].some((each) => each.test(lines[index]));
}
