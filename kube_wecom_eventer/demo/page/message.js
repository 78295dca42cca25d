// A message's body as the group sees it. Source: https://developer.work.weixin.qq.com/document/path/99110

import { el, link, safeAddress } from "./dom.js";
import { inline } from "./inline.js";
import { markdown, mention } from "./markdown.js";
import { markdownV2 } from "./markdown_v2.js";
import { t } from "./words.js";

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const list = (value) => (Array.isArray(value) ? value : []);
const string = (value) => (typeof value === "string" || typeof value === "number" ? String(value) : "");

const KINDS = {
  text: (part, mentions) => plainText(string(part.content), mentions),
  markdown: (part) => markdown(string(part.content)),
  markdown_v2: (part) => markdownV2(string(part.content)),
  template_card: card,
  news,
  image: () => el("span", { class: "picture" }, t("picture")),
  file: () => el("span", { class: "picture" }, t("file")),
  voice: () => el("span", { class: "picture" }, t("voice")),
};

/** The bubble of a body; `mentions`: whom the message pings, by the server's reading. */
export function bubble(body, mentions = []) {
  const kind = isObject(body) ? string(body.msgtype) : "";
  const known = Object.hasOwn(KINDS, kind) && (isObject(body[kind]) || ["image", "file", "voice"].includes(kind));
  const inside = known ? KINDS[kind](body[kind], mentions) : el("span", { class: "picture" }, unknown(body));
  return el("div", { class: `bubble kind-${known ? kind : "unknown"}` }, inside);
}

function unknown(body) {
  if (isObject(body) && body.too_large) return t("too_large");
  return body === null ? t("no_json") : t("no_message");
}

/** The start of what a message says, on one line, without its markup. */
export function gist(body) {
  const kind = isObject(body) ? string(body.msgtype) : "";
  const part = isObject(body) && isObject(body[kind]) ? body[kind] : {};
  const said = string(part.content) || string(part.main_title?.title) || string(list(part.articles)[0]?.title);
  return said.replace(/<\/?font[^>]*>|\*\*|^#+\s*/g, "").split("\n")[0].slice(0, 120);
}

const TEXT_RULES = [
  [/https?:\/\/[^\s<>"'`，。；）)]+/g, ([address]) => (safeAddress(address) ? link(address, address) : address)],
  [/<@([^<>\s]+)>/g, ([, name]) => mention(name)],
];

function plainText(content, mentions) {
  const inside = new Set([...content.matchAll(/<@([^<>\s]+)>/g)].map(([, name]) => name.replace(/^@/, "")));
  const missing = mentions.filter((name) => !inside.has(name.replace(/^@/, "")));
  const behind = missing.flatMap((name, index) => [index ? " " : null, mention(name)]);
  return el("div", { class: "plain" }, inline(content, TEXT_RULES), missing.length ? el("br") : null, behind);
}

function card(part) {
  const picture = string(part.card_type) === "news_notice" && isObject(part.card_image);
  const title = isObject(part.main_title) ? part.main_title : {};
  const big = isObject(part.emphasis_content) ? part.emphasis_content : {};
  const area = isObject(part.quote_area) ? part.quote_area : {};
  return el("div", { class: "card" },
    isObject(part.source) && part.source.desc ? el("p", { class: "card-source" }, string(part.source.desc)) : null,
    picture ? el("div", { class: "card-picture" }, t("picture")) : null,
    title.title ? el("p", { class: "card-title" }, string(title.title)) : null,
    title.desc ? el("p", { class: "card-desc" }, string(title.desc)) : null,
    big.title ? el("p", { class: "card-big" }, string(big.title)) : null,
    big.desc ? el("p", { class: "card-big-desc" }, string(big.desc)) : null,
    imageText(part.image_text_area),
    area.title || area.quote_text
      ? el("blockquote", {}, el("p", {}, el("strong", {}, string(area.title))), el("p", {}, string(area.quote_text)))
      : null,
    part.sub_title_text ? el("p", { class: "card-text" }, string(part.sub_title_text)) : null,
    list(part.vertical_content_list).slice(0, 4).map((row) =>
      el("div", { class: "card-vertical" }, el("p", {}, string(row?.title)), el("p", { class: "card-desc" }, string(row?.desc)))),
    rows(list(part.horizontal_content_list).slice(0, 6)),
    list(part.jump_list).slice(0, 3).map((jump) => el("p", { class: "card-jump" }, target(jump?.url, string(jump?.title)))),
    isObject(part.card_action) && safeAddress(part.card_action.url)
      ? el("p", { class: "card-jump more" }, link(part.card_action.url, t("details"))) : null);
}

function imageText(area) {
  if (!isObject(area)) return null;
  return el("div", { class: "card-image-text" },
    el("div", { class: "thumb" }, t("picture")),
    el("div", {}, el("p", {}, string(area.title)), el("p", { class: "card-desc" }, string(area.desc))));
}

function rows(listed) {
  if (!listed.length) return null;
  return el("dl", { class: "card-rows" }, listed.flatMap((row) => [
    el("dt", {}, string(row?.keyname)),
    el("dd", {}, target(row?.url, string(row?.value))),
  ]));
}

const target = (address, text) => (address && safeAddress(address) ? link(address, text) : text);

function news(part) {
  return el("div", { class: "news" }, list(part.articles).slice(0, 8).map((article, index) =>
    el("div", { class: index ? "article small" : "article" },
      index ? null : el("div", { class: "card-picture" }, t("picture")),
      el("div", {},
        el("p", { class: "article-title" }, target(article?.url, string(article?.title))),
        article?.description ? el("p", { class: "card-desc" }, string(article.description)) : null),
      index ? el("div", { class: "thumb" }, t("picture")) : null)));
}
